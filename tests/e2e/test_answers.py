"""`arcsat evaluate`: the expected answer and the chances of boxes, held against the answers of a
simulated survey from 1 to 5."""

import json
import re
import shutil

import jsonschema
import numpy as np
import pytest

import tiny

QUICK = ("--evaluate.resamples", 100)


@pytest.fixture
def evaluate(run_json, sides):
    """evaluate(model, "--target", …): what it finds on the test side, or on `data`."""

    def call(model, *arguments, data=None):
        return run_json("evaluate", "--model", model, "--data", data or sides / "test.jsonl", *QUICK,
                        *arguments)

    return call


@pytest.fixture
def given(sides):
    """The answers of the test side by id."""
    answers = {record["id"]: record["survey"]["score"] for record in tiny.records(sides / "test.jsonl")}
    return {name: answer for name, answer in answers.items() if answer is not None}


@pytest.fixture
def copied(trained, tmp_path):
    """copied(change): a copy of the run whose calibration `change` has mended."""

    def call(change):
        out = tmp_path / "run"
        shutil.copytree(trained, out, dirs_exist_ok=True)
        path = out / "model" / "calibration.json"
        calibration = json.loads(path.read_text())
        change(calibration)
        path.write_text(json.dumps(calibration))
        return out

    return call


def told(found):
    return [note for note in found["notes"] if note.startswith("answers:")]


def test_the_figures_are_those_of_the_scores(run, evaluate, trained, sides, schema, given, tmp_path):
    found = evaluate(trained)
    jsonschema.Draft202012Validator(schema("evaluation")).validate(found)
    answers = found["answers"]
    assert answers["scale"] == [1, 5] and not any("answers:" in note for note in found.get("notes", []))
    run("score", "--model", trained, "--data", sides / "test.jsonl", "--out", tmp_path / "s.jsonl")
    scores = [score for score in tiny.records(tmp_path / "s.jsonl") if score["id"] in given]
    answer = np.array([given[score["id"]] for score in scores])
    csat = np.array([score["csat"] for score in scores])
    boxes = np.array([score["boxes"] for score in scores])
    assert answers["csat"]["n"] == answers["boxes"]["n"] == len(given) > 20
    value = {name: figure["value"]
             for part in ("csat", "boxes") for name, figure in answers[part]["figures"].items()}
    off = csat - answer
    # Batch mates change a score by rounding alone.
    assert value["mae"] == pytest.approx(np.abs(off).mean(), abs=1e-4)
    assert value["rmse"] == pytest.approx(np.sqrt((off**2).mean()), abs=1e-4)
    assert value["bias"] == pytest.approx(off.mean(), abs=1e-4)
    reached = answer[:, None] <= np.arange(1, 5)
    rps = ((boxes.cumsum(1)[:, :4] - reached) ** 2).mean()
    assert value["rps"] == pytest.approx(rps, abs=1e-4)
    for box, one in enumerate(answers["boxes"]["each"]):
        assert one["answer"] == box + 1
        assert one["chance"] == pytest.approx(boxes[:, box].mean(), abs=1e-4)
        assert one["share"] == pytest.approx((answer == box + 1).mean(), abs=1e-9)
    low, high = answers["csat"]["figures"]["mae"]["interval"]
    assert low < value["mae"] < high


def test_skill_is_over_the_calibrations_mean_answer(evaluate, trained, sides, copied):
    records = tiny.records(sides / "calibration.jsonl")
    scores = [r["survey"]["score"] for r in records if r["survey"]["score"] is not None]
    reference = evaluate(trained)["answers"]["csat"]["reference"]
    assert reference == {"mean": pytest.approx(np.mean(scores), abs=1e-9), "from": "calibration"}
    older = evaluate(copied(lambda calibration: calibration["csat"].pop("mean_answer")))["answers"]
    assert older["csat"]["reference"]["from"] == "test"
    assert older["csat"]["reference"]["mean"] == older["csat"]["mean_answer"]


def test_groups_add_up(evaluate, trained, given):
    slices = evaluate(trained)["answers"]["slices"]
    assert {"channel", "length"} <= {one["by"] for one in slices}
    for by in {one["by"] for one in slices}:
        assert sum(one["n"] for one in slices if one["by"] == by) == len(given)
    for one in slices:
        assert (one["figures"]["mae"]["interval"] is not None) == (one["n"] >= 10), one


