"""`arcsat compare`, mostly on score files that this file makes, so that no model has to be trained."""

import json
import random

import jsonschema
import pytest
import tiny
from compare_files import conversation, files, records, score  # noqa: F401

FAIL, UNDECIDED = 3, 4


def test_a_better_version_passes(run, run_json, files, schema, tmp_path):
    data, old, new = files(0.12, 0.02)
    out, markdown = tmp_path / "comparison.json", tmp_path / "comparison.md"
    found = run_json("compare", old, new, "--data", data, "--out", out, "--summary", markdown)
    jsonschema.Draft202012Validator(schema("comparison")).validate(found)
    assert json.loads(out.read_text()) == found
    assert found["verdict"]["outcome"] == "pass"
    everything = found["slices"][0]
    accuracy = everything["differences"][0]["figures"]["accuracy"]
    assert accuracy["value"] == pytest.approx(0.1, abs=0.03)
    assert accuracy["interval"][0] < accuracy["value"] < accuracy["interval"][1]
    assert accuracy["p"] < 1e-6
    pair = found["pairs"][0]
    assert pair["mended"] - pair["spoilt"] == round(1200 * accuracy["value"])
    apart = [abs(f["other"]["p_satisfied"] - f["first"]["p_satisfied"]) for f in pair["flips"]]
    assert len(apart) == 50 and apart == sorted(apart, reverse=True)
    for flip in pair["flips"]:
        assert flip["first"]["right"] != flip["other"]["right"]
        assert flip["other"]["turns"][-1]["state"] == flip["other"]["exit"]
    assert markdown.read_text().startswith("# Comparison of versions: pass\n")
    text = run("compare", old, new, "--data", data).stdout
    assert "\nVerdict: pass\nB passes: B's accuracy is " in text
    assert "channel voice" in text


def test_a_version_with_itself(run_json, files):
    data, old = files(0.02)
    found = run_json("compare", old, old, "--data", data)
    for group in found["slices"]:
        for figure in group["differences"][0]["figures"].values():
            assert figure["value"] == 0 and figure["interval"] == [0, 0]
            assert figure.get("p", 1) == 1
    pair = found["pairs"][0]
    assert (pair["mended"], pair["spoilt"], pair["flips"], pair["shifts"]) == (0, 0, [], [])
    assert found["verdict"]["outcome"] == "pass"


def test_the_verdict_is_the_exit_code(run, run_json, files, records):
    data, old, new = files(0.02, 0.25)
    text = run("compare", old, new, "--data", data, code=FAIL).stdout
    assert "Verdict: fail" in text and "below 0.900 to the interval's high end" in text
    found = run_json("compare", old, new, "--data", data, "--compare.at_least", 0.5, code=FAIL)
    assert [r["outcome"] for r in found["pairs"][0]["verdict"]["requirements"]] == ["pass", "fail"]
    # The same on 40 conversations: nothing is sure.
    data, old, new = files(0.05, 0.05, data=records[:40])
    found = run_json("compare", old, new, "--data", data, code=UNDECIDED)
    assert found["verdict"]["text"].startswith("There are not enough data to tell")
    run("compare", old, new, "--data", data, "--compare.judge_by", "point", "--compare.at_least",
        0.5, "--compare.worse_by", 1)


def test_one_group_that_got_worse_fails(run_json, files, records, tmp_path):
    data, old, new = files(0.02, 0.02)
    spoilt = tiny.records(new)
    voice = {r["id"] for r in records if r["channel"] == "voice"}
    for s in spoilt:
        if s["id"] in voice and int(s["id"][2:]) % 4 == 0:
            s["p_satisfied"] = 1 - s["p_satisfied"]
    tiny.write_records(new, spoilt)
    found = run_json("compare", old, new, "--data", data, "--compare.at_least", 0.8, code=FAIL)
    assert "in channel voice (400 conversations)" in found["verdict"]["text"]
    by_name = {s["value"]: s["differences"][0]["figures"]["accuracy"] for s in found["slices"]}
    assert by_name["voice"]["p_holm"] < 0.001 < by_name["chat"]["p_holm"]


def test_the_same_call_gives_the_same_bytes(run, files):
    data, old, new = files(0.1, 0.05)
    calls = [run("compare", old, new, "--data", data, "--json", code=None).stdout for _ in range(2)]
    assert calls[0] == calls[1]
    other = run("compare", old, new, "--data", data, "--json", "--compare.seed", 2, code=None).stdout
    assert other != calls[0]


