"""The conformal sets that the scorers of a bundle give, against the program and by hand."""

import json
import shutil
import subprocess
import sys

import pytest

import scorer_cases
import scorer_runs
import tiny

sys.path.insert(0, str(scorer_runs.PYTHON))
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="session")
def other_sets(run, trained, sides, calls, tmp_path_factory):
    """A model whose sets are intervals, weighed by response, of its own for a channel: its bundle,
    and the program's scores."""
    folder = tmp_path_factory.mktemp("sets")
    shutil.copytree(trained, folder / "run")
    run("calibrate", "--model", folder / "run", "--data", sides / "calibration.jsonl", "--weigh-response",
        "--conformal.shape", "interval", "--conformal.level", 0.6, "--conformal.min_group", 8, "--quiet")
    told = json.loads((folder / "run" / "model" / "conformal.json").read_text())
    assert told["weighted"] and told["groups"] and told["shape"] == "interval"
    run("export", "--model", folder / "run", "--out", folder / "bundle", "--quiet")
    run("score", "--model", folder / "run", "--data", calls, "--out", folder / "scores.jsonl", "--quiet")
    return folder / "bundle", tiny.records(folder / "scores.jsonl")


def test_sets_are_the_programs(scorer, other_sets, calls, tmp_path):
    bundle, scores = other_sets
    out = tmp_path / "scores.jsonl"
    scorer_runs.score(scorer, "--model", bundle, "--data", calls, "--out", out)
    ours = tiny.records(out)
    assert scorer_runs.difference(ours, scores) < 1e-5
    assert all(score["set"]["level"] == 0.6 for score in ours)


def conformal(shape, steps, boxes=5, weighted=False, **groups):
    threshold = {"n": 60, "effective": 60.0, "largest_weight": 1.5, "steps": steps}
    return {"format": "arcsat-conformal", "version": 1, "level": 0.9, "shape": shape, "boxes": boxes,
            "min_group": 50, "weighted": weighted, "randomised": False, "everyone": threshold,
            "groups": {name: threshold | {"steps": own} for name, own in groups.items()}, "notes": []}


CHANCES = {"boxes": [0.05, 0.3, 0.1, 0.15, 0.4], "p_satisfied": 0.55}


@pytest.mark.parametrize("told, channel, expected", [
    # The chances of the boxes before it, the likeliest first: 0, 0.4, 0.7, 0.85, 0.95.
    (conformal("set", [[0.7, 1.2]]), "chat", {"answers": [2, 4, 5]}),
    (conformal("set", [[0.3, 1.2]]), None, {"answers": [5]}),
    (conformal("set", [[0.3, 1.2]], voice=[[0.9, 1.1]]), "voice", {"answers": [2, 3, 4, 5]}),
    # From the likeliest to its neighbours: 0, 0.4, 0.55, 0.65, 0.95.
    (conformal("interval", [[0.6, 1.2]]), "chat", {"answers": [3, 4, 5]}),
    # The step that the largest weight reaches, and none.
    (conformal("set", [[0.3, 0.5], [0.7, 2.0]], weighted=True), "chat", {"answers": [2, 4, 5]}),
    (conformal("set", [[0.3, 0.5]], weighted=True), "chat", {"answers": [1, 2, 3, 4, 5]}),
    (conformal("set", [[0.5, 1.2]], boxes=2), "chat", {"satisfied": [1]}),
    (conformal("set", [[0.6, 1.2]], boxes=2), "chat", {"satisfied": [0, 1]}),
    (conformal("set", [[0.6, 1.2]], boxes=7), "chat", None),
])
def test_sets_by_hand(scorer, tmp_path, told, channel, expected):
    path = tmp_path / "conformal.json"
    path.write_text(json.dumps(told))
    if scorer == "python":
        from arcsat_scorer.sets import AnswerSets
        got = AnswerSets(path, 1.0).predict(CHANCES, channel)
    else:
        program = ("import {AnswerSets} from %s; console.log(JSON.stringify(new AnswerSets(%s, 1)"
                   ".predict(%s, %s)))" % tuple(map(json.dumps, (
                       str(scorer_runs.NODE / "src/sets.js"), str(path), CHANCES, channel))))
        got = json.loads(subprocess.run(
            [scorer_runs.node_program(), "--input-type=module", "-e", program], check=True,
            capture_output=True).stdout)
    assert got == (None if expected is None else {"level": 0.9} | expected)


def break_sets(bundle):
    path = bundle / "conformal.json"
    told = json.loads(path.read_text())
    del told["everyone"]["steps"]
    path.write_text(json.dumps(told))
    scorer_cases.sum_again(bundle)


def test_broken_sets_are_refused(scorer, bundle, calls, tmp_path):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    break_sets(copy)
    done = scorer_runs.score(scorer, "--model", copy, "--data", calls, "--out", tmp_path / "out", code=1)
    assert b"conformal.json" in done.stderr