def test_terminal_report_and_summary_show_it(run, trained, sides, given, tmp_path):
    page, summary = tmp_path / "report.html", tmp_path / "summary.md"
    text = run("evaluate", "--model", trained, "--data", sides / "test.jsonl", *QUICK, "--report", page,
               "--summary", summary).stdout
    assert "answers, 1 to 5" in text and f"{len(given)} of them" in text
    for name in ("mean absolute error", "ranked probability score", "likeliest box is the answer"):
        assert re.search(rf"{name}.* \d\.\d{{3}} \[", text), name
    assert f"**Answer on the survey's scale**, {len(given)} answers:" in summary.read_text()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)
    shown = json.loads(data[1])["evaluation"]["answers"]
    assert shown["csat"]["n"] == len(given) and len(shown["boxes"]["each"]) == 5
    assert "answersSection" in page.read_text()


def test_they_are_the_surveys_whatever_else_is_evaluated(evaluate, trained, given):
    found = evaluate(trained, "--target", "attribute:truth.satisfied")
    assert found["answers"] == evaluate(trained)["answers"]
    assert found["answers"]["csat"]["n"] == len(given) < found["survey"][0]["n"]


def test_where_nobody_answered_there_are_none(evaluate, trained, sides, tmp_path):
    records = tiny.records(sides / "test.jsonl")
    for record in records:
        record["survey"]["score"] = None
    silent = tiny.write_records(tmp_path / "silent.jsonl", records)
    found = evaluate(trained, "--target", "attribute:truth.satisfied", data=silent)
    assert "answers" not in found
    assert told(found) == ["answers: no survey was answered on a scale from 1 to 5"]


def test_answers_on_another_scale_are_left_out(evaluate, trained, sides, given, tmp_path):
    records = tiny.records(sides / "test.jsonl")
    others = 0
    for i, record in enumerate(records):
        if i % 2 and record["survey"]["score"] is not None:
            record["survey"]["scale"] = [0, 10]
            others += 1
    assert others > 5
    found = evaluate(trained, "--labelled-only", data=tiny.write_records(tmp_path / "half.jsonl", records))
    assert found["answers"]["csat"]["n"] == len(given) - others
    assert told(found) == [
        f"answers: {others} on another scale than 1 to 5, which was calibrated, are left out"]
    for record in records:
        record["survey"]["scale"] = [0, 10]
    found = evaluate(trained, "--labelled-only", data=tiny.write_records(tmp_path / "all.jsonl", records))
    assert "answers" not in found and f"{len(given)} on another scale" in told(found)[0]


def test_one_answer_for_all_leaves_figures_open(evaluate, trained, sides, schema, tmp_path):
    records = tiny.records(sides / "test.jsonl")
    for record in records:
        if record["survey"]["score"] is not None:
            record["survey"]["score"] = 5
    found = evaluate(trained, "--labelled-only", data=tiny.write_records(tmp_path / "five.jsonl", records))
    jsonschema.Draft202012Validator(schema("evaluation")).validate(found)
    boxes, csat = found["answers"]["boxes"], found["answers"]["csat"]
    assert boxes["figures"]["rps_skill"]["value"] is None and csat["figures"]["spearman"]["value"] is None
    assert boxes["figures"]["rps"]["value"] > 0 and boxes["each"][4]["share"] == 1


def test_without_chances_of_boxes_the_expected_answer_is_measured(evaluate, copied, schema):
    def forget(calibration):
        calibration["csat"]["boxes"] = None

    found = evaluate(copied(forget))
    jsonschema.Draft202012Validator(schema("evaluation")).validate(found)
    assert found["answers"]["boxes"] is None and found["answers"]["csat"]["figures"]["mae"]["value"] > 0
    assert all(one["boxed"] == 0 for one in found["answers"]["slices"])


def test_a_calibration_that_expects_no_answer_says_so(evaluate, copied):
    def forget(calibration):
        calibration["csat"] |= {"fitted": False, "boxes": None}

    found = evaluate(copied(forget))
    assert "answers" not in found
    assert told(found) == ["answers: the calibration says nothing of the answer on the survey's scale"]


def test_experiments_take_the_figures_in(run, run_json, evaluate, trained, given, tmp_path):
    found = evaluate(trained, "--out", tmp_path / "e.json")
    ledger = tmp_path / "ledger.jsonl"
    run("experiments", "add", "--evaluation", tmp_path / "e.json", "--name", "a", "--learned", "b",
        "--ledger", ledger)
    [entry] = tiny.records(ledger)
    figures = entry["figures"]["test"]
    assert figures["answers.mae"]["value"] == found["answers"]["csat"]["figures"]["mae"]["value"]
    assert figures["answers.rps"]["n"] == len(given) and "answers.bias" not in figures
    run_json("experiments", "best", "--ledger", ledger, "--figure", "answers.mae")
