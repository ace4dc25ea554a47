"""Runs the program as a user does. ARCSAT_BIN names it."""

import json
import os
import pathlib
import subprocess

import pytest
import scorer_runs
import tiny

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def _program():
    path = os.environ.get("ARCSAT_BIN", "")
    return pathlib.Path(path) if path else None


@pytest.fixture(scope="session")
def arcsat():
    path = _program()
    if path is None:
        pytest.skip("ARCSAT_BIN names the program to test")
    assert path.is_file(), f"{path} is not there: build it first"
    return path


@pytest.fixture(scope="session")
def run(arcsat):
    """run("split", "--data", path, code=0): the finished process. Its exit code is checked,
    unless `code` is None."""

    def call(*arguments, code=0, timeout=600, **keywords):
        done = subprocess.run(
            [str(arcsat), *map(str, arguments)],
            capture_output=True,
            timeout=timeout,
            **({"text": True, "encoding": "utf-8"} | keywords),
        )
        assert code is None or done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call


@pytest.fixture(scope="session")
def run_json(run):
    """run_json("inspect", path): the object that --json prints."""

    def call(*arguments, **keywords):
        return json.loads(run(*arguments, "--json", "--quiet", **keywords).stdout)

    return call


@pytest.fixture(scope="session")
def schema():
    """schema("conversation"): a JSON Schema of the project."""
    return lambda name: json.loads((SOURCE / f"data/schema/{name}.schema.json").read_text())


@pytest.fixture(scope="session")
def calls(run, tmp_path_factory):
    """400 simulated conversations, half of them with an answered survey."""
    path = tmp_path_factory.mktemp("calls") / "calls.jsonl"
    run("simulate", "--simulate.conversations", 400, "--simulate.response_share", 0.5, "--out", path)
    return path


@pytest.fixture(scope="session")
def real_data():
    """The folder of real conversations; a test that needs it is skipped where it is absent."""
    path = pathlib.Path(os.environ.get("ARCSAT_DATA", SOURCE / ".." / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("ARCSAT_DATA names the folder of real conversations")
    return path


@pytest.fixture(scope="session")
def sides(run, calls, tmp_path_factory):
    """The simulated conversations on four sides."""
    folder = tmp_path_factory.mktemp("sides") / "sides"
    run("split", "--data", calls, "--out-dir", folder, "--split.train", 0.5, "--split.calibration",
        0.2, "--split.validation", 0.1, "--split.test", 0.2)
    return folder


@pytest.fixture(scope="session")
def encoder(calls, tmp_path_factory):
    """A tiny encoder without weights: training starts from random ones."""
    return tiny.make_encoder(tmp_path_factory.mktemp("encoder") / "encoder", tiny.records(calls))


@pytest.fixture(scope="session")
def train(run, sides, encoder):
    """train(out, "--resume", code=0): a run on the simulated conversations, of one epoch unless
    the arguments say otherwise."""

    def call(out, *arguments, code=0):
        epochs = () if "--train.epochs" in arguments else ("--train.epochs", 1)
        return run("train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation",
                   sides / "validation.jsonl", "--out", out, *tiny.TRAINING, *epochs, *arguments,
                   code=code)

    return call


@pytest.fixture(scope="session")
def trained(run, train, sides, tmp_path_factory):
    """A run that was trained for an epoch and calibrated. Not to be changed: copy it."""
    out = tmp_path_factory.mktemp("runs") / "trained"
    train(out)
    run("calibrate", "--model", out, "--data", sides / "calibration.jsonl")
    return out


@pytest.fixture(scope="session")
def bundle(run, trained, tmp_path_factory):
    """The trained run as a bundle. Not to be changed: copy it."""
    out = tmp_path_factory.mktemp("bundles") / "bundle"
    run("export", "--model", trained, "--out", out, "--quiet")
    return out


@pytest.fixture(params=["python", "node"])
def scorer(request):
    """The name of a bundle's scorer; skipped where it cannot run."""
    scorer_runs.command(request.param)
    return request.param
