"""`score --turn-cache`: what was computed of a turn is kept for later runs, and changes no score."""

import re
import time

import scorer_runs
import tiny


def score(run, model, data, out, cache, **keywords):
    done = run("score", "--model", model, "--data", data, "--out", out, "--turn-cache", cache, "--threads", 1,
               **keywords)
    told = re.search(r"turn cache: ([\d,]+) turns, .*; ([\d,]+) were there", done.stderr)
    return [int(number.replace(",", "")) for number in told.groups()] if told else done.stderr


def test_scores_are_the_same_bytes_and_nothing_is_computed_twice(run, trained, calls, tmp_path):
    run("score", "--model", trained, "--data", calls, "--out", tmp_path / "plain.jsonl", "--threads", 1, "--quiet")
    turns, found = score(run, trained, calls, tmp_path / "first.jsonl", tmp_path / "turns")
    assert turns > 1000 and found == 0
    size = (tmp_path / "turns").stat().st_size
    again, found = score(run, trained, calls, tmp_path / "second.jsonl", tmp_path / "turns")
    assert (again, found) == (turns, turns)
    assert (tmp_path / "turns").stat().st_size == size
    plain = (tmp_path / "plain.jsonl").read_bytes()
    assert (tmp_path / "first.jsonl").read_bytes() == plain
    assert (tmp_path / "second.jsonl").read_bytes() == plain


def test_a_killed_run_leaves_what_it_kept(run, trained, calls, tmp_path):
    many = tmp_path / "many.jsonl"
    lines = calls.read_text().splitlines()
    many.write_text("".join(line.replace('"id":"', f'"id":"{copy}-', 1) + "\n" for copy in range(20) for line in lines))
    cache = tmp_path / "turns"
    process = scorer_runs.start("program", "--model", trained, "--data", many, "--out", tmp_path / "out", "--turn-cache",
                                cache)
    while not cache.exists() or cache.stat().st_size < 200_000:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    refused = score(run, trained, calls, tmp_path / "x", cache, code=1)
    assert "in use by another process" in refused
    process.kill()
    process.communicate()
    turns, found = score(run, trained, calls, tmp_path / "out.jsonl", cache)
    assert 0 < found <= turns


def test_another_model_is_refused(run, trained, train, calls, tmp_path):
    score(run, trained, calls, tmp_path / "out.jsonl", tmp_path / "turns")
    train(tmp_path / "other", "--train.epochs", 2)
    run("calibrate", "--model", tmp_path / "other", "--data", calls, "--quiet")
    refused = score(run, tmp_path / "other", calls, tmp_path / "x", tmp_path / "turns", code=1)
    assert "belongs to another model" in refused


def test_a_model_without_such_layers_has_nothing_to_keep(run, sides, encoder, calls, tmp_path):
    options = list(tiny.TRAINING)
    options[options.index("--model.cross_turn_layers") + 1] = "2"  # of two layers
    run("train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation", sides / "validation.jsonl",
        "--out", tmp_path / "run", "--train.epochs", 1, *options)
    run("calibrate", "--model", tmp_path / "run", "--data", calls, "--quiet")
    refused = score(run, tmp_path / "run", calls, tmp_path / "x", tmp_path / "turns", code=2)
    assert "all of whose layers see across turns" in refused
    assert not (tmp_path / "turns").exists()
