"""From conversations to scores, as a user goes; and a training that is stopped and goes on."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time

import jsonschema
import pytest

import tiny


def test_training_leaves_a_run_as_documented(trained):
    names = {path.name for path in trained.iterdir()}
    assert {"config.cfg", "metrics.jsonl", "log.txt", "checkpoints", "model"} <= names
    assert any(name.startswith("events.out.tfevents.") for name in names)
    checkpoints = sorted(path.name for path in (trained / "checkpoints").iterdir())
    assert checkpoints and all(name.startswith("step-") for name in checkpoints)
    last = trained / "checkpoints" / checkpoints[-1]
    manifest = json.loads((last / "MANIFEST.json").read_text())
    for name, entry in manifest["files"].items():
        assert tiny.sha256(last / name) == entry["sha256"]
        assert (last / name).stat().st_size == entry["bytes"]
    assert {"config.json", "model.safetensors", "vocab.txt",
            "calibration.json"} <= {path.name for path in (trained / "model").iterdir()}
    assert not tiny.half_written(trained)


def test_metrics_have_every_update(trained):
    lines = tiny.records(trained / "metrics.jsonl")
    losses = [line["loss"] for line in lines if "loss" in line]
    updates = [line["update"] for line in lines if "loss" in line]
    assert updates == list(range(1, len(updates) + 1))
    assert len(updates) >= 10
    assert all(0 < loss < 10 for loss in losses)
    assert sum(losses[-5:]) < sum(losses[:5])


def test_tensorboard_reads_the_run(trained):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(trained))
    events.Reload()
    tags = events.Tags()["scalars"]
    assert "train/loss" in tags
    assert any(tag.startswith("validation/") for tag in tags)
    lines = [line for line in tiny.records(trained / "metrics.jsonl") if "loss" in line]
    shown = events.Scalars("train/loss")
    assert [point.step for point in shown] == [line["update"] for line in lines]
    assert [point.value for point in shown] == pytest.approx([line["loss"] for line in lines],
                                                             rel=1e-6)


def test_calibration_fits_its_schema(trained, schema):
    calibration = json.loads((trained / "model" / "calibration.json").read_text())
    jsonschema.Draft202012Validator(schema("calibration")).validate(calibration)


def test_evaluation_fits_its_schema(run, run_json, trained, sides, schema, tmp_path):
    out = tmp_path / "evaluation.json"
    printed = run_json("evaluate", "--model", trained, "--data", sides / "test.jsonl", "--out", out,
                       "--evaluate.resamples", 100)
    written = json.loads(out.read_text())
    assert written == printed
    jsonschema.Draft202012Validator(schema("evaluation")).validate(written)
    test = tiny.records(sides / "test.jsonl")
    assert written["data"]["read"] == len(test)
    assert written["data"]["sha256"] == tiny.sha256(sides / "test.jsonl")
    assert written["calibrated"] is True
    table = run("evaluate", "--model", trained, "--data", sides / "test.jsonl",
                "--evaluate.resamples", 100).stdout
    assert "accuracy" in table.lower()


def test_a_report_is_written_with_the_evaluation(run, run_json, trained, sides, tmp_path):
    page, summary = tmp_path / "report.html", tmp_path / "summary.md"
    found = run_json("evaluate", "--model", trained, "--data", sides / "test.jsonl", "--report", page,
                     "--summary", summary, "--title", "Seven <b>veils</b>",
                     "--evaluate.resamples", 100)
    everybody = found["population"]["overall"]
    records = tiny.records(sides / "test.jsonl")
    answered = sum(r["survey"]["score"] is not None for r in records)
    assert (everybody["n"], everybody["answered"]) == (len(records), answered)
    assert found["conformal"]["groups"][0]["group"] == "all"
    html = page.read_text()
    assert "Content-Security-Policy" in html and "<b>veils" not in html
    assert all(record["id"] in html for record in records)
    assert summary.read_text().startswith("#")
    quick = run_json("evaluate", "--model", trained, "--data", sides / "test.jsonl",
                     "--labelled-only", "--evaluate.resamples", 100)
    assert "population" not in quick and any("population" in note for note in quick["notes"])
    # Batch mates change a score by rounding alone.
    for name in ("accuracy", "brier", "log_loss"):
        value = found["survey"][0]["figures"][name]["value"]
        assert quick["survey"][0]["figures"][name]["value"] == pytest.approx(value, abs=1e-5)


@pytest.fixture
def columns(sides, tmp_path):
    """The test side with attributes of every kind, and a field that the program does not know."""
    records = tiny.records(sides / "test.jsonl")
    assert len(records) > 60
    for i, record in enumerate(records):
        record["attributes"] |= {"Region": ("apac", "emea\x1b[2J")[i % 2], "vip": i % 4 == 0,
                                 "price": i + 0.5, "crm": {"tier": (9, 10, None)[i % 3]}}
        record["queue"] = "q1"
    return tiny.write_records(tmp_path / "calls.jsonl", records)


def test_satisfaction_of_everybody_by_any_column(run, run_json, trained, columns, schema, tmp_path):
    names = ["channel", "length", "attribute:Region", "attribute:vip", "attribute:crm.tier",
             "attribute:truth.resolved", "queue", "language", "team", "escalated", "started_at",
             "agent_id", "customer_id"]
    records = tiny.records(columns)
    call = ["evaluate", "--model", trained, "--data", columns, "--evaluate.resamples", 100,
            "--report", tmp_path / "report.html"]
    for name in names:
        call += ["--population.by", name]
    found = run_json(*call)
    jsonschema.Draft202012Validator(schema("evaluation")).validate(found)
    groups = found["population"]["by"]
    assert list(dict.fromkeys(group["by"] for group in groups)) == names
    values = {name: {g["value"]: g["n"] for g in groups if g["by"] == name} for name in names}
    assert all(sum(counts.values()) == len(records) for counts in values.values())
    assert set(values["attribute:Region"]) == {"apac", "emea\x1b[2J"}
    assert values["attribute:vip"]["true"] == sum(r["attributes"]["vip"] for r in records)
    assert list(values["attribute:crm.tier"]) == ["(none)", "9", "10"]
    assert values["queue"] == {"q1": len(records)} and values["language"] == {"en": len(records)}
    assert set(values["started_at"]) == {record["started_at"][:7] for record in records}
    shown = run(*call).stdout
    assert "attribute:Region apac" in shown and "attribute:crm.tier 10" in shown
    assert "\x1b" not in shown


def test_a_column_that_makes_no_groups_is_refused_before_the_work(run, run_json, trained, columns):
    call = ["evaluate", "--model", trained, "--data", columns, "--evaluate.resamples", 100]

    def refused(column):
        done = run(*call, "--population.by", column, "--json", code=2)
        error = json.loads(done.stderr.splitlines()[-1])["error"]
        assert str(columns) in error["place"] and "population.by" in error["place"]
        assert column in error["found"] and error["remedy"]
        return error

    assert "nearest are attribute:Region," in refused("attribute:Regoin")["expected"]
    assert "nearest are queue," in refused("quue")["expected"]
    assert "attribute:Region" in refused("region")["expected"]
    assert "50 different numbers" in refused("attribute:price")["found"]
    # Standard input is known only when all is scored: the column is left out, and a note says so.
    call[4] = "-"
    for column in ("attribute:Regoin", "attribute:price"):
        found = run_json(*call, "--population.by", column, input=columns.read_text())
        assert found["population"]["by"] == []
        assert any(column in note for note in found["notes"])


def test_scores_fit_their_schema_and_their_conversations(run, trained, sides, schema, tmp_path):
    out = tmp_path / "scores.jsonl"
    run("score", "--model", trained, "--data", sides / "test.jsonl", "--out", out)
    scores = tiny.records(out)
    conversations = tiny.records(sides / "test.jsonl")
    assert [score["id"] for score in scores] == [record["id"] for record in conversations]
    validator = jsonschema.Draft202012Validator(schema("score"))
    for score, record in zip(scores, conversations):
        validator.validate(score)
        customer = [i for i, turn in enumerate(record["turns"]) if turn["speaker"] == "customer"]
        assert [turn["i"] for turn in score["turns"]] == customer
        assert score["entry"] == pytest.approx(score["turns"][0]["state"])
        assert score["exit"] == pytest.approx(score["turns"][-1]["state"])
        assert score["delta"] == pytest.approx(score["exit"] - score["entry"], abs=1e-5)
    # One epoch of a tiny encoder hardly tells them apart, but it reads them: they do differ.
    assert max(s["p_satisfied"] for s in scores) - min(s["p_satisfied"] for s in scores) > 1e-4
    piped = run("score", "--model", trained / "model", "--quiet",
                input=(sides / "test.jsonl").read_text())
    assert piped.stdout == out.read_text()


def test_scores_as_a_table_are_the_same_figures_and_no_formulas(run, trained, sides, tmp_path):
    data = tmp_path / "calls.jsonl"
    found = tiny.records(sides / "test.jsonl")[:20]
    hostile = ["=1+1", "@SUM(A1)", "+49 30", "-1+1", "a,\"b\"\nc"]
    for record, name in zip(found, hostile):
        record["id"] = name
    data.write_text("".join(json.dumps(record) + "\n" for record in found))
    out = tmp_path / "scores.csv"
    run("score", "--model", trained, "--data", data, "--out", out)
    run("score", "--model", trained, "--data", data, "--out", tmp_path / "scores.jsonl")
    with open(out, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    scores = tiny.records(tmp_path / "scores.jsonl")
    assert len(rows) == len(scores) == 20
    for i, (row, score) in enumerate(zip(rows, scores)):
        assert row["id"] == ("'" if i < 4 else "") + score["id"]
        for key in ("entry", "exit", "delta", "p_satisfied"):
            assert float(row[key]) == score[key]
        assert list(map(float, row["boxes"].split())) == score.get("boxes", [])
        assert int(row["customer_turns"]) == len(score["turns"])
        assert row["model"] == score["model"]
        assert (row["set_level"] != "") == ("set" in score)
    piped = run("score", "--model", trained, "--data", data, "--format", "csv", "--quiet").stdout
    assert piped.encode() == out.read_bytes()
    named = tmp_path / "named.csv"
    run("score", "--model", trained, "--data", data, "--out", named, "--format", "jsonl")
    assert named.read_bytes() == (tmp_path / "scores.jsonl").read_bytes()
    refused = run("score", "--model", trained, "--data", data, "--out", out, "--resume", code=2)
    assert "--resume" in refused.stderr


def test_scores_as_parquet_are_the_same_figures(run, trained, sides, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    data = tmp_path / "calls.jsonl"
    found = tiny.records(sides / "test.jsonl")[:20]
    found[0]["id"] = "caf\u00e9 \U0001f600, \"q\""
    found[1]["turns"] = [turn for turn in found[1]["turns"] if turn["speaker"] != "customer"]
    tiny.write_records(data, found)
    out = tmp_path / "scores.parquet"
    run("score", "--model", trained, "--data", data, "--out", out)
    run("score", "--model", trained, "--data", data, "--out", tmp_path / "scores.jsonl")
    table = parquet.read_table(out)
    assert [str(field.type) for field in table.schema] == [
        "string", *["double"] * 7, "string", "double", "string", "string", "int64", "string",
        str(table.schema.field("turns").type)]  # JSON, or text where pyarrow is older
    rows, scores = table.to_pylist(), tiny.records(tmp_path / "scores.jsonl")
    assert len(rows) == len(scores) == 20
    for row, score in zip(rows, scores):
        for key in ("id", "entry", "exit", "delta", "p_satisfied", "model"):
            assert row[key] == score[key]
        assert [row["interval_low"], row["interval_high"]] == score.get("interval", [None, None])
        assert row["csat"] == score.get("csat")
        assert json.loads(row["turns"]) == score["turns"]
        assert row["customer_turns"] == len(score["turns"])
        assert (row["set_level"] is not None) == ("set" in score)
    piped = run("score", "--model", trained, "--data", data, "--format", "parquet", "--quiet",
                text=False, encoding=None)
    assert piped.stdout == out.read_bytes()
    assert "--resume" in run("score", "--model", trained, "--data", data, "--out", out, "--resume",
                             code=2).stderr


def test_company_and_order_change_no_score(run, trained, sides, tmp_path):
    lines = (sides / "test.jsonl").read_text().splitlines()[:12]

    def scores(chosen):
        text = run("score", "--model", trained, "--quiet", input="\n".join(chosen) + "\n").stdout
        return {score["id"]: score for score in map(json.loads, text.splitlines())}

    together, backwards = scores(lines), scores(lines[::-1])
    for line in lines[:3]:
        alone = scores([line])
        for name, score in alone.items():
            for other in (together[name], backwards[name]):
                assert other["p_satisfied"] == pytest.approx(score["p_satisfied"], abs=1e-5)
                assert other["delta"] == pytest.approx(score["delta"], abs=1e-5)


def test_inspect_shows_run_model_and_checkpoint(run, run_json, trained):
    checkpoint = sorted((trained / "checkpoints").iterdir())[-1]
    shown = run_json("inspect", trained)
    assert shown["kind"] == "run"
    assert shown["checkpoints"][-1] == {"name": checkpoint.name, "whole": True,
                                        "state": json.loads((checkpoint / "state.json").read_text())}
    assert "train.epochs" in run("inspect", trained).stdout or "epochs" in shown["config"]
    model = run_json("inspect", trained / "model")
    assert model["kind"] == "model"
    assert model["config"]["hidden_size"] == 32
    assert model["weights"]["parameters"] > 10000
    assert "step-" not in run("inspect", trained / "model").stdout
    state = run_json("inspect", checkpoint)["state"]
    assert state["finished"] is True
    tensors = run_json("inspect", trained / "model" / "model.safetensors")
    assert tensors["kind"] == "tensors"
    assert "embeddings.word_embeddings.weight" in {t["name"] for t in tensors["tensors"]}


def test_a_second_training_needs_another_folder(train, trained):
    before = tiny.sha256(trained / "model" / "model.safetensors")
    assert "--resume" in train(trained, code=2).stderr
    assert tiny.sha256(trained / "model" / "model.safetensors") == before


def test_the_saved_encoder_opens_in_transformers(trained):
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModel.from_pretrained(trained / "model")
    assert model.config.hidden_size == 32


LONGER = "--train.epochs 3 --train.accumulate 3 --train.ema 0.9 --train.checkpoint_every 4".split()


@pytest.fixture(scope="module")
def uninterrupted(train, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    train(out, *LONGER)
    return out


@pytest.mark.parametrize("at", [2, 9])
def test_sigterm_saves_and_resume_goes_on_as_if_nothing_was(arcsat, train, sides, encoder,
                                                            uninterrupted, tmp_path, at):
    out = tmp_path / "run"
    command = [arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl",
               "--validation", sides / "validation.jsonl", "--out", out, *tiny.TRAINING, *LONGER]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while tiny.updates_done(out) < at and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 1, message
    assert "--resume" in message
    assert not tiny.half_written(out)
    assert tiny.updates_done(out) < tiny.updates_done(uninterrupted)
    train(out, *LONGER, "--resume")
    tiny.same_end(out, uninterrupted)


@pytest.mark.parametrize("damage", [tiny.truncate, tiny.flip])
def test_a_damaged_checkpoint_is_passed_over(train, uninterrupted, tmp_path, damage):
    out = tmp_path / "run"
    shutil.copytree(uninterrupted, out)
    newest = sorted((out / "checkpoints").iterdir())[-1]
    damage(newest / "model.safetensors")
    done = train(out, *LONGER, "--resume")
    assert newest.name in done.stderr and "SHA-256" in done.stderr
    assert tiny.sha256(out / "model/model.safetensors") == tiny.sha256(
        uninterrupted / "model/model.safetensors")


def test_a_run_without_a_whole_checkpoint_begins_anew(train, trained, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(trained, out)
    for checkpoint in (out / "checkpoints").iterdir():
        os.remove(checkpoint / "MANIFEST.json")
    done = train(out, "--resume")
    assert "begins anew" in done.stderr
    assert tiny.sha256(out / "model/model.safetensors") == tiny.sha256(
        trained / "model/model.safetensors")


def test_a_profile_is_a_trace_and_a_table(train, tmp_path):
    done = train(tmp_path / "run", "--train.profile", 3)
    trace = json.loads((tmp_path / "run" / "profile.json").read_text())
    names = {event.get("name") for event in trace["traceEvents"]}
    assert {"aten::addmm", "aten::_fused_adamw_"} <= names
    assert "profile.json" in done.stderr and "aten::" in done.stderr
    shares = [float(line.split("%")[0].split()[-1]) for line in done.stderr.splitlines()
              if line.startswith("aten::") or "aten::" in line and "%" in line]
    assert len(shares) > 5 and shares == sorted(shares, reverse=True) and sum(shares) <= 100.1
    assert not tiny.half_written(tmp_path / "run")


def test_words_alone_are_fitted_beside_a_network_that_stays(run, sides, trained, tmp_path):
    out = tmp_path / "words"
    told = json.loads(run("train", "--encoder", trained, "--data", sides / "train.jsonl", "--validation",
                          sides / "validation.jsonl", "--out", out, "--train.epochs", 0, "--json").stdout)
    assert told["model"] == str(out / "model") and told["updates"] == 0 and "words" in told["words"]
    assert tiny.sha256(out / "model/model.safetensors") == tiny.sha256(
        trained / "model/model.safetensors")
