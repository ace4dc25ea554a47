"""MLflow opens the store that train/mlflow.cc wrote, and its own tool migrates it to a database."""

import json
import math
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest

PROBES = os.environ.get("ARCSAT_PROBES", "")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")
NAME = "a: \"first\" \U0001F600 \u2028 'run' # 1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not PROBES:
        pytest.skip("ARCSAT_PROBES names the folder of the helpers that ctest builds")
    path = tmp_path_factory.mktemp("ml flow")
    probe = os.path.join(PROBES, "arcsat_mlflow_probe")
    subprocess.run([probe, str(path / "mlruns"), str(path / "runs")], check=True)
    return path


@pytest.fixture(scope="module")
def client(folder):
    return mlflow.MlflowClient(tracking_uri=(folder / "mlruns").as_uri())


@pytest.fixture(scope="module")
def runs(client):
    experiment = client.get_experiment_by_name("arcsat")
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def history(client, run, name):
    return [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, name)]


def test_the_store_has_the_experiments_that_mlflow_expects(client, folder):
    experiments = {e.name: e for e in client.search_experiments()}
    assert set(experiments) == {"Default", "arcsat"}
    assert experiments["Default"].experiment_id == "0"
    assert experiments["arcsat"].lifecycle_stage == "active"
    assert experiments["arcsat"].artifact_location.startswith((folder / "mlruns").as_uri())


def test_every_run_is_there_with_its_status(runs):
    assert {name: run.info.status for name, run in runs.items()} == {
        NAME: "FINISHED", "broken": "FAILED", "logged": "FINISHED"}
    info = runs[NAME].info
    assert info.end_time >= info.start_time > 1_700_000_000_000
    assert info.lifecycle_stage == "active"


def test_the_run_folder_keeps_the_id(runs, folder):
    for name, run in runs.items():
        link = json.loads((folder / "runs" / name / "mlflow.json").read_text())
        assert link == {"run_id": run.info.run_id}


def test_parameters_and_tags_come_back(runs):
    data = runs[NAME].data
    assert data.params == {
        "train.epochs": "4",
        "survey.target": "attribute:task_done",
        "note": 'Zoë says "x: y"\nand more',
        "empty": "",
        "a_b": "x" * 6000,
        "bad": "\ufffd(",
    }
    assert data.tags["arcsat.code"] == "abc123"
    assert data.tags["mlflow.runName"] == NAME
    assert data.tags["mlflow.source.type"] == "LOCAL"


def test_a_resumed_run_has_every_step_once(client, runs):
    steps = history(client, runs[NAME], "train/loss")
    assert steps == [(i, 1 / i, 1000 * ((1000 if i <= 10 else 2000) + i)) for i in range(1, 21)]
    assert history(client, runs[NAME], "validation/auc") == [(20, 0.75, 2_020_000)]
    assert runs[NAME].data.metrics["train/loss"] == 1 / 20


def test_large_steps_and_what_is_no_number(client, runs):
    assert history(client, runs[NAME], "train/exact") == [(5_000_000_000, 0.1, 2_020_250)]
    (one, two) = history(client, runs[NAME], "train/odd")
    assert math.isnan(one[1]) and two[1] == -math.inf


def test_the_run_log_gives_settings_and_figures(client, runs):
    data = runs["logged"].data
    assert data.params == {"data": "a.jsonl, b.jsonl", "train.epochs": "2", "train.mlflow": "x # y"}
    assert data.metrics == {"train/loss": 0.5, "validation/accuracy": 0.875, "validation/surveyed": 8}
    assert data.tags["arcsat.run"].endswith("/logged")


def test_mlflow_goes_on_writing_there(client, runs):
    run = runs["broken"].info.run_id
    client.log_metric(run, "train/loss", 0.25, step=2)
    client.log_param(run, "more", "1")
    client.set_tag(run, "mlflow.note.content", "looked at")
    client.log_text(run, "text", "notes/a.txt")
    client.set_terminated(run, "KILLED")
    again = client.get_run(run)
    assert (again.info.status, again.data.metrics["train/loss"]) == ("KILLED", 0.25)
    assert [f.path for f in client.list_artifacts(run)] == ["notes"]


def test_the_migration_loses_nothing(client, runs, folder, tmp_path):
    """Into SQLite, with `mlflow migrate-filestore`; then read by MLflow and by SQLite itself."""
    target = f"sqlite:///{tmp_path / 'mlflow.db'}"
    script = pathlib.Path(sys.executable).with_name("mlflow")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "mlflow"]
    done = subprocess.run([*command, "migrate-filestore", "--source", str(folder), "--target", target],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Migration completed successfully" in done.stdout
    migrated = mlflow.MlflowClient(tracking_uri=target)
    experiment = migrated.get_experiment_by_name("arcsat")
    found = {r.info.run_name: r for r in migrated.search_runs([experiment.experiment_id])}
    assert set(found) == set(runs)
    before = client.get_run(runs[NAME].info.run_id)
    after = found[NAME]
    assert after.info.run_id == before.info.run_id
    assert after.info.status == before.info.status
    assert after.info.start_time == before.info.start_time
    assert after.data.params == before.data.params
    assert after.data.tags == before.data.tags
    for name in ("train/loss", "validation/auc", "train/exact"):
        assert sorted(history(migrated, after, name)) == history(client, before, name)
    losses = sum(len(history(client, run, "train/loss")) for run in runs.values())
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("SELECT COUNT(*) FROM runs").fetchone() == (3,)
        rows = database.execute("SELECT COUNT(*) FROM metrics WHERE key = 'train/loss'")
        assert rows.fetchone() == (losses,)
