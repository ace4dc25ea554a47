"""arcsat-score: the interface of `arcsat score`, on a bundle."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from typing import Any

from .bundle import BundleError
from .lines import InputError, Lines
from .output import Output, OutputError
from .progress import Progress
from .records import Conversation, RecordError, parse
from .scorer import Scorer
from .tables import ScoreTable

_WINDOW, _WINDOW_BYTES = 1024, 32 << 20
_SHOWN = 20


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arcsat-score", allow_abbrev=False,
        description="Scores conversations with a bundle that arcsat export made. One JSON object a "
        "line.", epilog="Example: arcsat-score --model bundles/first --data calls.jsonl.gz --out "
        "scores.jsonl --resume")
    parser.add_argument("--model", metavar="BUNDLE", required=True, help="folder of the bundle")
    parser.add_argument("--data", metavar="FILE", default="-",
                        help="file of conversations, JSON lines or Parquet, or - for standard input "
                        "(default -)")
    parser.add_argument("--out", metavar="FILE", default="",
                        help="file for the scores; standard output where none is given")
    parser.add_argument("--format", choices=("auto", "jsonl", "parquet"), default="auto",
                        help="of the scores; auto: what the end of --out says (default auto)")
    parser.add_argument("--variant", metavar="NAME", default="fp32",
                        help="graph of the bundle (default fp32)")
    parser.add_argument("--threads", metavar="NUMBER", type=int, default=0,
                        help="CPU threads; 0: ONNX Runtime's choice (default 0)")
    parser.add_argument("--skip-bad", action="store_true",
                        help="leave out records that cannot be scored, reported on standard error "
                        "and, with --out, in FILE.rejects.jsonl, instead of ending")
    parser.add_argument("--resume", action="store_true",
                        help="keep what is done in FILE.partial, and go on there after a stop; give "
                        "it from the start")
    parser.add_argument("--json", action="store_true",
                        help="what was done, or the error, as JSON for machines")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser


class _Run:
    """Reads, scores and writes a window of conversations at a time: memory is one window."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.scorer: Scorer | None = None
        self.out: Output | None = None
        self._waiting: list[Conversation] = []
        self._bytes = self._bad = 0
        self._rejects: list[bytes] = []
        self._table = ScoreTable() if _as_table(options) else None
        self.reasons: list[str] = []

    def abandon(self) -> None:
        """Leaves nothing half done, after run() too."""
        if self.out is not None:
            self.out.abandon()

    def run(self) -> None:
        options = self._options
        self.scorer = Scorer(options.model, variant=options.variant, threads=options.threads)
        self.out = Output(options.out, self.scorer.model, options.resume)
        self.out.open()
        lines = Lines(self._options.data)
        progress = Progress(self._options.quiet, self.out.resumed)

        def flush(last: bool = False) -> None:
            self._flush()
            share = min(1.0, lines.consumed / lines.total) if lines.total else None
            progress.update(self.out.scored, share, last)

        for line in lines:
            # A window's lines are noted with it, so a checkpoint never runs ahead of the results.
            if self.out.take(line) and line.strip(b" \t\r"):
                self._read(line, lines)
            if len(self._waiting) >= _WINDOW or self._bytes >= _WINDOW_BYTES:
                flush()
        flush(last=True)
        if self._table is not None:
            self.out.write(self._table.finish(), 0, b"", 0)
        if self.out.scored == 0:
            raise InputError(f"{lines.name}: holds no conversation that can be scored; expected one "
                             "JSON object a line. To go on: see docs/formats.md")
        self.out.commit()

    def _read(self, line: bytes, lines: Lines) -> None:
        try:
            self._waiting.append(parse(line))
            self._bytes += len(line)
        except RecordError as error:
            if not self._options.skip_bad:
                raise RecordError(f"{lines.place}: {error}. To go on: mend the line, or pass "
                                  "--skip-bad to leave it out") from None
            self._bad += 1
            self._bytes += len(line)
            self._rejects.append(_line({"line": lines.number, "reason": str(error)}))
            if len(self.reasons) < _SHOWN:
                self.reasons.append(f"{lines.place}: {error}")

    def _flush(self) -> None:
        scores = self.scorer.score_checked(self._waiting) if self._waiting else []
        written = b"".join(map(_line, scores)) if self._table is None else self._table.add(scores)
        self.out.write(written, len(scores), b"".join(self._rejects), self._bad)
        self._waiting.clear()
        self._rejects.clear()
        self._bytes = self._bad = 0


def _as_table(options: argparse.Namespace) -> bool:
    return options.format == "parquet" or (
        options.format == "auto" and options.out.endswith(".parquet"))


def _line(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8")


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 the work failed, 2 the call was wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.resume and options.out in ("", "-"):
        parser.error("--resume needs --out FILE")
    if options.resume and _as_table(options):
        parser.error("--resume goes on with JSON lines only; leave it out, or write .jsonl")
    if not 0 <= options.threads <= 4096:
        parser.error(f"--threads {options.threads}: expected a number from 0 to 4096")
    signal.signal(signal.SIGTERM, _stop)
    begin = time.monotonic()
    run = None
    try:
        run = _Run(options)
        run.run()
    except (BundleError, InputError, OutputError, RecordError, OSError, MemoryError) as error:
        text = str(error) or "there is not enough memory"
        print(f"arcsat-score: {text}", file=sys.stderr)
        if options.json:
            print(json.dumps({"error": {"command": "score", "message": text}}), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if run is not None:
            run.abandon()
    _tell(run, options, time.monotonic() - begin)
    return 0


def _tell(run: _Run, options: argparse.Namespace, seconds: float) -> None:
    if run.out.rejected and not options.quiet:
        print(f"left out: {run.out.rejected:,}", file=sys.stderr)
        for reason in run.reasons:
            print(f"  {reason}", file=sys.stderr)
    if options.json and options.out not in ("", "-"):
        print(json.dumps({"scored": run.out.scored, "rejected": run.out.rejected,
                          "resumed": run.out.resumed, "seconds": round(seconds, 3),
                          "model": run.scorer.model}))


if __name__ == "__main__":
    sys.exit(main())
