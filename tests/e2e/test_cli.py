"""The program's frame, and the commands that need no model."""

import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

COMMANDS = ("simulate import split tokenizer train calibrate evaluate compare export verify "
            "score experiments inspect").split()
SIDES = ("train", "calibration", "validation", "test")


def records(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def test_help_lists_the_commands_in_order(run):
    text = run("--help").stdout
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert run().stdout == text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(run, command):
    text = run(command, "--help").stdout
    assert f"Example\n  arcsat {command} " in text
    assert "--config FILE" in text
    assert "--json" in text
    assert run("help", command).stdout == text


def test_version(run):
    assert run("--version").stdout == "arcsat 0.1.0\n"


def test_an_unknown_command_names_the_nearest(run):
    assert "the nearest one is simulate" in run("simulat", code=2).stderr


def test_an_unknown_option_names_the_nearest(run):
    done = run("simulate", "--simulate.sede", 3, code=2)
    assert done.stderr.startswith("arcsat simulate: command line: ")
    assert "--simulate.seed" in done.stderr


def test_an_unknown_key_in_a_file_names_the_line(run, tmp_path):
    config = tmp_path / "run.cfg"
    config.write_text("# a comment\n[simulate]\nconversatons = 3\n")
    done = run("simulate", "--config", config, code=2)
    assert f"{config}:3: " in done.stderr
    assert "simulate.conversations" in done.stderr


def test_an_error_is_an_object_for_machines(run):
    done = run("simulate", "--json", "--simulate.voice_share", "1.5", code=2)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert error["command"] == "simulate"
    assert error["place"] == "command line: simulate.voice_share"
    assert "from 0 to 1" in error["expected"]


def test_a_missing_file_is_a_failure_not_a_wrong_call(run, tmp_path):
    for call in (["inspect"], ["import", "--format", "jsonl"], ["split", "--out-dir", tmp_path / "s",
                                                               "--data"]):
        assert "none.jsonl" in run(*call, tmp_path / "none.jsonl", code=1).stderr


def test_simulated_conversations_fit_the_schema(calls, schema):
    validator = jsonschema.Draft202012Validator(schema("conversation"))
    lines = records(calls)
    assert len(lines) == 400
    assert len({line["id"] for line in lines}) == 400
    for line in lines:
        validator.validate(line)


def test_threads_change_nothing(run, calls):
    for threads in (1, 5):
        done = run("simulate", "--simulate.conversations", 400, "--simulate.response_share", 0.5,
                   "--threads", threads, "--quiet")
        assert done.stdout == calls.read_text()
        assert done.stderr == ""


def test_the_written_configuration_reads_back(run, calls, tmp_path):
    again = tmp_path / "again.jsonl"
    run("simulate", "--config", f"{calls}.cfg", "--out", again)
    assert again.read_bytes() == calls.read_bytes()


def test_the_truth_about_the_world(run, tmp_path):
    truth = tmp_path / "truth.json"
    summary = json.loads(run("simulate", "--simulate.conversations", 20, "--out",
                             tmp_path / "a.jsonl", "--truth", truth, "--json").stdout)
    assert summary["conversations"] == 20
    assert len(json.loads(truth.read_text())["agents"]) == 40


def test_import_passes_records_through(run, calls, tmp_path):
    marked = tmp_path / "marked.jsonl"
    lines = calls.read_text().splitlines()
    first = json.loads(lines[0]) | {"crm": {"ticket": [1, 2.5, None]}}
    marked.write_text("\n".join([json.dumps(first)] + lines[1:]) + "\n")
    out = tmp_path / "out.jsonl"
    run("import", marked, "--out", out)
    assert records(out) == records(marked)


def test_import_refuses_or_counts_bad_records(run, run_json, calls, tmp_path):
    bad = tmp_path / "bad.jsonl"
    lines = calls.read_text().splitlines()[:3]
    bad.write_text("\n".join([lines[0], '{"id": "half', lines[1], lines[1], lines[2]]) + "\n")
    out = tmp_path / "out.jsonl"
    done = run("import", bad, "--format", "jsonl", "--out", out, code=1)
    assert f"{bad}:2" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl"], "nothing half-written"
    summary = run_json("import", bad, "--format", "jsonl", "--out", out, "--skip-bad")
    assert (summary["read"], summary["skipped"]) == (3, 2)
    assert "comes twice" in " ".join(summary["reasons"])
    assert len(records(out)) == 3


def test_import_lists_its_layouts(run, run_json):
    names = [entry["name"] for entry in run_json("import", "--list")["formats"]]
    assert {"jsonl", "star", "uss"} <= set(names)
    text = run("import", "--list").stdout
    assert all(name in text for name in names)


def test_import_of_real_conversations(run_json, real_data, tmp_path):
    summary = run_json("import", real_data / "uss" / "MWOZ.txt", "--out", tmp_path / "uss.jsonl")
    assert summary["formats"] == ["uss"]
    assert summary["read"] == 896
    assert summary["rated_turns"] > 0


def test_split_passes_records_through_untouched(run, run_json, calls, tmp_path):
    summary = run_json("split", "--data", calls, "--out-dir", tmp_path / "sides")
    lines = []
    for side in SIDES:
        part = (tmp_path / "sides" / f"{side}.jsonl").read_text().splitlines()
        assert summary["sides"][side]["conversations"] == len(part)
        assert part, f"{side} is empty"
        lines += part
    assert sorted(lines) == sorted(calls.read_text().splitlines())
    assert run_json("inspect", tmp_path / "sides")["fingerprint"] == summary["fingerprint"]
    assert "train" in run("inspect", tmp_path / "sides" / "split.json").stdout


def test_split_cannot_read_standard_input_twice(run, tmp_path):
    assert "read twice" in run("split", "--data", "-", "--out-dir", tmp_path / "s", code=2).stderr


def test_inspect_counts_what_is_there(run, run_json, calls):
    found = run_json("inspect", calls)
    lines = records(calls)
    turns = sorted(len(line["turns"]) for line in lines)
    answered = [line["survey"]["score"] for line in lines if line["survey"]["score"] is not None]
    assert found["kind"] == "conversations"
    assert found["conversations"] == 400
    assert found["turns"] == sum(turns)
    assert found["turns_per_conversation"]["median"] == turns[199]
    assert found["survey"]["answered"] == len(answered)
    assert found["base_rate"] == pytest.approx(sum(a >= 4 for a in answered) / len(answered))
    text = run("inspect", calls).stdout
    assert lines[0]["turns"][0]["text"].split()[0] in text


def test_inspect_shows_scores(run, run_json):
    path = pathlib.Path(__file__).parents[1] / "fixtures" / "scores.jsonl"
    found = run_json("inspect", path)
    scores = records(path)
    assert found["kind"] == "scores"
    assert found["scores"] == len(scores)
    assert found["delta"]["mean"] == pytest.approx(sum(s["delta"] for s in scores) / len(scores))
    assert "P(satisfied)" in run("inspect", path).stdout


def test_a_transcript_cannot_steer_the_terminal(run, tmp_path):
    path = tmp_path / "evil.jsonl"
    turn = {"speaker": "customer", "text": "\x1b]0;owned\x07\x9b31mred\u202e"}
    path.write_text(json.dumps({"id": "a\x1b[2J", "turns": [turn]}) + "\n")
    text = run("inspect", path).stdout
    assert "\x1b" not in text and "\x07" not in text and "\x9b" not in text
    assert "owned" in text


def test_inspect_shows_several_and_says_which_it_cannot(run, calls, tmp_path):
    scores = pathlib.Path(__file__).parents[1] / "fixtures" / "scores.jsonl"
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    done = run("inspect", calls, empty, scores, tmp_path / "gone", code=1)
    assert f"{calls}\n" in done.stdout and "P(satisfied)" in done.stdout
    assert f"{empty}: the file is empty" in done.stderr
    assert f"{tmp_path / 'gone'}: there is no such file" in done.stderr
    long = run("inspect", scores, "x" * 5000, calls, code=1)
    assert "cannot be looked at" in long.stderr and f"{calls}\n" in long.stdout
    done = run("inspect", scores, empty, calls, "--json", code=1)
    assert [shown["kind"] for shown in json.loads(done.stdout)] == ["scores", "conversations"]
    assert run("inspect", calls, scores).stderr == ""


def test_inspect_says_what_it_cannot_show(run, tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert "the file is empty" in run("inspect", empty, code=1).stderr
    assert "expected a run, a model" in run("inspect", tmp_path, code=1).stderr
    half = tmp_path / "half.jsonl"
    half.write_text('{"id":"a","turns":[')
    assert f"{half}:1" in run("inspect", half, code=1).stderr


def test_a_tokenizer_folder_is_whole(run, run_json, calls, tmp_path):
    for layout, file in (("xlm-roberta", "sentencepiece.bpe.model"), ("albert", "spiece.model")):
        out = tmp_path / layout
        made = run_json("tokenizer", "--data", calls, "--out", out, "--tokenizer.layout", layout,
                        "--tokenizer.vocab_size", 1200)
        config = json.loads((out / "config.json").read_text())
        assert config["model_type"] == layout
        assert config["vocab_size"] == made["ids"] >= 1200
        assert (out / file).stat().st_size > 1000
    again = run("tokenizer", "--data", calls, "--out", out, code=1)
    assert "already" in again.stderr
    done = run("tokenizer", "--data", calls, "--out", tmp_path / "much", "--tokenizer.vocab_size",
               900000, code=1)
    assert done.stderr and not (tmp_path / "much").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["albert", "xlm-roberta"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output_is_a_failure(arcsat):
    with open("/dev/full", "w") as full:
        done = subprocess.run([arcsat, "simulate", "--simulate.conversations", "50", "--quiet"],
                              stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "standard output: cannot be written" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_failure(run, tmp_path):
    done = run("simulate", "--simulate.conversations", 5, "--out", tmp_path / "none" / "a.jsonl",
               code=1)
    assert str(tmp_path / "none") in done.stderr
