"""What is wrong with an input is told with its place and a remedy, and nothing half-written stays."""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

import pytest

import tiny


def refused(done, *places):
    """The error's parts, from a call with --json: what was found, a remedy, and `places` in its
    place."""
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    for part in ("place", "found", "remedy"):
        assert error[part], f"{part} is empty: {error}"
    for place in places:
        assert str(place) in error["place"], error
    return error


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def lines(calls):
    """Five good records with an answer, to be spoilt."""
    answered = [r for r in tiny.records(calls) if r["survey"]["score"] is not None]
    return answered[:5]


@pytest.fixture
def model(trained, tmp_path_factory):
    """A copy of a calibrated model, to be spoilt."""
    out = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(trained / "model", out)
    return out


@pytest.fixture
def score(run, trained):
    """score(data, out): the finished call, with --json."""

    def call(data, out, *arguments, code=1, model=trained):
        return run("score", "--model", model, "--data", data, "--out", out, "--json", *arguments,
                   code=code)

    return call


def half_a_line(record):
    return json.dumps(record)[:60]


def wrong_type(record):
    return json.dumps(record | {"turns": "none"})


def wrong_speaker(record):
    turn = record["turns"][0] | {"speaker": 7}
    return json.dumps(record | {"turns": [turn]})


def outside_its_scale(record):
    return json.dumps(record | {"survey": record["survey"] | {"score": 9}})


def broken_utf8(record):
    text = json.dumps(record).replace('"text": "', '"text": "\x01', 1)
    return text.encode().replace(b"\x01", b"\xc3\x28", 1)


BROKEN = {
    half_a_line: "",
    wrong_type: "turns",
    wrong_speaker: "turns[0].speaker",
    outside_its_scale: "survey.score",
    broken_utf8: "",
}


@pytest.fixture(params=BROKEN, ids=lambda spoil: spoil.__name__)
def broken(request, lines, tmp_path):
    """A file whose third line is spoilt, and the field that messages name."""
    raw = [json.dumps(line).encode() for line in lines]
    spoilt = request.param(lines[2])
    raw[2] = spoilt if isinstance(spoilt, bytes) else spoilt.encode()
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path, BROKEN[request.param]


def test_a_broken_record_is_named(score, run, broken, encoder, trained, tmp_path):
    path, field = broken
    refused(score(path, tmp_path / "scores.jsonl"), f"{path}:3", field)
    refused(run("train", "--encoder", encoder, "--data", path, "--out", tmp_path / "run", "--json",
                code=1), f"{path}:3", field)
    refused(run("split", "--data", path, "--out-dir", tmp_path / "sides", "--json", code=1),
            f"{path}:3", field)
    refused(run("inspect", path, "--json", code=1), f"{path}:3", field)
    assert names(tmp_path) == ["calls.jsonl"]


def test_a_broken_record_is_skipped_and_counted(score, run, broken, trained, lines, tmp_path):
    path, _ = broken
    out = tmp_path / "scores.jsonl"
    done = run("score", "--model", trained, "--data", path, "--out", out, "--skip-bad")
    assert [s["id"] for s in tiny.records(out)] == [r["id"] for r in lines[:2] + lines[3:]]
    assert "left out: 1" in done.stderr
    assert f"{path}:3" in done.stderr
    report = json.loads(run("evaluate", "--model", trained, "--data", path, "--skip-bad", "--json",
                            "--evaluate.resamples", 100).stdout)
    assert (report["data"]["read"], report["data"]["skipped"]) == (4, 1)
    assert names(tmp_path) == ["calls.jsonl", "scores.jsonl", "scores.jsonl.rejects.jsonl"]


@pytest.mark.parametrize("command", ["score", "evaluate", "calibrate", "train", "split", "inspect"])
@pytest.mark.parametrize("kind", ["missing", "empty", "folder"])
def test_a_file_that_is_not_there_or_empty(run, model, encoder, tmp_path, command, kind):
    path = tmp_path / "calls.jsonl"
    if kind == "empty":
        path.touch()
    if kind == "folder":
        path.mkdir()
    before = tiny.sha256(model / "calibration.json")
    out = tmp_path / "out"
    calls = {
        "score": ["--model", model, "--data", path, "--out", out],
        "evaluate": ["--model", model, "--data", path, "--out", out],
        "calibrate": ["--model", model, "--data", path],
        "train": ["--encoder", encoder, "--data", path, "--out", out],
        "split": ["--data", path, "--out-dir", out],
        "inspect": [path],
    }
    refused(run(command, *calls[command], "--json", code=1), path)
    assert names(tmp_path) == ([] if kind == "missing" else ["calls.jsonl"])
    assert tiny.sha256(model / "calibration.json") == before


