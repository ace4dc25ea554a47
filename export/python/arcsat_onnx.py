"""Scores support conversations with a bundle that `arcsat export` made.

    python arcsat_onnx.py BUNDLE calls.jsonl > scores.jsonl

    scorer = Scorer("bundles/first")
    scores = scorer.score([{"id": "c-1", "turns": [{"speaker": "customer", "text": "Hi?"}]}])
    scores[0]["p_satisfied"]  # 0..1, calibrated

Needs onnxruntime, numpy and tokenizers. Scores are those of `arcsat score`, within 1e-5.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Iterator, TextIO

import numpy as np
import onnxruntime

from arcsat_text import TurnTokenizer

Conversation = dict[str, Any]
Score = dict[str, Any]

FORMAT, VERSION = "arcsat-bundle", 1
SPEAKERS = ("customer", "agent", "bot")
CHANNELS = {"chat": 1, "voice": 2}


class BundleError(Exception):
    """The bundle, or a conversation, is not as it should be; the message says where and what."""


@dataclass
class _Encoded:
    """A conversation as the graph takes it."""

    ids: list[list[int]]
    speakers: list[int]
    channel: int
    gaps: list[float]

    @property
    def tokens(self) -> int:
        return sum(len(turn) for turn in self.ids)


class Scorer:
    """A loaded bundle. `threads` 0 lets ONNX Runtime choose; `batch_tokens` bounds memory."""

    def __init__(self, bundle: str | os.PathLike[str], threads: int = 0,
                 batch_tokens: int = 16384) -> None:
        folder = Path(bundle)
        try:
            self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BundleError(f"{folder / 'manifest.json'}: {error}; give a folder that arcsat "
                              "export made") from error
        if self.manifest.get("format") != FORMAT or self.manifest.get("version", 99) > VERSION:
            raise BundleError(f"{folder}: no bundle of a version up to {VERSION}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(folder / self.manifest["graph"]["file"]), options,
            providers=["CPUExecutionProvider"])
        self._tokenizer = TurnTokenizer(folder, self.manifest["text"])
        self._pad = int(self.manifest["text"]["pad_id"])
        self._batch_tokens = batch_tokens

    def score(self, conversations: list[Conversation]) -> list[Score]:
        """A score for each conversation, in the order given (the record of DESIGN.md)."""
        encoded = self._encode(conversations)
        scores: list[Score | None] = [None] * len(conversations)
        for batch in self._batches(encoded):
            outputs = self._run([encoded[i] for i in batch])
            for row, i in enumerate(batch):
                scores[i] = self._assemble(conversations[i], encoded[i], outputs, row)
        return [score for score in scores if score is not None]

    def _encode(self, conversations: list[Conversation]) -> list[_Encoded]:
        texts: dict[str, int] = {}
        for conversation in conversations:
            for turn in conversation["turns"]:
                texts.setdefault(turn["text"], len(texts))
        ids = self._tokenizer.encode_all(list(texts))
        return [self._encode_one(conversation, texts, ids) for conversation in conversations]

    @staticmethod
    def _encode_one(conversation: Conversation, texts: dict[str, int],
                    ids: list[list[int]]) -> _Encoded:
        turns = conversation["turns"]
        gaps, before = [], None
        for turn in turns:
            at = turn.get("at")
            gaps.append(-1.0 if at is None or before is None else max(0.0, at - before))
            before = at
        try:
            speakers = [SPEAKERS.index(turn["speaker"]) for turn in turns]
        except ValueError as error:
            raise BundleError(f"conversation {conversation.get('id')}: a speaker is none of "
                              f"{', '.join(SPEAKERS)}") from error
        return _Encoded([ids[texts[turn["text"]]] for turn in turns], speakers,
                        CHANNELS.get(conversation.get("channel") or "", 0), gaps)

    def _batches(self, encoded: list[_Encoded]) -> Iterator[list[int]]:
        """Conversations of like size together, so that little is padded and memory is bounded."""
        order = sorted(range(len(encoded)), key=lambda i: (encoded[i].tokens, len(encoded[i].ids)))
        batch: list[int] = []
        tokens = 0
        for i in order:
            if batch and tokens + encoded[i].tokens > self._batch_tokens:
                yield batch
                batch, tokens = [], 0
            batch.append(i)
            tokens += encoded[i].tokens
        if batch:
            yield batch

    def _run(self, batch: list[_Encoded]) -> dict[str, np.ndarray]:
        turns = max(1, max(len(one.ids) for one in batch))
        tokens = max((len(ids) for one in batch for ids in one.ids), default=1)
        shape = (len(batch), turns)
        feeds = {
            "input_ids": np.full((*shape, tokens), self._pad, np.int64),
            "turn_tokens": np.zeros(shape, np.int64),
            "speaker": np.zeros(shape, np.int64),
            "channel": np.array([one.channel for one in batch], np.int64),
            "gap_seconds": np.full(shape, -1, np.float32),
        }
        for row, one in enumerate(batch):
            for i, ids in enumerate(one.ids):
                feeds["input_ids"][row, i, :len(ids)] = ids
                feeds["turn_tokens"][row, i] = len(ids)
            feeds["speaker"][row, :len(one.ids)] = one.speakers
            feeds["gap_seconds"][row, :len(one.ids)] = one.gaps
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feeds), strict=True))

    def _assemble(self, conversation: Conversation, encoded: _Encoded,
                  outputs: dict[str, np.ndarray], row: int) -> Score:
        score: Score = {"id": conversation["id"]}
        for name in ("entry", "exit", "delta", "p_satisfied"):
            score[name] = float(outputs[name][row])
        low, high = (float(end) for end in outputs["interval"][row])
        if not math.isnan(low):
            score["interval"] = [low, high]
        if not math.isnan(csat := float(outputs["csat"][row])):
            score["csat"] = csat
        if "boxes" in outputs:
            score["boxes"] = outputs["boxes"][row].tolist()
        score["turns"] = [
            {"i": i, "speaker": "customer", "state": float(outputs["state"][row, i]),
             "outlook": float(outputs["outlook"][row, i])}
            for i, speaker in enumerate(encoded.speakers) if speaker == 0]
        score["model"] = self.manifest["model"]
        return score


def score_lines(scorer: Scorer, lines: Iterable[str], out: TextIO, window: int = 512) -> int:
    """Scores JSON lines as they come, `window` conversations at a time; gives their number."""
    count = 0
    waiting: list[Conversation] = []

    def flush() -> None:
        for score in scorer.score(waiting):
            out.write(json.dumps(score, ensure_ascii=False) + "\n")
        waiting.clear()

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record["id"], str) or not isinstance(record["turns"], list):
                raise TypeError("\"id\" must be text and \"turns\" a list")
            if not all(isinstance(turn["text"], str) and turn["speaker"] in SPEAKERS
                       for turn in record["turns"]):
                raise TypeError(f"each turn needs a text and a speaker of {', '.join(SPEAKERS)}")
        except (ValueError, KeyError, TypeError) as error:
            raise BundleError(f"line {number}: {type(error).__name__}: {error}; expected a "
                              "conversation, one JSON object a line") from error
        waiting.append(record)
        count += 1
        if len(waiting) == window:
            flush()
    flush()
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Scores conversations with an arcsat bundle.")
    parser.add_argument("bundle", help="folder that arcsat export made")
    parser.add_argument("data", nargs="?", default="-", help="JSON lines; - is standard input")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        scorer = Scorer(options.bundle, options.threads)
        if options.data == "-":
            score_lines(scorer, sys.stdin, sys.stdout)
        else:
            with open(options.data, encoding="utf-8") as lines:
                score_lines(scorer, lines, sys.stdout)
    except (BundleError, OSError) as error:
        print(f"arcsat_onnx: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
