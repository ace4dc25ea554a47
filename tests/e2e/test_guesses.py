"""`train --data FILE,scores=SCORES`: what a model said is learned from where nobody answered."""

import json
import re

import pytest
import tiny


@pytest.fixture(scope="module")
def silent(sides, tmp_path_factory):
    """The conversations of the training side that nobody answered, their ratings left out."""
    records = [r for r in tiny.records(sides / "train.jsonl") if r["survey"]["score"] is None]
    for record in records:
        for turn in record["turns"]:
            turn.pop("satisfaction", None)
    return tiny.write_records(tmp_path_factory.mktemp("silent") / "silent.jsonl", records)


@pytest.fixture(scope="module")
def scores(run, trained, silent):
    out = silent.with_name("scores.jsonl")
    run("score", "--model", trained, "--data", silent, "--out", out)
    return out


def learned_from(done):
    return int(re.search(r"(\d+) conversations with labels", done.stderr)[1])


def test_guesses_join_the_answers(run, sides, encoder, silent, scores, tmp_path):
    def learn(name, *data):
        return run("train", "--encoder", encoder, "--data", sides / "train.jsonl", *data, "--out",
                   tmp_path / name, "--train.epochs", 1, *tiny.TRAINING)

    alone = learned_from(learn("alone"))
    silent_ones = len(tiny.records(silent))
    # Some of the silent are in the training file as well, by their ratings or not at all there.
    both = learn("both", "--data", f"{silent},scores={scores},weight=0.3")
    assert alone < learned_from(both) <= alone + silent_ones
    assert learned_from(both) > alone + silent_ones / 2  # a tenth is held out for validation
    assert (tiny.sha256(tmp_path / "both/model/model.safetensors")
            != tiny.sha256(tmp_path / "alone/model/model.safetensors"))


def test_several_models_guesses_are_averaged(run, encoder, silent, scores, tmp_path):
    opposite = tmp_path / "opposite.jsonl"
    lines = tiny.records(scores)
    for line in lines:
        line["p_satisfied"] = 1 - line["p_satisfied"]
    tiny.write_records(opposite, lines)
    done = run("train", "--encoder", encoder, "--data", f"{silent},scores={scores},scores={opposite}",
               "--out", tmp_path / "run", "--train.epochs", 4, "--lexical.fit", "false", "--train.validation_share", 0,
               *tiny.TRAINING)
    assert learned_from(done) == len(lines)
    losses = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    last = [line["outlook_loss"] for line in losses if line["kind"] == "train"][-5:]
    assert all(abs(loss - 0.6931) < 0.02 for loss in last), last  # even odds of everybody


def test_scores_of_others_are_refused(run, sides, encoder, silent, scores, tmp_path):
    done = run("train", "--encoder", encoder, "--data", f"{sides / 'test.jsonl'},scores={scores}",
               "--out", tmp_path / "run", *tiny.TRAINING, code=1)
    assert "has no score of any conversation" in done.stderr and str(scores) in done.stderr
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"id":"c"\n')
    done = run("train", "--encoder", encoder, "--data", f"{silent},scores={broken}", "--out",
               tmp_path / "run", *tiny.TRAINING, code=1)
    assert f"{broken}:1" in done.stderr
    assert not (tmp_path / "run").exists()
