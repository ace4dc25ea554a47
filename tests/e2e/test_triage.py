"""`arcsat triage` on streams: events to alerts, thresholds, what the rules do on held-out data."""

import json
import random
import subprocess
import time

import pytest
import tiny
from triage_service import events, interleaved, lines

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def world(run, trained, sides, calls, tmp_path_factory):
    """A threshold that a fifth of the conversations fall below, and the test side's events."""
    folder = tmp_path_factory.mktemp("triage")
    run("triage", "fit", "--model", trained, "--data", calls, "--budget.per_day", 80,
        "--budget.conversations_per_day", 400, "--out", folder / "thresholds.json", "--quiet")
    records = tiny.records(sides / "test.jsonl")
    (folder / "events.jsonl").write_text(lines(events(records)))
    run("triage", "--model", trained, "--thresholds", folder / "thresholds.json", "--data", folder / "events.jsonl",
        "--out", folder / "alerts.jsonl", "--quiet")
    return folder


def stream(run, trained, world, text, *more, **keywords):
    done = run("triage", "--model", trained, "--thresholds", world / "thresholds.json", "--quiet", *more, input=text, **keywords)
    return sorted(done.stdout.splitlines())


def test_alerts_follow_the_schema_and_name_turns_of_the_customer(world, sides, schema):
    alerts = tiny.records(world / "alerts.jsonl")
    assert len(alerts) >= 5
    records = {record["id"]: record for record in tiny.records(sides / "test.jsonl")}
    validator = jsonschema.Draft202012Validator(schema("alert"))
    for alert in alerts:
        validator.validate(alert)
        turn = records[alert["conversation"]]["turns"][alert["i"]]
        assert turn["speaker"] == "customer"
        assert turn["text"] not in json.dumps(alert) or len(turn["text"]) < 12
        assert all(fall["i"] <= alert["i"] for fall in alert["why"])
    assert len({alert["alert"] for alert in alerts}) == len(alerts)
    assert list(validator.iter_errors(alerts[0] | {"reason": "mood"}))


def test_events_follow_the_schema(world, schema):
    validator = jsonschema.Draft202012Validator(schema("turn_event"))
    for event in tiny.records(world / "events.jsonl"):
        validator.validate(event)
    for broken in ({"i": -1}, {"event": ""}, {"speaker": "boss"}, {"at": -1}, {"speaker": None}):
        assert list(validator.iter_errors({"event": "e", "conversation": "c", "i": 0, "speaker": "bot", "text": ""} | broken))
    validator.validate({"event": "e", "conversation": "c", "i": 0, "ended": True})


def test_the_order_of_arrival_and_repetition_change_nothing(run, trained, world, sides):
    expected = sorted((world / "alerts.jsonl").read_text().splitlines())
    records = tiny.records(sides / "test.jsonl")
    assert stream(run, trained, world, lines(interleaved(records))) == expected
    mixed = events(records)
    random.Random(4).shuffle(mixed)
    mixed += random.Random(5).sample(mixed, 300)
    assert stream(run, trained, world, lines(mixed), "--triage.round", 3) == expected


def test_alerts_agree_with_scores(run, trained, world, sides, tmp_path):
    run("score", "--model", trained, "--data", sides / "test.jsonl", "--out", tmp_path / "scores.jsonl", "--quiet")
    rules = json.loads((world / "thresholds.json").read_text())
    expected = {}
    for score in tiny.records(tmp_path / "scores.jsonl"):
        for turn in score["turns"][rules["from_turn"] - 1:]:
            if turn["outlook"] <= rules["outlook"]:
                expected[f"{score['id']}/outlook"] = (turn["i"], 1 - turn["outlook"])
                break
        if score["turns"] and score["p_satisfied"] <= rules["outlook"]:
            expected[f"{score['id']}/ended"] = (score["turns"][-1]["i"], 1 - score["p_satisfied"])
    found = {a["alert"]: (a["i"], a["chance"]) for a in tiny.records(world / "alerts.jsonl") if a["reason"] != "fall"}
    assert found.keys() == expected.keys()
    for key, (i, chance) in found.items():
        assert i == expected[key][0] and chance == pytest.approx(expected[key][1], abs=1e-3)


