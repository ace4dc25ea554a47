"""Parquet in and out; pyarrow has to be installed for it: pip install "arcsat-scorer[parquet]"."""

from __future__ import annotations

import io
import json
import math
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, BinaryIO, Iterator

from .lines import InputError

_ROWS = 1024
#: Columns whose texts may hold JSON written out.
_WRITTEN_OUT = ("turns", "survey", "attributes")


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError("Parquet needs pyarrow, which this Python has not. To go on: pip install "
                         "\"arcsat-scorer[parquet]\"") from None
    return pyarrow


class Rows:
    """Iterates over a table's rows as JSON lines, as arcsat's ParquetLines gives them: null is left
    out, times are ISO 8601. Memory is some rows, or what a column of a group of rows unpacks to."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        pyarrow = _pyarrow()
        self._name = name
        try:
            self._file = pyarrow.parquet.ParquetFile(file)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error
        self.count = max(1, self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[bytes]:
        pyarrow = _pyarrow()
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS):
                for row in batch.to_pylist(maps_as_pydicts="lossy"):
                    yield _line(row)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> InputError:
        return InputError(f"{self._name}: found a Parquet file that is cut off or damaged ({error}). "
                          "To go on: write the file anew")


def _line(row: dict[str, Any]) -> bytes:
    parts = []
    for name, value in row.items():
        if value is None:
            continue
        text = isinstance(value, str) and name in _WRITTEN_OUT and value[:1] in ("[", "{")
        parts.append(f"{json.dumps(name)}:{value if text else json.dumps(_plain(value))}")
    return ("{" + ",".join(parts) + "}").replace("\n", " ").replace("\r", " ").encode("utf-8")


def _plain(value: Any) -> Any:
    """What JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        zone = value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value
        return zone.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


class ScoreTable:
    """Scores as the bytes of a Parquet file, with the columns of `arcsat score --format parquet`."""

    def __init__(self) -> None:
        pyarrow = _pyarrow()
        text, number = pyarrow.string(), pyarrow.float64()
        # JSON's own type, from pyarrow 19 on.
        turns = pyarrow.json_(text) if hasattr(pyarrow, "json_") else text
        self._schema = pyarrow.schema(
            [("id", text), *((name, number) for name in ("entry", "exit", "delta", "p_satisfied",
                                                         "interval_low", "interval_high", "csat")),
             ("boxes", text), ("set_level", number), ("set_answers", text), ("set_satisfied", text),
             ("customer_turns", pyarrow.int64()), ("model", text), ("turns", turns)])
        self._pyarrow, self._sink = pyarrow, _Sink()
        self._writer = pyarrow.parquet.ParquetWriter(self._sink, self._schema)

    def add(self, scores: list[dict[str, Any]]) -> bytes:
        """What comes next of the file."""
        rows = [_cells(score) for score in scores]
        self._writer.write_table(self._pyarrow.Table.from_pylist(rows, self._schema))
        return self._sink.take()

    def finish(self) -> bytes:
        self._writer.close()
        return self._sink.take()


def _cells(score: dict[str, Any]) -> dict[str, Any]:
    cells = {name: score.get(name)
             for name in ("id", "entry", "exit", "delta", "p_satisfied", "csat", "model")}
    if "interval" in score:
        cells["interval_low"], cells["interval_high"] = score["interval"]
    if "boxes" in score:
        cells["boxes"] = _list(score["boxes"])
    if "set" in score:
        cells["set_level"] = score["set"]["level"]
        for name in ("answers", "satisfied"):
            if score["set"].get(name):
                cells[f"set_{name}"] = _list(score["set"][name])
    cells["customer_turns"] = len(score["turns"])
    cells["turns"] = json.dumps(score["turns"], separators=(",", ":"))
    return cells


def _list(values: list[float]) -> str:
    return " ".join(format(value, "g") if value == int(value) else repr(value) for value in values)


class _Sink(io.RawIOBase):
    """A file that only grows, and hands out what it got."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
