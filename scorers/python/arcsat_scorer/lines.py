"""Lines of plain and compressed files, as arcsat's LineReader gives them."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import os
import stat
import sys
import zlib
from typing import Any, BinaryIO, Iterator

LONGEST = 256 << 20


class InputError(Exception):
    """The data cannot be read; the message says where and what to do."""


class Lines:
    """Iterates over the lines of a file, or of standard input ("-"), without their ends; a byte
    order mark at the start is dropped. .gz, .zst, .xz and .bz2 are told by content. Of a Parquet
    file the rows come as JSON, a line each (tables.py)."""

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == "-" else path
        self.number = 0
        try:
            self._raw = _Raw(sys.stdin.buffer.raw if path == "-" else open(path, "rb", buffering=0))
            self.total = self._raw.size()
            self._rows = self._raw.table(self.name)
            self._file = _decoder(self._raw, self.name)
        except OSError as error:
            raise InputError(f"{path}: opening failed: {error.strerror or error}. To go on: check "
                             "the path and that you may read it") from error

    @property
    def place(self) -> str:
        return f"{self.name}:{self.number}"

    @property
    def consumed(self) -> int:
        """Bytes taken of the file as it lies on disk."""
        if self._rows is not None:
            return self.total * self.number // self._rows.count
        return self._raw.consumed

    def __iter__(self) -> Iterator[bytes]:
        if self._rows is not None:
            for line in self._rows:
                self.number += 1
                yield line
            return
        while True:
            try:
                line = self._file.readline(LONGEST + 2)
            except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
                raise InputError(f"{self.name}:{self.number + 1}: found compressed data that is cut "
                                 f"off or damaged ({error}). To go on: copy or compress the file "
                                 "again") from error
            if not line:
                return
            self.number += 1
            if len(line) > LONGEST + 1:
                raise InputError(f"{self.place}: found a line longer than {LONGEST} bytes. To go "
                                 "on: check that the file has line breaks")
            if self.number == 1 and line.startswith(b"\xef\xbb\xbf"):
                line = line[3:]
            line = line.removesuffix(b"\n")
            yield line.removesuffix(b"\r")


class _Raw(io.RawIOBase):
    """Counts the bytes that are read, for the progress; shows the first ones beforehand."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.consumed = file, 0
        self.first = b""
        while len(self.first) < 10 and (more := file.read(10 - len(self.first))):
            self.first += more
        self._waits = self.first

    def size(self) -> int:
        """0 where it is not known."""
        info = os.fstat(self._file.fileno())
        return info.st_size if stat.S_ISREG(info.st_mode) else 0

    def table(self, name: str) -> Any:
        """The rows of a Parquet file; None of any other."""
        if not self.first.startswith(b"PAR1"):
            return None
        from .tables import Rows  # needs this module
        if not self.size():
            raise InputError(f"{name}: found a Parquet file that cannot be read from its end. To go "
                             "on: name the file itself")
        self._file.seek(0)
        return Rows(self._file, name)

    def readinto(self, buffer: memoryview) -> int:
        if self._waits:
            data, self._waits = self._waits[:len(buffer)], self._waits[len(buffer):]
        else:
            data = self._file.read(len(buffer))
        buffer[:len(data)] = data
        self.consumed += len(data)
        return len(data)

    def readable(self) -> bool:
        return True


def _decoder(raw: _Raw, name: str) -> BinaryIO:
    first = raw.first
    if first.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=io.BufferedReader(raw, 1 << 16))
    if first.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(io.BufferedReader(raw, 1 << 16))
    if first.startswith(b"BZh") and first[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return bz2.BZ2File(io.BufferedReader(raw, 1 << 16))
    if first.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            return importlib.import_module("compression.zstd").ZstdFile(raw)
        except ImportError:
            raise InputError(f"{name}: is compressed by zstd, which this Python cannot read. To go "
                             f"on: zstd -dc {name} | arcsat-score --data -") from None
    return io.BufferedReader(raw, 1 << 16)
