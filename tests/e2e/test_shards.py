"""`arcsat shard`: conversations are tokenised once, and a run learns from the folder what it would from the
files."""

import json
import subprocess
import time

import pytest
import tiny


@pytest.fixture(scope="module")
def shards(run, sides, encoder, tmp_path_factory):
    """The training side in shards of 50 conversations."""
    out = tmp_path_factory.mktemp("shards") / "shards"
    run("shard", "--data", sides / "train.jsonl", "--encoder", encoder, "--out", out, "--shard.conversations", 50,
        "--model.max_turn_tokens", 32)
    return out


def learn(run, sides, encoder, data, out, *options, **keywords):
    training = list(tiny.TRAINING)
    return run("train", "--encoder", encoder, "--data", data, "--validation", sides / "validation.jsonl", "--out", out,
               "--train.epochs", 2, *training, *options, **keywords)


def figures(out):
    lines = tiny.records(out / "metrics.jsonl")
    times = ("seconds", "conversations_per_second", "tokens_per_second", "time")
    return [{key: value for key, value in line.items() if key not in times} for line in lines]


def test_a_run_learns_from_shards_what_it_learns_from_files(run, sides, encoder, shards, tmp_path):
    assert len(list(shards.glob("*.shard"))) > 2
    told = [learn(run, sides, encoder, data, tmp_path / name, "--train.class_weights", "true").stderr
            for name, data in (("files", sides / "train.jsonl"), ("shards", shards))]
    assert told[0].splitlines()[0] == told[1].splitlines()[0]  # as many conversations
    assert figures(tmp_path / "files") == figures(tmp_path / "shards")
    assert tiny.sha256(tmp_path / "files/model/model.safetensors") == tiny.sha256(
        tmp_path / "shards/model/model.safetensors")


def test_masked_words_learn_from_all_of_them(run, sides, encoder, shards, tmp_path):
    for name, data in (("files", sides / "train.jsonl"), ("shards", shards)):
        run("train", "--task", "mlm", "--encoder", encoder, "--data", data, "--validation", sides / "validation.jsonl",
            "--out", tmp_path / name, "--train.epochs", 1, "--train.threads", 1, "--train.device", "cpu",
            "--model.max_turn_tokens", 32, "--model.cross_turn_layers", 1)
    assert figures(tmp_path / "files") == figures(tmp_path / "shards")


def test_a_run_goes_on_with_its_shards_and_not_with_others(run, sides, encoder, shards, tmp_path):
    learn(run, sides, encoder, shards, tmp_path / "run")
    learn(run, sides, encoder, shards, tmp_path / "run", "--resume")
    refused = learn(run, sides, encoder, sides / "train.jsonl", tmp_path / "run", "--resume", code=1)
    assert "other training data" in refused.stderr


@pytest.mark.parametrize("options, said", [
    (("--model.max_turn_tokens", 48), "holds shards with model.max_turn_tokens 32"),
    (("--survey.satisfied_from", 3), "holds shards with survey.satisfied_from -1"),
    (("--train.roughen", 0.5), "shards have ids of tokens, no texts"),
])
def test_what_shards_do_not_hold_is_said(run, sides, encoder, shards, tmp_path, options, said):
    training = list(tiny.TRAINING)
    if options[0] in training:
        at = training.index(options[0])
        del training[at:at + 2]
    code = 2 if options[0] == "--train.roughen" else 1
    done = run("train", "--encoder", encoder, "--data", shards, "--validation", sides / "validation.jsonl", "--out",
               tmp_path / "run", *training, *options, code=code)
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_that_learned_from_shards_is_compared_and_recorded(run, run_json, sides, encoder, shards, tmp_path):
    out, ledger = tmp_path / "run", tmp_path / "ledger.jsonl"
    learn(run, sides, encoder, shards, out)
    call = ["compare", out, out, "--data", sides / "test.jsonl"]
    found = run_json(*call, code=None)
    assert found["drift"] == []
    for version in "AB":
        said = [note for note in found["notes"] if note.startswith(f"{version} was trained on shards in {shards}")]
        assert len(said) == 1 and "--trained-on" in said[0]
    found = run_json(*call, "--trained-on", sides / "train.jsonl", code=None)
    assert [(drift["from"], drift["to"]) for drift in found["drift"]] == [("A's training data", "the data compared on")]
    run("experiments", "add", "--run", out, "--name", "shards", "--learned", "it runs", "--ledger", ledger)
    (line,) = tiny.records(ledger)
    learned = line["data"][0]
    assert learned == {"side": "train", "file": shards.name, "sha256": tiny.sha256(shards / "shards.json"),
                       "labelled": None}