def test_three_versions(run_json, files):
    data, *versions = files(0.1, 0.02, 0.3)
    found = run_json("compare", *versions, "--data", data, code=FAIL)
    assert [v["label"] for v in found["versions"]] == ["A", "B", "C"]
    assert [p["other"] for p in found["pairs"]] == ["B", "C"]
    assert [p["verdict"]["outcome"] for p in found["pairs"]] == ["pass", "fail"]


def test_the_threshold_of_score_files(run_json, files):
    data, old, new = files(0.02, 0.02)
    found = run_json("compare", old, new, "--data", data, "--threshold", 1, code=FAIL)
    assert [v["threshold"] for v in found["versions"]] == [1, 1]
    satisfied = found["slices"][0]["satisfied"]
    accuracy = found["slices"][0]["versions"][0]["figures"]["accuracy"]["value"]
    assert accuracy == pytest.approx(1 - satisfied, abs=0.002)


def test_only_what_every_version_scored_is_compared(run, run_json, files, records, tmp_path):
    data, old, new = files(0.02, 0.02)
    silent = conversation(5000, random.Random(1), survey={"score": None, "scale": [1, 5]})
    tiny.write_records(data, [*records, silent])
    stranger = conversation(9000, random.Random(1))
    tiny.write_records(new, [*tiny.records(new)[100:], score(silent, 0.5, "m-1"),
                             score(stranger, 0.5, "m-1")])
    found = run_json("compare", old, new, "--data", data)
    counts = found["versions"][1]
    assert (counts["missing"], counts["unknown"], counts["without_answer"]) == (100, 1, 1)
    assert (counts["scores"], found["data"]["compared"]) == (1102, 1100)
    assert found["data"]["answered"] == 1200
    assert any(note == "B: 100 conversations with an answer have no score"
               for note in found["notes"])
    assert "note: B: 100 conversations" in run("compare", old, new, "--data", data).stdout


def test_drift_of_what_they_learned_from(run_json, files, tmp_path, schema):
    data, old, new = files(0.02, 0.02)
    rng = random.Random(8)
    first = [conversation(n, rng) for n in range(600)]
    second = [conversation(n, rng, channel="voice") for n in range(600)]
    learned = [tiny.write_records(tmp_path / "a-train.jsonl", first),
               tiny.write_records(tmp_path / "b-train.jsonl", second)]
    found = run_json("compare", old, new, "--data", data, "--trained-on", learned[0],
                     "--trained-on", learned[1])
    jsonschema.Draft202012Validator(schema("comparison")).validate(found)
    assert [(d["from"], d["to"]) for d in found["drift"]] == [
        ("A's training data", "B's training data"),
        ("A's training data", "the data compared on"),
        ("B's training data", "the data compared on")]
    columns = {c["name"]: c for c in found["drift"][0]["columns"]}
    assert columns["channel"]["total_variation"] == pytest.approx(2 / 3)
    assert columns["channel"]["size"] == "large" and columns["channel"]["p_holm"] < 1e-9
    assert columns["problem_type"]["psi"] == pytest.approx(0, abs=1e-12)
    assert columns["length"]["size"] == "small"


def test_an_attribute_can_be_the_answer(run_json, files, records):
    data, old, new = files(0.02, 0.02)
    tiny.write_records(data, [r | {"attributes": {"done": r["survey"]["score"] < 4}}
                              for r in records])
    found = run_json("compare", old, new, "--data", data, "--target", "attribute:done", code=FAIL)
    assert found["target"] == "attribute:done"
    assert found["slices"][0]["versions"][0]["figures"]["accuracy"]["value"] < 0.1


def test_words_of_the_data_stay_words(run, files, records, tmp_path):
    data, old, new = files(0.02, 0.1)
    evil = "\x1b[2J|<script>alert(1)</script>\n# @all [x](http://a.example)"
    tiny.write_records(data, [r | {"problem_type": evil} for r in records])
    markdown = tmp_path / "out.md"
    done = run("compare", old, new, "--data", data, "--summary", markdown, code=None)
    assert "\x1b" not in done.stdout
    text = markdown.read_text()
    assert "<script>" not in text and "\x1b" not in text and "@all" not in text
    assert "http://" not in text and "\n# @" not in text
    for line in text.splitlines():
        assert line.replace("\\|", "").count("|") in (0, 6, 7, 8), line