def test_no_survey_at_all(run, model, encoder, lines, tmp_path):
    for line in lines:
        del line["survey"]
        for turn in line["turns"]:
            turn.pop("satisfaction", None)
    path = tiny.write_records(tmp_path / "calls.jsonl", lines)
    for command in (["train", "--encoder", encoder, "--out", tmp_path / "run"],
                    ["evaluate", "--model", model, "--out", tmp_path / "report.json"],
                    ["calibrate", "--model", model]):
        error = refused(run(*command, "--data", path, "--json", code=1))
        assert "answer" in error["found"] + error["expected"]
    assert names(tmp_path) == ["calls.jsonl"]
    assert not tiny.half_written(model)


def test_one_class_only(run, model, encoder, calls, tmp_path):
    happy = [r for r in tiny.records(calls) if (r["survey"]["score"] or 0) >= 4][:40]
    path = tiny.write_records(tmp_path / "calls.jsonl", happy)
    error = refused(run("train", "--encoder", encoder, "--data", path, "--out", tmp_path / "run",
                        "--json", code=1), path)
    assert "every answer is satisfied" in error["found"]
    before = tiny.sha256(model / "calibration.json")
    refused(run("calibrate", "--model", model, "--data", path, "--json", code=1))
    assert tiny.sha256(model / "calibration.json") == before
    # Measuring is possible; what needs both classes is left out, not made up.
    report = json.loads(run("evaluate", "--model", model, "--data", path, "--json",
                            "--evaluate.resamples", 100).stdout)
    assert "NaN" not in json.dumps(report)
    assert names(tmp_path) == ["calls.jsonl"]


def test_no_customer_turn(score, run, lines, schema, tmp_path):
    import jsonschema

    for turn in lines[1]["turns"]:
        turn["speaker"] = "agent"
    lines[2]["turns"] = []
    path = tiny.write_records(tmp_path / "calls.jsonl", lines)
    out = tmp_path / "scores.jsonl"
    done = score(path, out, code=None)
    if done.returncode == 1:  # an empty conversation may be refused, by name
        refused(done, f"{path}:3")
        assert names(tmp_path) == ["calls.jsonl"]
        path = tiny.write_records(tmp_path / "calls.jsonl", lines[:2] + lines[3:])
        score(path, out, code=0)
    scores = tiny.records(out)
    assert scores[1]["id"] == lines[1]["id"]
    assert scores[1]["turns"] == []
    assert scores[1]["delta"] == 0
    validator = jsonschema.Draft202012Validator(schema("score"))
    for line in scores:
        validator.validate(line)


def test_100000_turns_and_a_turn_of_a_megabyte(run, trained, tmp_path):
    texts = ["hello", "my parcel is late", "I see", "thanks", "it is still not here"]
    many = [{"speaker": ("customer", "agent")[i % 2], "text": texts[i % 5]} for i in range(100_000)]
    long = [{"speaker": "customer", "text": "word " * 210_000}, {"speaker": "agent", "text": ""},
            {"speaker": "customer", "text": "x" * 1_100_000}]
    path = tiny.write_records(tmp_path / "calls.jsonl", [{"id": "many", "turns": many},
                                                         {"id": "long", "turns": long}])
    out = tmp_path / "scores.jsonl"
    run("score", "--model", trained, "--data", path, "--out", out, "--threads", 1, timeout=120)
    scores = tiny.records(out)
    assert [len(line["turns"]) for line in scores] == [50_000, 2]
    assert scores[0]["turns"][-1]["i"] == 99_998


def test_an_unknown_key_in_a_configuration(run, encoder, sides, tmp_path):
    config = tmp_path / "run.cfg"
    config.write_text("[train]\nepochs = 1\n\nlearning_rat = 0.1\n")
    done = run("train", "--config", config, "--encoder", encoder, "--data", sides / "train.jsonl",
               "--out", tmp_path / "run", "--json", code=2)
    error = refused(done, f"{config}:4")
    assert "train.learning_rate" in " ".join(error.values())
    config.write_text("[train]\nepochs = many\n")
    done = run("train", "--config", config, "--encoder", encoder, "--data", sides / "train.jsonl",
               "--out", tmp_path / "run", "--json", code=2)
    refused(done, f"{config}:2", "train.epochs")
    assert names(tmp_path) == ["run.cfg"]


@pytest.mark.parametrize("damage", [tiny.truncate, tiny.flip])
@pytest.mark.parametrize("file", ["model.safetensors", "vocab.txt", "config.json",
                                  "calibration.json"])
