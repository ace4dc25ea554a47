"""Runs the program as a user does. ARCSAT_BIN names it."""

import json
import os
import pathlib
import subprocess

import pytest

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
    """run("split", "--data", path, code=0): the finished process; its exit code is checked."""

    def call(*arguments, code=0, timeout=600, **keywords):
        done = subprocess.run(
            [str(arcsat), *map(str, arguments)],
            capture_output=True,
            timeout=timeout,
            **({"text": True, "encoding": "utf-8"} | keywords),
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
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