def test_a_growing_file_is_followed(arcsat, trained, world, tmp_path):
    path = tmp_path / "growing.jsonl"
    text = (world / "events.jsonl").read_text().splitlines(keepends=True)
    path.write_text("".join(text[:50]))
    process = subprocess.Popen(
        [arcsat, "triage", "--model", trained, "--thresholds", world / "thresholds.json", "--data", path, "--follow",
         "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        with path.open("a") as file:
            for start in range(50, len(text), 400):
                file.write("".join(text[start:start + 400]))
                file.flush()
                time.sleep(0.1)
        expected = sorted((world / "alerts.jsonl").read_text().splitlines())
        found = sorted(process.stdout.readline().rstrip("\n") for _ in expected)
        assert found == expected
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_thresholds_of_a_promise(run, trained, schema, tmp_path):
    run("simulate", "--simulate.conversations", 1500, "--simulate.response_share", 0.5, "--simulate.seed", 9,
        "--out", tmp_path / "calls.jsonl", "--quiet")
    out = tmp_path / "t.json"
    done = run("triage", "fit", "--model", trained, "--data", tmp_path / "calls.jsonl", "--promise.miss", 0.2,
               "--out", out, "--quiet")
    thresholds = json.loads(out.read_text())
    jsonschema.Draft202012Validator(schema("thresholds")).validate(thresholds)
    promise = thresholds["promise"]
    assert promise["answered"]["limit"] <= 0.2 and promise["everyone"]["limit"] <= 0.2
    assert thresholds["outlook"] == max(promise["answered"]["threshold"], promise["everyone"]["threshold"])
    assert "everybody" in done.stdout and (tmp_path / "t.json.cfg").exists()
    measured = json.loads(run("triage", "measure", "--model", trained, "--thresholds", out, "--data",
                              tmp_path / "calls.jsonl", "--quiet", "--json").stdout)
    jsonschema.Draft202012Validator(schema("triage")).validate(measured)
    everybody = measured["groups"][0]
    assert everybody["recall"]["value"] >= 0.8 and everybody["recall_everyone"]["value"] >= 0.8
    assert {group["group"] for group in measured["groups"]} == {"all", "chat", "voice"}
    text = run("triage", "measure", "--model", trained, "--thresholds", out, "--data", tmp_path / "calls.jsonl",
               "--quiet").stdout
    assert "lead, turns" in text and "all, weighted" in text


def test_a_budget_is_kept(world):
    budget = json.loads((world / "thresholds.json").read_text())["budget"]
    assert 60 <= budget["alerts_per_day"] <= 80 and budget["days"] == 1


def test_too_few_answers_name_what_is_needed(run, trained, sides):
    done = run("triage", "fit", "--model", trained, "--data", sides / "validation.jsonl", "--quiet", code=1)
    assert "expected at least 29" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "--model is missing"),
        (["train"], 2, "expected fit, measure"),
        (["--model", "x", "--follow"], 2, "--follow needs --data"),
        (["--model", "x", "--follow", "--data", "y", "--out", "z"], 2, "standard output"),
        (["--model", "x", "--thresholds", "y", "--triage.outlook", "0.5"], 2, "both --thresholds"),
        (["--model", "x", "--triage.outlook", "2"], 2, "triage.outlook"),
        (["--model", "x", "--listen", "127.0.0.1:0"], 2, "--store is missing"),
        (["--model", "x", "--listen", "here", "--store", "s"], 2, "HOST:PORT"),
        (["--model", "x", "--listen", "0.0.0.0:0", "--store", "s"], 2, "token of your own"),
        (["export-labels"], 2, "--store is missing"),
        (["export-labels", "--store", "none.db"], 1, "none.db"),
    ],
)
def test_bad_calls(run, arguments, code, says, monkeypatch):
    monkeypatch.delenv("ARCSAT_TRIAGE_TOKEN", raising=False)
    assert says in run("triage", *arguments, code=code).stderr


def test_a_broken_event_names_its_line(run, trained, world):
    good = (world / "events.jsonl").read_text().splitlines()[0]
    bad = good + '\n{"event":"x"}\n'
    done = run("triage", "--model", trained, input=bad, code=1)
    assert "standard input:2" in done.stderr and done.stdout == ""
    done = run("triage", "--model", trained, "--skip-bad", input=bad)
    assert "left out: 1" in done.stderr and "standard input:2" in done.stderr


def test_thresholds_of_another_model_are_refused(run, trained, world, tmp_path):
    other = json.loads((world / "thresholds.json").read_text()) | {"model": "another"}
    (tmp_path / "t.json").write_text(json.dumps(other))
    done = run("triage", "--model", trained, "--thresholds", tmp_path / "t.json", input="", code=1)
    assert "is for the model another" in done.stderr