def test_a_damaged_model_is_refused(score, sides, model, tmp_path, file, damage):
    if file.endswith(".json") and damage is tiny.flip:
        tiny.flip(model / file, 0)
    else:
        damage(model / file)
    done = score(sides / "test.jsonl", tmp_path / "scores.jsonl", model=model)
    refused(done, file)
    assert names(tmp_path) == []


@pytest.mark.parametrize("file", ["config.json", "vocab.txt", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped"])
def test_a_damaged_encoder_is_refused(run, trained, sides, encoder, tmp_path, file, damage):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder, folder)
    shutil.copy(trained / "model" / "model.safetensors", folder)
    path = folder / file
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        tiny.truncate(path, 0.3)
    elif file == "vocab.txt":
        path.write_bytes(path.read_bytes().replace(b"[UNK]\n", b"[UOK]\n"))
    else:
        tiny.flip(path, 9 if file.endswith("safetensors") else 0)
    if (file, damage) in {("model.safetensors", "missing"), ("vocab.txt", "truncated")}:
        pytest.skip("an encoder may have no weights, and more rows than words")
    done = run("train", "--encoder", folder, "--data", sides / "train.jsonl", "--out",
               tmp_path / "run", *tiny.TRAINING, "--json", code=1)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert str(folder) in error["place"], error
    assert error["remedy"]
    assert names(tmp_path) == ["encoder"]


def mounted(tmp_path, options):
    """A file system of its own; skipped where this user may not mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    return folder


@pytest.fixture
def small_disk(tmp_path):
    folder = mounted(tmp_path, "size=96k")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def read_only_disk(tmp_path):
    folder = mounted(tmp_path, "ro")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(run, train, trained, sides, small_disk):
    done = run("score", "--model", trained, "--data", sides / "train.jsonl", "--out",
               small_disk / "scores.jsonl", "--json", code=1)
    refused(done, "scores.jsonl")
    assert names(small_disk) == []
    done = train(small_disk / "run", "--json", code=1)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert str(small_disk) in error["place"] and error["remedy"]
    assert not tiny.half_written(small_disk)


def test_a_file_size_limit_stands_for_a_full_disk(arcsat, trained, sides, tmp_path):
    """As the test above, where nothing can be mounted: a write fails in the middle of a file."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    before = tmp_path / "scores.jsonl"
    before.write_text("what was there\n")
    done = subprocess.run([arcsat, "score", "--model", trained, "--data", sides / "train.jsonl",
                           "--out", before, "--json"], capture_output=True, text=True,
                          preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    refused(done, "scores.jsonl")
    assert names(tmp_path) == ["scores.jsonl"]
    assert before.read_text() == "what was there\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written(arcsat, tmp_path, number):
    out = tmp_path / "calls.jsonl"
    out.write_text("what was there\n")
    work = subprocess.Popen([arcsat, "simulate", "--simulate.conversations", "100000000", "--out", out,
                             "--quiet"])
    try:
        deadline = time.monotonic() + 60
        while len(names(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(names(tmp_path)) == 2, "no temporary file: the test would show nothing"
        work.send_signal(number)
        assert work.wait(60) == -number
    finally:
        work.kill()
    assert names(tmp_path) == ["calls.jsonl"]
    assert out.read_text() == "what was there\n"


def test_a_run_keeps_its_checkpoints_when_the_disk_is_full(arcsat, train, encoder, sides, trained,
                                                           tmp_path):
    out = tmp_path / "run"
    shutil.copytree(trained, out)
    sums = {path: tiny.sha256(path) for path in out.rglob("*.safetensors")}

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    command = [arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl",
               "--validation", sides / "validation.jsonl", "--out", out, *tiny.TRAINING,
               "--train.epochs", "2", "--resume", "--json"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    refused(done, str(out))
    assert not tiny.half_written(out)
    assert {path: tiny.sha256(path) for path in sums} == sums


def test_a_read_only_disk(run, train, trained, sides, read_only_disk):
    done = run("score", "--model", trained, "--data", sides / "test.jsonl", "--out",
               read_only_disk / "scores.jsonl", "--json", code=1)
    refused(done, str(read_only_disk))
    refused(train(read_only_disk / "run", "--json", code=1), str(read_only_disk))


def test_a_place_where_nothing_can_be_made(run, train, trained, sides, tmp_path):
    (tmp_path / "file").write_text("x")
    below = pathlib.Path(tmp_path / "file" / "below")
    done = run("score", "--model", trained, "--data", sides / "test.jsonl", "--out", below, "--json",
               code=1)
    refused(done, str(tmp_path / "file"))
    refused(train(below, "--json", code=1), str(tmp_path / "file"))
    done = run("split", "--data", sides / "test.jsonl", "--out-dir", below, "--json", code=1)
    refused(done, str(tmp_path / "file"))
    assert names(tmp_path) == ["file"]