def test_validation_has_to_be_given(run, encoder, shards, tmp_path):
    done = run("train", "--encoder", encoder, "--data", shards, "--out", tmp_path / "run", *tiny.TRAINING, code=2)
    assert "--validation is missing beside the shards" in done.stderr


def test_bad_lines_end_the_work_or_are_counted(run, sides, encoder, tmp_path):
    lines = (sides / "train.jsonl").read_text().splitlines()
    lines[7] = lines[7][:-1]
    lines[30] = json.dumps({"id": "nobody-spoke", "turns": []})
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(lines) + "\n")
    refused = run("shard", "--data", data, "--encoder", encoder, "--out", tmp_path / "bad", code=1)
    assert "data.jsonl:8" in refused.stderr
    assert not (tmp_path / "bad" / "shards.json").exists()
    told = json.loads(run("shard", "--data", data, "--encoder", encoder, "--out", tmp_path / "good", "--skip-bad",
                          "--json", "--shard.conversations", 10).stdout)
    assert told["conversations"] == len(lines) - 2
    assert (told["skipped"], told["empty"]) == (1, 1)
    again = run("shard", "--data", data, "--encoder", encoder, "--out", tmp_path / "good", "--resume", code=2)
    assert "holds whole shards already" in again.stderr


def test_an_id_that_is_there_twice_is_refused(run, sides, encoder, tmp_path):
    data = sides / "validation.jsonl"
    done = run("shard", "--data", data, "--data", data, "--encoder", encoder, "--out", tmp_path / "out", code=1)
    assert "is there twice" in done.stderr


def test_work_that_was_killed_goes_on_after_the_last_whole_shard(arcsat, run, calls, encoder, tmp_path):
    many = tmp_path / "many.jsonl"
    lines = calls.read_text().splitlines()
    bad = ["{", json.dumps({"id": "silent", "turns": []})]
    with many.open("w") as out:
        for copy in range(40):
            for line in lines:
                out.write(line.replace('"id":"', f'"id":"{copy}-', 1) + "\n")
            out.write("\n".join(bad).replace("silent", f"silent-{copy}") + "\n")
    options = ["shard", "--data", many, "--encoder", encoder, "--shard.conversations", 500, "--skip-bad", "--threads", 1,
               "--json"]
    whole = json.loads(run(*options, "--out", tmp_path / "whole").stdout)
    assert whole["skipped"] == whole["empty"] == 40
    out = tmp_path / "out"
    for kill in range(1, 4):
        command = [arcsat, *options, "--out", out, *(["--resume"] if kill > 1 else [])]
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while len(list(out.glob("*.shard"))) < 3 * kill:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.002)
        process.kill()
        process.communicate()
    other = run(*options[:2], calls, *options[3:], "--out", out, "--resume", code=2)
    assert "shards of other --data" in other.stderr
    refused = run(*options, "--out", out, code=2)
    assert "--resume to go on" in refused.stderr
    told = json.loads(run(*options, "--out", out, "--resume").stdout)
    assert {**told, "out": 0} == {**whole, "out": 0}
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in (tmp_path / "whole").iterdir())
    for path in (*out.glob("*.shard"), out / "shards.json"):
        assert tiny.sha256(path) == tiny.sha256(tmp_path / "whole" / path.name), path.name