def refused(run, *call, code=1):
    done = run("compare", *call, "--json", code=code)
    assert done.stdout == ""
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert error["place"] and error["found"] and error["remedy"]
    return error


def test_scores_of_other_conversations(run, files, tmp_path):
    data, old, new = files(0.02, 0.02)
    tiny.write_records(new, [s | {"id": "x" + s["id"]} for s in tiny.records(new)])
    error = refused(run, old, new, "--data", data)
    assert error["place"] == str(new)
    assert "none of its 1,200 scores is of one of the 1,200 conversations" in error["found"]
    # Each version matches, but never the same conversation.
    halves = tiny.records(old)
    tiny.write_records(old, halves[:600])
    tiny.write_records(new, halves[600:])
    assert "scored by every version" in refused(run, old, new, "--data", data)["found"]


def test_an_id_twice(run, files, records):
    data, old, new = files(0.02, 0.02)
    lines = tiny.records(new)
    tiny.write_records(new, [*lines, lines[3]])
    error = refused(run, old, new, "--data", data)
    assert error["place"] == f"{new}:1201" and 'the id "c-3" is there twice' in error["found"]
    tiny.write_records(data, [*records, records[7]])
    assert 'the id "c-7" is there twice' in refused(run, old, old, "--data", data)["found"]


def test_what_is_no_score_file(run, files, tmp_path):
    data, old, new = files(0.02, 0.02)
    assert refused(run, old, data, "--data", data)["place"].startswith(f"{data}:1")
    new.write_text("")
    assert refused(run, old, new, "--data", data)["found"] == "holds no score"
    new.write_text("p,y\n0.3,1\n")
    assert refused(run, old, new, "--data", data)["place"].startswith(f"{new}:1")
    spoilt = tiny.records(old)
    spoilt[2]["p_satisfied"] = 1.5
    tiny.write_records(new, spoilt)
    assert refused(run, old, new, "--data", data)["place"] == f"{new}:3: p_satisfied"
    assert refused(run, old, tmp_path / "none.jsonl", "--data", data)
    assert refused(run, old, tmp_path, "--data", data)["place"] == str(tmp_path)


def test_data_without_answers(run, files, records):
    data, old, new = files(0.02, 0.02)
    tiny.write_records(data, [{k: v for k, v in r.items() if k != "survey"} for r in records])
    assert "none of 1,200 conversations has an answer" in refused(run, old, new, "--data",
                                                                  data)["found"]
    data.write_text("")
    assert refused(run, old, new, "--data", data)["place"] == str(data)


@pytest.mark.parametrize("options", [["--compare.figure", "brier"], ["--compare.worse_by", "2"],
                                     ["--threshold", "1.5"], ["--compare.resamples", "10"],
                                     ["--compare.min_slize", "3"]])
def test_wrong_options(run, files, options):
    data, old, new = files(0.02, 0.02)
    refused(run, old, new, "--data", data, *options, code=2)


def test_wrong_calls(run, files, tmp_path):
    data, old, new = files(0.02, 0.02)
    assert "found 1 versions" in refused(run, old, "--data", data, code=2)["found"]
    assert "--data is missing" in refused(run, old, new, code=2)["found"]
    assert refused(run, old, "-", "--data", data, code=2)
    extra = [w for _ in range(3) for w in ("--trained-on", data)]
    assert "found 3 files" in refused(run, old, new, "--data", data, *extra, code=2)["found"]
    assert not list(tmp_path.glob("*.tmp*"))


def test_a_model_and_its_own_scores(run, run_json, trained, sides, schema, tmp_path):
    test, out = sides / "test.jsonl", tmp_path / "scores.jsonl"
    run("score", "--model", trained, "--data", test, "--out", out)
    found = run_json("compare", trained, out, "--data", test, code=None)
    jsonschema.Draft202012Validator(schema("comparison")).validate(found)
    model, scores = found["versions"]
    assert (model["kind"], scores["kind"]) == ("model", "scores")
    assert model["model"] == scores["model"] and model["threshold"] == scores["threshold"] == 0.5
    assert scores["without_answer"] == found["data"]["read"] - found["data"]["answered"]
    for figure in found["slices"][0]["differences"][0]["figures"].values():
        assert figure["value"] is None or abs(figure["value"]) < 1e-5
    assert found["pairs"][0]["flips"] == []
    # What the run says it learned from is found without being told.
    assert [(d["from"], d["to"]) for d in found["drift"]] == [("A's training data",
                                                              "the data compared on")]
    assert found["drift"][0]["conversations"] == [len(tiny.records(sides / "train.jsonl")),
                                                  found["data"]["read"]]


