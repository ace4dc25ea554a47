"""Chats as a speech recogniser would hand them over: at import, and in training."""

import signal
import subprocess
import time

import pytest

import tiny

LONGER = ("--train.epochs", 3, "--train.checkpoint_every", 4, "--train.roughen", 0.5)


@pytest.fixture(scope="module")
def chats(calls, tmp_path_factory):
    chats = [record for record in tiny.records(calls) if record["channel"] == "chat"]
    return tiny.write_records(tmp_path_factory.mktemp("chats") / "chats.jsonl", chats)


def roughen(run, chats, out, rate, *more):
    run("import", chats, "--roughen", "--roughen.word_error", rate, "--out", out, *more)
    return tiny.records(out)


def word_errors(spoken, heard):
    """Levenshtein over words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(spoken):
        before, row[0] = row[0], i + 1
        for j, other in enumerate(heard):
            before, row[j + 1] = row[j + 1], min(
                before + (word != other), row[j] + 1, row[j + 1] + 1)
    return row[-1]


def test_words_go_wrong_at_the_rate_asked_for(run, chats, tmp_path):
    clean = roughen(run, chats, tmp_path / "0.jsonl", 0)
    assert all(record["channel"] == "voice" for record in clean)
    texts = [turn["text"] for record in clean for turn in record["turns"]]
    assert not any(set(text) & set("ABCDEFGHIJKLMNOPQRSTUVWXYZ.,?!0123456789") for text in texts)
    assert not any(word.endswith("'") for text in texts for word in text.split())
    rough = roughen(run, chats, tmp_path / "20.jsonl", 0.2)
    wrong = words = 0
    for before, after in zip(clean, rough):
        assert after["attributes"]["roughened"] == {"word_error": 0.2}
        assert after["survey"] == before["survey"]
        for spoken, heard in zip(before["turns"], after["turns"]):
            spoken, heard = spoken["text"].split(), heard["text"].split()
            wrong += word_errors(spoken, heard)
            words += len(spoken)
    # A number is one thing that is heard or not, so the rate over words may be a little less.
    assert wrong / words == pytest.approx(0.2, abs=0.025)


def test_the_errors_are_of_the_seed(run, chats, tmp_path):
    first = roughen(run, chats, tmp_path / "a.jsonl", 0.2)
    assert roughen(run, chats, tmp_path / "b.jsonl", 0.2, "--import.threads", 1) == first
    assert roughen(run, chats, tmp_path / "c.jsonl", 0.2, "--roughen.seed", 2) != first


def test_calls_stay(run, calls, tmp_path):
    out = tmp_path / "all.jsonl"
    run("import", calls, "--roughen", "--roughen.word_error", 0.5, "--out", out)
    for before, after in zip(tiny.records(calls), tiny.records(out)):
        if before["channel"] == "voice":
            assert after["turns"] == before["turns"]


def test_training_hears_something_else_each_epoch_and_can_be_resumed(arcsat, train, sides, encoder,
                                                                     tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "run"
    train(whole, *LONGER)
    command = [arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl",
               "--validation", sides / "validation.jsonl", "--out", out, *tiny.TRAINING, *LONGER]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while tiny.updates_done(out) < 5 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 1, message
    train(out, *LONGER, "--resume")
    tiny.same_end(out, whole)
    plain = tmp_path / "plain"
    train(plain, *LONGER[:-2])
    losses = [[line["loss"] for line in tiny.records(folder / "metrics.jsonl") if "loss" in line]
              for folder in (whole, plain)]
    assert losses[0] != losses[1] and len(losses[0]) == len(losses[1])


def test_an_epoch_hears_other_errors_than_the_one_before(run, sides, encoder, tmp_path):
    """Without dropout and with rates of 0, an epoch of the same texts would have the same losses."""
    still = list(tiny.TRAINING)
    for rate in ("--train.learning_rate", "--train.head_learning_rate"):
        still[still.index(rate) + 1] = "0"
    apart = {}
    for share in (0, 1):
        out = tmp_path / str(share)
        run("train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation",
            sides / "validation.jsonl", "--out", out, *still, "--model.dropout", 0,
            "--train.epochs", 2, "--train.accumulate", 1000, "--train.roughen", share)
        # An update is an epoch, so the order within it does not matter.
        first, second = (line["loss"] for line in tiny.records(out / "metrics.jsonl") if "loss" in line)
        apart[share] = abs(first - second)
    assert apart[0] < 1e-5 < 1e-4 < apart[1]
