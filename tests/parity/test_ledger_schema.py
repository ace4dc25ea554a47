"""The ledger's schema accepts the project's own ledger, and refuses what the reader refuses
(tests/unit/ledger_test.cc, RefusesWhatTheSchemaRefuses)."""

import copy
import hashlib
import json
import pathlib

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "data/schema/ledger.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
LEDGER = ROOT / "experiments" / "ledger.jsonl"
ENTRY = {
    "id": "0123456789ab", "date": "2026-01-05T09:30:00Z", "name": "six layers", "status": "kept",
    "target": "attribute:task_done", "code": "fbd820b",
    "data": [{"side": "test", "file": "test.jsonl", "sha256": None, "labelled": 371}],
    "config": {"train.epochs": "4"},
    "figures": {"test": {"accuracy": {"value": 0.892, "interval": [0.857, 0.92], "n": 371}}},
    "cost": {"seconds": 812.5, "updates": 280}, "learned": "level with TF-IDF", "mood": [1],
}


def entries():
    return [json.loads(line) for line in LEDGER.read_text("utf-8").splitlines()]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(ENTRY)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), ""),
        (("status",), "good"),
        (("target",), "attribute:"),
        (("date",), "yesterday"),
        (("date",), "2026-01-05T09:30:00+01:00"),
        (("data", 0, "side"), "all"),
        (("data", 0, "file"), "sides/test.jsonl"),
        (("data", 0, "sha256"), "abc"),
        (("data", 0, "labelled"), -1),
        (("config", "train.epochs"), 4),
        (("figures",), {"train": {"accuracy": {"value": 0.5}}}),
        (("figures",), {}),
        (("figures", "test"), {}),
        (("figures", "test", "accuracy", "interval"), [0.857]),
        (("figures", "test", "accuracy", "n"), 0),
        (("figures", "test", "accuracy", "value"), None),
        (("cost", "seconds"), -1),
        (("cost", "updates"), 1.5),
        (("learned",), ""),
    ],
)
def test_broken_entries_are_refused(path, value):
    broken = copy.deepcopy(ENTRY)
    holder = broken
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    assert list(VALIDATOR.iter_errors(broken))


def test_a_failed_experiment_needs_no_figure():
    VALIDATOR.validate(ENTRY | {"status": "failed", "figures": {}})


@pytest.mark.parametrize("key", ["id", "date", "name", "status", "target", "code", "figures",
                                 "learned"])
def test_an_entry_without_a_field_is_refused(key):
    broken = dict(ENTRY)
    del broken[key]
    assert list(VALIDATOR.iter_errors(broken))


def test_the_projects_own_ledger_is_sound():
    lines = entries()
    assert len(lines) >= 13
    for line in lines:
        VALIDATOR.validate(line)
        for side in line["figures"].values():
            for figure in side.values():
                if figure["interval"]:
                    assert figure["interval"][0] <= figure["interval"][1]
    assert len({line["id"] for line in lines}) == len(lines)


def test_an_id_is_of_the_content():
    """Of the line as it is written: another program may spell the same number otherwise."""
    for text in LEDGER.read_text("utf-8").splitlines():
        line = json.loads(text)
        own = f'"id":"{line["id"]}","date":"{line["date"]}",'
        assert text.startswith("{" + own), line["name"]
        content = text.replace(own, "", 1)
        assert hashlib.sha256(content.encode()).hexdigest()[:12] == line["id"], line["name"]