@pytest.fixture(scope="module")
def second(run, train, sides, tmp_path_factory):
    """Another run on the same conversations, of two epochs instead of one."""
    out = tmp_path_factory.mktemp("second") / "run"
    train(out, "--train.epochs", 2)
    run("calibrate", "--model", out, "--data", sides / "calibration.jsonl", "--calibrate.threshold", "accuracy")
    return out


def test_two_trained_runs(run, run_json, trained, second, sides, schema, tmp_path):
    test, page = sides / "test.jsonl", tmp_path / "comparison.html"
    found = run_json("compare", trained, second, "--data", test, "--report", page, code=None)
    jsonschema.Draft202012Validator(schema("comparison")).validate(found)
    assert [(v["label"], v["kind"], v["calibrated"]) for v in found["versions"]] == [
        ("A", "model", True), ("B", "model", True)]
    assert found["versions"][0]["model"] != found["versions"][1]["model"]
    answers = {r["id"]: r["survey"]["score"] for r in tiny.records(test)}
    answered = [name for name, answer in answers.items() if answer is not None]
    assert found["data"]["compared"] == len(answered)
    # Each version by its own threshold, as its calibration says; the figures are those of its scores.
    for place, model in enumerate((trained, second)):
        out = tmp_path / "scores.jsonl"
        run("score", "--model", model, "--data", test, "--out", out)
        threshold = json.loads((model / "model" / "calibration.json").read_text())["threshold"]
        chances = {s["id"]: s["p_satisfied"] for s in tiny.records(out)}
        right = sum((chances[name] >= threshold) == (answers[name] >= 4) for name in answered)
        assert found["versions"][place]["threshold"] == pytest.approx(threshold)
        accuracy = found["slices"][0]["versions"][place]["figures"]["accuracy"]["value"]
        assert accuracy == pytest.approx(right / len(answered), abs=1.5 / len(answered))
    # Both learned from the same file, which each run names itself.
    assert (found["drift"][0]["from"], found["drift"][0]["to"]) == ("A's training data",
                                                                    "B's training data")
    assert all(column["psi"] == 0 for column in found["drift"][0]["columns"])
    assert "Content-Security-Policy" in page.read_text()


def test_the_rule_comes_from_a_config_file(run_json, run, trained, second, sides, tmp_path):
    call = ["compare", trained, second, "--data", sides / "test.jsonl"]
    config = tmp_path / "rule.cfg"

    def by(rule, *options, code):
        config.write_text(f"[compare]\n{rule}")
        return run_json(*call, "--config", config, *options, code=code)

    easy = by("at_least = 0\nworse_by = 1\njudge_by = point\nresamples = 200\n", code=0)
    assert easy["verdict"]["outcome"] == "pass"
    assert (easy["options"]["at_least"], easy["options"]["resamples"]) == (0, 200)
    hard = "figure = roc_auc\nat_least = 1\nworse_by = 1\njudge_by = point\n"
    found = by(hard, code=FAIL)
    assert (found["options"]["figure"], found["verdict"]["outcome"]) == ("roc_auc", "fail")
    assert "AUC" in found["verdict"]["text"]
    # What the command line says goes before it.
    assert by(hard, "--compare.at_least", 0, code=0)["options"]["figure"] == "roc_auc"
    config.write_text("[compare]\nat_least = 0.9\nat_lest = 0.8\n")
    done = run(*call, "--config", config, "--json", code=2)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert f"{config}:3" in error["place"] and "at_least" in error["expected"] + error["remedy"]
    config.write_text("[compare]\nworse_by = 2\n")
    assert "worse_by" in run(*call, "--config", config, "--json", code=2).stderr


def test_help_tells_the_exit_codes(run):
    text = " ".join(run("compare", "--help").stdout.split())
    assert "0 every later version passes, 3 one fails, 4 one is undecided" in text
