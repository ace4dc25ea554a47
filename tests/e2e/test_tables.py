"""Parquet in place of JSON lines: conversations as a table, a row each, and scores as one."""

import datetime
import json
import os
import random
import subprocess

import pytest

import scorer_runs
import tiny

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

WAYS = [
    {},
    {"compression": "zstd", "row_group_size": 7},
    {"compression": "gzip", "data_page_version": "2.0", "data_page_size": 64},
    {"compression": "none", "use_dictionary": False, "data_page_size": 64},
    {"use_compliant_nested_type": False, "data_page_version": "2.0"},
]
READERS = ["program", "python"]


def model_of(reader, trained, bundle):
    return trained if reader == "program" else bundle


def scores_of(reader, model, data, tmp_path, *options, name="scores.jsonl"):
    out = tmp_path / f"{reader}-{name}"
    scorer_runs.score(reader, "--model", model, "--data", data, "--out", out, "--quiet", *options)
    return out


def without_null(value):
    """Null is left out of an object, and stays in a list."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def lines(calls, tmp_path_factory):
    """Conversations that have everything, a hundred of them."""
    records = tiny.records(calls)[:100]
    for i, record in enumerate(records):
        record["turns"][0]["satisfaction"] = [4, 2] if i % 3 == 0 else []
        if i % 10 == 0:
            record["turns"] = record["turns"][:1]
            record["turns"][0]["text"] = ""
    return records


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_table_is_scored_as_its_lines_are(reader, way, trained, bundle, lines, tmp_path):
    model = model_of(reader, trained, bundle)
    # What differs from row to row is text; Spark's and pandas' tables have no other way either.
    table = [{**record, "attributes": json.dumps(record.get("attributes", {}), indent=1)} for record in lines]
    path = tmp_path / "calls.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(table), path, **way)
    plain = tiny.write_records(tmp_path / "calls.jsonl", lines)
    got = scores_of(reader, model, path, tmp_path)
    wanted = scores_of(reader, model, plain, tmp_path, name="wanted.jsonl")
    assert got.read_bytes() == wanted.read_bytes()


def test_turns_may_be_text_and_a_map_an_object(trained, lines, run, tmp_path):
    table = pyarrow.table({
        "id": [record["id"] for record in lines],
        "channel": [record.get("channel") for record in lines],
        "turns": [json.dumps(record["turns"], indent=1) for record in lines],
        "attributes": pyarrow.array([[("made", "by hand"), ("näme \"x\"", "1")]] * len(lines),
                                    pyarrow.map_(pyarrow.string(), pyarrow.string()))})
    path = tmp_path / "calls.parquet"
    parquet.write_table(table, path)
    out = tmp_path / "out.jsonl"
    run("import", path, "--out", out, "--quiet")
    for got, wanted in zip(tiny.records(out), lines, strict=True):
        assert [turn["text"] for turn in got["turns"]] == [turn["text"] for turn in wanted["turns"]]
        assert got["attributes"] == {"made": "by hand", "näme \"x\"": "1"}


def test_a_folder_of_tables_of_both_kinds(run, lines, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for i, part in enumerate((lines[:1], lines[1:9])):
        records = [{"id": record["id"], "turns": record["turns"]} for record in part]
        parquet.write_table(pyarrow.Table.from_pylist(records), folder / f"records-{i}.parquet")
    rows = [{"id": lines[9]["id"], "speaker": turn["speaker"], "text": turn["text"]} for turn in lines[9]["turns"]]
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "turns.parquet")
    run("import", folder, "--out", tmp_path / "out.jsonl", "--quiet")
    got = {record["id"]: [turn["text"] for turn in record["turns"]] for record in tiny.records(tmp_path / "out.jsonl")}
    assert got == {record["id"]: [turn["text"] for turn in record["turns"]] for record in lines[:10]}


NESTED = [
    {"a": 1, "b": {"c": [1, None, 3], "d": [{"e": "x", "f": [[1.5], [], None]}, None]}},
    {"a": None, "b": None},
    {"a": -(2**62), "b": {"c": [], "d": None}},
    {"a": 4, "b": {"c": None, "d": []}},
    {"a": 5, "b": {"c": [7], "d": [{"e": None, "f": None}, {"e": "", "f": [[None, 2.0]]}, {"e": "\u2028\"\\\n\x01", "f": []}]}},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_any_nesting_comes_out_as_it_went_in(way, run, tmp_path):
    rows = NESTED * 30
    random.Random(1).shuffle(rows)
    base = {"id": "c", "turns": [{"speaker": "customer", "text": "Hi"}]}
    rows = [{**base, "id": f"c-{i}", "x": row, "day": datetime.date(2026, 1, 5)} for i, row in enumerate(rows)]
    path, out = tmp_path / "x.parquet", tmp_path / "out.jsonl"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, **way)
    run("import", path, "--out", out, "--quiet")
    records = [json.loads(line) for line in out.read_text().split("\n")[:-1]]  # U+2028 ends no line
    for got, wanted in zip(records, rows, strict=True):
        assert got["x"] == without_null(wanted["x"])
        assert got["day"] == "2026-01-05"


@pytest.mark.parametrize("reader", READERS)
def test_a_bad_row_is_named_or_left_out(reader, trained, bundle, lines, tmp_path):
    rows = [{"id": record["id"], "turns": record["turns"]} for record in lines[:5]]
    rows[2] = {"id": rows[2]["id"], "turns": [{"speaker": "nobody", "text": "Hi"}]}
    path = tmp_path / "calls.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=2)
    model = model_of(reader, trained, bundle)
    failed = scorer_runs.score(reader, "--model", model, "--data", path, "--out", tmp_path / "out", code=1)
    assert f"{path}:3: turns[0].speaker".encode() in failed.stderr
    out = scores_of(reader, model, path, tmp_path, "--skip-bad")
    assert [score["id"] for score in tiny.records(out)] == [row["id"] for i, row in enumerate(rows) if i != 2]
    assert tiny.records(f"{out}.rejects.jsonl")[0]["line"] == 3


@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_table_is_refused(reader, trained, bundle, lines, tmp_path):
    path = tmp_path / "calls.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"id": r["id"], "turns": r["turns"]} for r in lines]), path)
    whole, model, chance = path.read_bytes(), model_of(reader, trained, bundle), random.Random(2)
    spoilt = [whole[:len(whole) // 2], whole[:-1]]
    spoilt += [whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1:]
               for at in (chance.randrange(len(whole) - 3000, len(whole)) for _ in range(6))]
    for bytes_ in spoilt:
        path.write_bytes(bytes_)
        done = scorer_runs.score(reader, "--model", model, "--data", path, "--out", tmp_path / "out.jsonl",
                                 "--quiet", code=None)
        assert done.returncode in (0, 1), done.stderr
        assert done.returncode == 0 or str(path).encode() in done.stderr
        assert (tmp_path / "out.jsonl").exists() == (done.returncode == 0)
        (tmp_path / "out.jsonl").unlink(missing_ok=True)


@pytest.mark.parametrize("reader", [*READERS, "node"])
def test_a_pipe_cannot_be_read_from_its_end(reader, trained, bundle, lines, tmp_path):
    path = tmp_path / "calls.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"id": "c", "turns": lines[1]["turns"]}]), path)
    model = model_of(reader, trained, bundle)
    failed = scorer_runs.score(reader, "--model", model, "--out", tmp_path / "out", code=1, input=path.read_bytes())
    assert b"Parquet" in failed.stderr
    if reader == "node":  # it reads none
        failed = scorer_runs.score(reader, "--model", model, "--data", path, "--out", tmp_path / "out", code=1)
        assert b"Parquet" in failed.stderr
    else:  # but what is redirected is a file
        with open(path, "rb") as file:
            done = subprocess.run([*scorer_runs.command(reader), "--model", str(model), "--quiet"], stdin=file,
                                  env=scorer_runs.environment(), capture_output=True)
        assert json.loads(done.stdout)["id"] == "c", done.stderr


def test_scores_as_a_table_are_the_programs(trained, bundle, calls, tmp_path):
    ours = parquet.read_table(scores_of("python", bundle, calls, tmp_path, name="s.parquet"))
    theirs = parquet.read_table(scores_of("program", trained, calls, tmp_path, name="s.parquet"))
    assert ours.schema.names == theirs.schema.names
    assert [str(kind) for kind in ours.schema.types] == [str(kind) for kind in theirs.schema.types]
    rows = [[{**row, "turns": json.loads(row["turns"]), "boxes": [float(box) for box in (row["boxes"] or "").split()]}
             for row in table.to_pylist()] for table in (ours, theirs)]
    assert len(rows[0]) > 100
    assert scorer_runs.difference(*rows) < 1e-5


def test_a_table_cannot_be_gone_on_with_and_needs_pyarrow(bundle, calls, tmp_path):
    refused = scorer_runs.score("python", "--model", bundle, "--data", calls, "--out", tmp_path / "s.parquet",
                                "--resume", code=2)
    assert b"--resume" in refused.stderr
    (tmp_path / "pyarrow.py").write_text("raise ImportError('hidden')\n")
    environment = scorer_runs.environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    failed = subprocess.run([*scorer_runs.command("python"), "--model", str(bundle), "--data", str(calls), "--out",
                             str(tmp_path / "s.parquet")], env=environment, capture_output=True)
    assert failed.returncode == 1 and b"pip install" in failed.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".py") in ([], ["__pycache__"])
