"""Tables in Parquet as pyarrow writes them: the same conversations and surveys as from CSV."""

import datetime
import decimal
import json
import subprocess

import probes
import pyarrow
import pyarrow.parquet
import pytest

BEGIN = datetime.datetime(2026, 1, 5, 9, 30, tzinfo=datetime.timezone.utc)
WAYS = [
    {"compression": "snappy"},
    {"compression": "none", "use_dictionary": False},
    {"compression": "gzip", "data_page_version": "2.0"},
    {"compression": "zstd", "row_group_size": 7},
    {"compression": "snappy", "data_page_version": "2.0", "data_page_size": 64},
    {"compression": "snappy", "use_dictionary": False, "data_page_size": 64, "version": "1.0"},
    {"compression": "none", "use_deprecated_int96_timestamps": True},
]


def call(*arguments, code=0):
    program = probes.FOLDER / "arcsat_import"
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def turns(count=40):
    texts = ['Hello, "you"', "Two\nlines", "", "ünï|😀;x", "=1+1", "yes " * 50]
    return pyarrow.table({
        "id": pyarrow.array([f"c-{i // 2}" for i in range(count)]),
        "speaker": pyarrow.array(["customer", "agent"] * (count // 2)).dictionary_encode(),
        "text": pyarrow.array([texts[i // 2 % len(texts)] for i in range(count)]),
        "time": pyarrow.array([BEGIN + datetime.timedelta(milliseconds=1500 * i) for i in range(count)],
                              pyarrow.timestamp("us", tz="UTC")),
        "csat": pyarrow.array([None if i // 2 % 3 == 0 else i // 2 % 3 + 1 for i in range(count)], pyarrow.int32()),
        "price": pyarrow.array([decimal.Decimal(i - 3) / 8 for i in range(count)], pyarrow.decimal128(9, 3)),
        "score2": pyarrow.array([i / 8 if i % 5 else None for i in range(count)]),
        "vip": pyarrow.array([i // 2 % 2 == 0 if i // 2 % 7 else None for i in range(count)]),
        "day": pyarrow.array([BEGIN.date() for _ in range(count)]),
        "tags": pyarrow.array([["a", "b"]] * count),
    })


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_conversations_are_what_was_written(tmp_path, way):
    table = turns()
    path, out = tmp_path / "turns.parquet", tmp_path / "out.jsonl"
    pyarrow.parquet.write_table(table, path, store_decimal_as_integer=True, **way)
    call(path, "--out", out)
    records = [json.loads(line) for line in open(out, encoding="utf-8")]
    rows = table.to_pylist()
    assert len(records) == len(rows) // 2
    for i, record in enumerate(records):
        first, second = rows[2 * i], rows[2 * i + 1]
        assert record["id"] == first["id"]
        assert [turn["text"] for turn in record["turns"]] == [first["text"], second["text"]]
        assert [turn["speaker"] for turn in record["turns"]] == ["customer", "agent"]
        begin = datetime.datetime.fromisoformat(record["started_at"])
        for turn, row in zip(record["turns"], (first, second)):
            assert begin + datetime.timedelta(seconds=turn["at"]) == row["time"]
        assert record["survey"]["score"] == first["csat"]
        kept = record["attributes"]
        assert decimal.Decimal(kept["price"]) == first["price"]
        assert (float(kept["score2"]) if "score2" in kept else None) == first["score2"]
        assert kept.get("vip") == (None if first["vip"] is None else str(first["vip"]).lower())
        assert kept["day"] == "2026-01-05"
        assert "tags" not in kept  # a list is no cell


def test_a_survey_comes_as_parquet_and_in_a_folder(tmp_path):
    survey = tmp_path / "survey.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": ["c-0", "c-1", "x"], "score": [5, None, 3]}), survey)
    folder = tmp_path / "in"
    folder.mkdir()
    pyarrow.parquet.write_table(turns(4).drop(["csat"]), folder / "a.parquet")
    out = tmp_path / "out.jsonl"
    done = call(folder, "--survey_table.file", survey, "--out", out, "--json", "--quiet")
    assert json.loads(done.stdout)["table"]["matched"] == 2
    scores = [json.loads(line)["survey"]["score"] for line in open(out, encoding="utf-8")]
    assert scores == [5, None]


def test_what_is_not_known_or_damaged_is_an_error_with_its_place(tmp_path):
    for way, found in (({"compression": "lz4"}, "compression"),
                       ({"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}}, "encoding 7")):
        path = tmp_path / "t.parquet"
        pyarrow.parquet.write_table(turns(), path, **way)
        assert found in call(path, code=1, *["--format", "csv"]).stderr
    pyarrow.parquet.write_table(turns(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    assert "Parquet" in call(path, "--format", "csv", code=1).stderr


def test_twenty_million_rows_in_some_kilobytes(tmp_path):
    path = tmp_path / "t.parquet"
    count = 20_000_000
    pyarrow.parquet.write_table(pyarrow.table({"id": pyarrow.repeat("", count)}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    assert "too large" in call(path, "--format", "csv", code=1).stderr
