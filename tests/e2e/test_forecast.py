"""`arcsat train --dry-run`: what a run would take, before it begins or goes on."""

import json
import os
import shutil
import subprocess

import tiny


def steps(out):
    return [line for line in tiny.records(out / "metrics.jsonl") if line["kind"] == "train"]


def foretold(train, out, *arguments):
    return json.loads(train(out, "--dry-run", "--json", *arguments).stdout)


def test_a_dry_run_says_what_the_run_takes_and_writes_nothing(train, tmp_path):
    out = tmp_path / "run"
    forecast = foretold(train, out, "--train.epochs", 3)
    assert not out.exists()
    assert "memory" in train(out, "--dry-run").stdout
    train(out, "--train.epochs", 3)
    made = steps(out)
    assert forecast["updates"] == len(made) and forecast["updates_done"] == 0
    # Another process may take the core meanwhile.
    assert 0.2 < forecast["training_seconds"] / made[-1]["seconds"] < 5
    written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert written < 1.2 * forecast["disk_bytes"]
    refused = train(out, "--dry-run", "--train.epochs", 0, code=2)
    assert "--dry-run" in refused.stderr


def test_a_dry_run_foretells_the_memory_and_the_steps_of_accumulated_batches(arcsat, sides, encoder, tmp_path):
    """A step every fourth batch only; 110 conversations pass the network at once."""
    training = list(tiny.TRAINING)
    training[training.index("--train.batch") + 1] = "110"
    command = [str(part) for part in (
        arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation",
        sides / "validation.jsonl", "--out", tmp_path / "run", *training, "--train.accumulate", 4,
        "--train.epochs", 2, "--quiet")]
    forecast = json.loads(subprocess.run([*command, "--dry-run", "--json"], check=True, capture_output=True).stdout)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert forecast["updates"] == len(steps(tmp_path / "run")) == 2
    assert 0.8 < forecast["memory_bytes"] / (usage.ru_maxrss * 1024) < 1.2


def test_the_words_beside_the_network_are_foretold_where_they_are_fitted(train, tmp_path):
    out = tmp_path / "run"
    forecast = foretold(train, out)
    assert 0 < forecast["words_seconds"] < 30
    parts = [forecast[f"{part}_seconds"] for part in ("training", "validation", "words")]
    assert abs(forecast["seconds"] - sum(parts)) < 1e-6
    assert "words beside the network" in train(out, "--dry-run").stdout
    without = foretold(train, out, "--lexical.fit", "false")
    assert without["words_seconds"] == 0
    assert "words" not in train(out, "--dry-run", "--lexical.fit", "false").stdout
    roughened = foretold(train, out, "--train.roughen", 0.5)
    assert roughened["words_seconds"] > 0


def test_with_resume_it_is_what_is_left_and_nothing_changes(train, trained, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(trained, out)

    def files():
        return {str(path): tiny.sha256(path) for path in out.rglob("*") if path.is_file()}

    before, done = files(), len(steps(out))
    left = foretold(train, out, "--resume", "--train.epochs", 3)
    whole = foretold(train, tmp_path / "new", "--train.epochs", 3)
    assert left["updates_done"] == done and left["updates"] == 2 * done
    assert left["tokens"] * 3 == whole["tokens"] * 2
    assert left["words_seconds"] > 0
    text = train(out, "--resume", "--dry-run", "--train.epochs", 3).stdout
    assert f"{2 * done} after the {done} that are made" in text
    assert files() == before
    train(out, "--resume", "--train.epochs", 3)
    assert len(steps(out)) == 3 * done
    ended = foretold(train, out, "--resume", "--train.epochs", 3)
    assert ended["updates"] == ended["training_seconds"] == ended["validation_seconds"] == 0
    assert ended["seconds"] == ended["words_seconds"] > 0  # they are fitted again
    refused = train(tmp_path / "none", "--resume", "--dry-run", code=2)
    assert "no run to resume" in refused.stderr and not (tmp_path / "none").exists()
