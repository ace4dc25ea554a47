"""The JSON Schemas accept what the program's files hold, and refuse what its readers refuse.

The same fixtures are read by tests/unit/data_conversation_test.cc and data_split_test.cc, so a rule
that only one of the two knows shows up here or there.
"""

import copy
import json
import pathlib

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"


def validator(name):
    schema = json.loads((ROOT / "data" / "schema" / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def lines(name):
    text = (FIXTURES / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


@pytest.mark.parametrize(
    ("schema", "file", "count"),
    [("conversation", "conversations.jsonl", 5), ("score", "scores.jsonl", 2)],
)
def test_good_records_pass(schema, file, count):
    records = lines(file)
    assert len(records) == count
    for record in records:
        validator(schema).validate(record)


@pytest.mark.parametrize(
    ("schema", "number", "record"),
    [
        (schema, number, record)
        for schema in ("conversation", "score")
        for number, record in enumerate(lines(f"broken_{schema}s.jsonl"), 1)
    ],
)
def test_broken_records_are_refused(schema, number, record):
    assert list(validator(schema).iter_errors(record)), f"line {number} passes: {record}"


def test_split_passes():
    validator("split").validate(json.loads((FIXTURES / "split.json").read_text("utf-8")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "other"),
        (("version",), 2),
        (("options", "by"), "weather"),
        (("options", "train"), 1.5),
        (("options", "seed"), -1),
        (("counts", "train"), -1),
        (("counts",), {"train": 1}),
        (("near_duplicates", "list"), [["alone"]]),
        (("fingerprint",), "abc"),
        (("assignments", "c-1"), "holdout"),
        (("assignments",), []),
    ],
)
def test_broken_splits_are_refused(path, value):
    split = json.loads((FIXTURES / "split.json").read_text("utf-8"))
    broken = copy.deepcopy(split)
    holder = broken
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    assert list(validator("split").iter_errors(broken))


@pytest.mark.parametrize("key", ["format", "options", "counts", "fingerprint", "assignments"])
def test_split_without_a_field_is_refused(key):
    split = json.loads((FIXTURES / "split.json").read_text("utf-8"))
    del split[key]
    assert list(validator("split").iter_errors(split))
