"""Which files an ONNX graph keeps weights in (onnx.proto of ONNX 1.15, field numbers from there)."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Iterator

# Message -> {field: message}: the ways from a model to its tensors.
_WAYS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_DEEPEST = 64


def external_files(path: Path) -> list[str]:
    """Locations that the model's tensors name, each once. ValueError where it is no ONNX file."""
    if path.stat().st_size == 0:
        raise ValueError("it is empty")
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        view = memoryview(data)
        try:
            return list(dict.fromkeys(_locations(view, 0, len(view), "model", 0)))
        except IndexError:
            raise ValueError("it is cut short") from None
        finally:
            view.release()


def _locations(data: memoryview, at: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError(f"graphs are nested more than {_DEEPEST} deep")
    for field, start, stop in _fields(data, at, end):
        if message == "tensor":
            if field == 13:
                entry = {key: data[a:b].tobytes() for key, a, b in _fields(data, start, stop)}
                if entry.get(1) == b"location":
                    yield entry.get(2, b"").decode("utf-8", "replace")
        elif (inner := _WAYS[message].get(field)) is not None:
            yield from _locations(data, start, stop, inner, depth + 1)


def _fields(data: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(field, start, stop) of a message's fields that have a length."""
    while at < end:
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == 2:
            size, at = _varint(data, at, end)
            if at + size > end:
                raise ValueError("it is cut short")
            yield tag >> 3, at, at + size
            at += size
        elif kind == 0:
            _, at = _varint(data, at, end)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
            if at > end:
                raise ValueError("it is cut short")
        else:
            raise ValueError("it is no ONNX file")


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("it is cut short")
