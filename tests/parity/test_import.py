"""`arcsat import` as a user calls it: every fixture's records are what the schema says, and tables,
mixed folders, options and exit codes do what docs/import.md says."""

import json
import shutil
import subprocess

import jsonschema
import probes
import pytest

FIXTURES = probes.SOURCE / "tests/fixtures/import"
SCHEMA = json.loads((probes.SOURCE / "data/schema/conversation.schema.json").read_text())


def call(*arguments, code=0):
    program = probes.FOLDER / "arcsat_import"
    if not program.exists():
        pytest.skip(f"no {program}: build the tests")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def records(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


@pytest.mark.parametrize("redact", [False, True])
def test_every_fixture_gives_records_of_the_schema(tmp_path, redact):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in FIXTURES.iterdir():
        if path.is_file():
            shutil.copy(path, flat)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    total = 0
    for path in (flat, FIXTURES / "harper", FIXTURES / "convokit"):
        out = tmp_path / f"{path.name}.jsonl"
        call(path, "--skip-bad", "--out", out, *(["--redact"] if redact else []))
        for record in records(out):
            validator.validate(record)
            total += 1
    # 13 files of one, four tickets, two in the table, two calls, two conversations.
    assert total == 13 + 4 + 2 + 2 + 2


def test_table_is_joined_and_counted(tmp_path):
    table = tmp_path / "survey.csv"
    table.write_text("id,score,category\ncall-1,9,parcel\nCH1,,\nelsewhere,3,\nchat-1,11,\n")
    out = tmp_path / "out.jsonl"
    done = call(FIXTURES / "contact_lens_voice.json", FIXTURES / "contact_lens_chat.json",
                FIXTURES / "twilio_messages.json", "--survey_table.file", table, "--survey_table.scale", "0..10",
                "--out", out, "--json", "--quiet")
    summary = json.loads(done.stdout)
    assert summary["table"] | {"reasons": []} == {
        "rows": 4, "matched": 2, "repeated": 0, "refused": 1, "unmatched_rows": 1, "unmatched_conversations": 1,
        "reasons": []}
    by_id = {record["id"]: record for record in records(out)}
    assert by_id["call-1"]["survey"] == {"offered": True, "score": 9, "scale": [0, 10], "rule": "0..10"}
    assert by_id["call-1"]["problem_type"] == "parcel"
    assert by_id["CH1"]["survey"]["score"] is None
    assert by_id["chat-1"]["survey"]["score"] is None
    assert summary["survey"] == {"offered": 3, "answered": 1}


def test_calls_that_make_no_sense(tmp_path):
    vtt = FIXTURES / "call.vtt"
    for wrong in (["--import.role", "x=boss"], ["--import.scale", "5"], ["--format", "parquet"], ["--turns.gap", "-1"],
                  ["--survey_table.scale", "1..", "--survey_table.file", vtt]):
        call(vtt, *wrong, code=2)
    key = tmp_path / "key"
    key.write_text("short")
    call(vtt, "--redact", "--redact.key_file", key, code=2)
    call(FIXTURES / "turns.csv", "--columns.text", "gone", "--format", "csv", code=2)
    call(tmp_path / "none", code=2)
    call(FIXTURES / "zendesk.json", code=1)


def test_a_key_makes_the_same_pseudonyms_again(tmp_path):
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123")
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "1", "customer_id": "ann@example.com", "turns": []}) + "\n")
    seen = []
    for i, arguments in enumerate((["--redact.key_file", key], ["--redact.key_file", key], [])):
        out = tmp_path / f"{i}.jsonl"
        call(source, "--redact", "--out", out, *arguments)
        seen.append(records(out)[0]["customer_id"])
        assert "0123456789abcdef" not in (tmp_path / f"{i}.jsonl.cfg").read_text()
    assert seen[0] == seen[1] != seen[2]
    assert seen[0].startswith("p-")
