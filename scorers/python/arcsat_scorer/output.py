"""Result files that appear whole, and that a killed run can go on with.

With `resume`, results grow in OUT.partial and OUT.partial.rejects, and OUT.partial.json says how
far they are good: it is replaced (temporary file, fsync, rename) after the results of a window are
on the disk. What lies beyond that is cut off when the work goes on, so nothing is scored twice in
the result and nothing is lost. arcsat itself, this package and the one for Node.js keep the same
files, so that one can go on where another was stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

FORMAT, VERSION = "arcsat-partial-scores", 1


class OutputError(Exception):
    """The results cannot be written, or do not belong to this call."""


class Output:
    """Where results go: OUT and, where something was left out, OUT.rejects.jsonl; or standard
    output, without a file of rejects.

        out = Output("scores.jsonl", model, resume=True)
        out.open()                       # apart, so that abandon() removes what a stop cut short
        for line in lines:               # all of them, also those that out.skip covers
            if out.take(line): ...       # False: this line was done before
        out.write(scores, rejects); out.commit()
    """

    def __init__(self, path: str, model: str, resume: bool = False) -> None:
        self._standard = path in ("", "-")
        # A link stays a link: what it points at is replaced.
        self._path, self._model, self._resume = Path(path), model, resume
        if self._path.exists():
            self._path = self._path.resolve()
        self._sum = ""  # over the lines so far: SHA-256 of the sum before, the line and "\n"
        self._lines = 0
        self.scored = self.rejected = 0
        self._done = 0  # lines of the input that an earlier run has finished
        self._state: dict[str, Any] = {}
        self._files: list[BinaryIO] = []
        self._sizes = [0, 0]
        ends = (".partial", ".partial.rejects") if resume else (
            f".tmp{os.getpid()}", f".rejects.tmp{os.getpid()}")
        self._names = [self._name(end) for end in ends]

    def open(self) -> None:
        """Opens the files; OutputError where those of an earlier run cannot be gone on with."""
        if self._standard:
            self._files = [sys.stdout.buffer]
        elif self._path.exists() and not self._path.is_file():
            # A device or a pipe: renaming over it would destroy it, so it is written to.
            if self._resume:
                raise OutputError(f"{self._path}: is no regular file. To go on: --resume needs one")
            self._standard, self._files = True, [open(self._path, "wb")]
        elif self._resume and self._name(".partial.json").exists():
            self._files = self._go_on()
        else:
            self._files = [open(name, "wb") for name in self._names]
        self._sizes = [self._state.get("bytes", 0), self._state.get("rejects_bytes", 0)]

    @property
    def resumed(self) -> int:
        """Conversations that an earlier run has scored."""
        return self._state.get("scored", 0)

    def _name(self, end: str) -> Path:
        return Path(f"{self._path}{end}")

    def _go_on(self) -> list[BinaryIO]:
        names, state = self._names, self._name(".partial.json")
        try:
            self._state = json.loads(state.read_text(encoding="utf-8"))
            if self._state["format"] != FORMAT or self._state["version"] > VERSION:
                raise ValueError("of another format or newer")
            self._done = int(self._state["lines"])
            files = [open(name, "r+b") for name in names]
            for file, size in zip(files, (self._state["bytes"], self._state["rejects_bytes"])):
                if file.seek(0, os.SEEK_END) < size:
                    raise ValueError(f"{file.name} is shorter than it says")
                file.truncate(size)
                file.seek(size)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise OutputError(f"{state}: cannot be gone on with ({error}). To go on: remove "
                              f"{names[0]}*, and begin again") from error
        if self._state["model"] != self._model:
            raise OutputError(f"{state}: found scores of the model {self._state['model']}; expected "
                              f"{self._model}. To go on: use that model, or remove {names[0]}*")
        self.scored, self.rejected = self._state["scored"], self._state["rejected"]
        return files

    def take(self, line: bytes) -> bool:
        """Notes a line of the input; False where its result is there already."""
        if self._resume:
            self._sum = hashlib.sha256(self._sum.encode() + line + b"\n").hexdigest()
        self._lines += 1
        if self._lines == self._done and self._sum != self._state["lines_sha256"]:
            self._refuse_other_data()
        return self._lines > self._done

    def _refuse_other_data(self) -> None:
        raise OutputError(f"{self._name('.partial')}: holds scores of other data: the first "
                          f"{self._done} lines differ. To go on: give the same data, or remove "
                          f"{self._name('.partial')}*")

    def write(self, scores: bytes, count: int, rejects: bytes, rejected: int) -> None:
        """Results of the lines taken since the last call; durable afterwards with `resume`."""
        if self._lines < self._done:
            self._refuse_other_data()
        self.scored += count
        self.rejected += rejected
        for i, part in enumerate((scores, rejects)[:len(self._files)]):
            self._files[i].write(part)
            self._files[i].flush()
            self._sizes[i] += len(part)
        if self._resume:
            self._checkpoint()

    def _checkpoint(self) -> None:
        for file in self._files:
            os.fsync(file.fileno())
        state = {"format": FORMAT, "version": VERSION, "model": self._model, "lines": self._lines,
                 "lines_sha256": self._sum, "bytes": self._sizes[0],
                 "rejects_bytes": self._sizes[1], "scored": self.scored, "rejected": self.rejected}
        temporary = self._name(".partial.json.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(json.dumps(state) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._name(".partial.json"))

    def commit(self) -> None:
        """Gives the results their names."""
        if self._standard:
            return
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        # First, so that a stop between the names below never leaves a state without its results.
        self._name(".partial.json").unlink(missing_ok=True)
        rejects = self._name(".rejects.jsonl")
        if self.rejected:
            os.replace(self._names[1], rejects)
        else:
            os.unlink(self._names[1])
            rejects.unlink(missing_ok=True)  # of an earlier run
        os.replace(self._names[0], self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        """Removes what is not whole, unless it can be gone on with."""
        if self._standard or self._resume:
            return
        for name in self._names:
            name.unlink(missing_ok=True)
