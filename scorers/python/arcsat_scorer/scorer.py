"""Conversations to scores through ONNX Runtime."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import numpy as np
import onnxruntime

from .bundle import Bundle, BundleError
from .records import CHANNELS, SPEAKERS, Conversation, RecordError, check
from .sets import AnswerSets, open_sets
from .text import TurnTokenizer

Score = dict[str, Any]
_LONGEST = float(np.finfo(np.float32).max)


@dataclass
class _Encoded:
    """A conversation as the graph takes it."""

    ids: list[list[int]]
    speakers: list[int]
    channel: int
    gaps: list[float]
    tokens: int


class Scorer:
    """A loaded bundle, checked file by file unless `verify` is False (BundleError says what is
    wrong). `variant` names one of its graphs; `threads` 0 lets ONNX Runtime choose; `batch_tokens`
    are computed at once and bound memory."""

    def __init__(self, bundle: str | os.PathLike[str], *, variant: str = "fp32", threads: int = 0,
                 batch_tokens: int = 8192, verify: bool = True) -> None:
        self.bundle = Bundle(bundle, variant, verify)
        self.manifest = self.bundle.manifest
        self.model: str = self.manifest["model"]
        self.session = open_session(self.bundle.graph_path, threads)
        self.bundle.check_session(self.session)
        self._tokenizer = open_tokenizer(self.bundle)
        self._sets = open_sets(self.bundle)
        self._names = [output.name for output in self.session.get_outputs()]
        self._pad = self.manifest["text"]["pad_id"]
        self._batch_tokens = batch_tokens

    def score(self, conversations: Sequence[Conversation],
              reject: Callable[[int, str], None] | None = None) -> list[Score | None]:
        """A score for each conversation, in the order given (docs/formats.md). One that cannot be
        scored raises RecordError; with `reject` that is told its place and the reason instead, and
        its score is None."""
        good: list[int] = []
        for i, conversation in enumerate(conversations):
            try:
                check(conversation)
                good.append(i)
            except RecordError as error:
                if reject is None:
                    raise RecordError(f"conversation {i}: {error}") from None
                reject(i, str(error))
        scores: list[Score | None] = [None] * len(conversations)
        for i, score in zip(good, self.score_checked([conversations[i] for i in good])):
            scores[i] = score
        return scores

    def score_checked(self, conversations: Sequence[Conversation]) -> list[Score]:
        """Like score, for conversations that records.parse has read."""
        encoded = self._encode(conversations)
        scores: list[Score] = [{}] * len(conversations)
        for batch in self._batches(encoded):
            outputs = self._run([encoded[i] for i in batch])
            for row, i in enumerate(batch):
                scores[i] = self._assemble(conversations[i], encoded[i], outputs, row)
        return scores

    def _encode(self, conversations: Sequence[Conversation]) -> list[_Encoded]:
        """Texts that repeat are tokenised once."""
        texts: dict[str, int] = {}
        for conversation in conversations:
            for turn in conversation["turns"]:
                texts.setdefault(turn["text"], len(texts))
        ids = self._tokenizer.encode_all(list(texts))
        out = []
        for conversation in conversations:
            turns = conversation["turns"]
            rows = [ids[texts[turn["text"]]] for turn in turns]
            out.append(_Encoded(rows, [SPEAKERS.index(turn["speaker"]) for turn in turns],
                                CHANNELS.get(conversation.get("channel") or "", 0), _gaps(turns),
                                sum(map(len, rows))))
        return out

    def _batches(self, encoded: list[_Encoded]) -> Iterator[list[int]]:
        """Conversations of like length together, so that inputs are padded little. The graph itself
        computes no padding, so a batch is bounded by its real tokens, and, as the ids are handed
        over padded, by eight times as many padded ones."""
        order = sorted(range(len(encoded)), key=lambda i: (encoded[i].tokens, len(encoded[i].ids)))
        batch: list[int] = []
        tokens = turns = longest = 0
        for i in order:
            one = encoded[i]
            turns_now = max(turns, len(one.ids))
            longest_now = max(longest, max(map(len, one.ids), default=1))
            padded = (len(batch) + 1) * turns_now * longest_now
            if batch and (tokens + one.tokens > self._batch_tokens
                          or padded > 8 * self._batch_tokens):
                yield batch
                batch, tokens = [], 0
                turns_now, longest_now = len(one.ids), max(map(len, one.ids), default=1)
            batch.append(i)
            tokens, turns, longest = tokens + one.tokens, turns_now, longest_now
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
        return dict(zip(self._names, self.session.run(self._names, feeds), strict=True))

    def _assemble(self, conversation: Conversation, encoded: _Encoded,
                  outputs: dict[str, np.ndarray], row: int) -> Score:
        score: Score = {"id": conversation["id"],
                        **figures(outputs, row, self._sets, conversation.get("channel"))}
        score["turns"] = [
            {"i": i, "speaker": "customer", "state": float(outputs["state"][row, i]),
             "outlook": float(outputs["outlook"][row, i])}
            for i, speaker in enumerate(encoded.speakers) if speaker == 0]
        score["model"] = self.model
        return score


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A graph on the CPU; BundleError where ONNX Runtime refuses it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no class of its own for a graph it refuses
        raise BundleError(path, f"is refused by ONNX Runtime: {error}",
                          "export the model again, or use a newer onnxruntime") from error


def open_tokenizer(bundle: Bundle) -> TurnTokenizer:
    try:
        return TurnTokenizer(bundle.folder, bundle.manifest["text"])
    except Exception as error:  # tokenizers raises plain Exception
        raise BundleError(bundle.folder, f"its tokenizer cannot be read: {error}") from error


def figures(outputs: dict[str, np.ndarray], row: int, sets: AnswerSets | None,
            channel: str | None) -> Score:
    """What a graph says of a conversation as a whole, as a score has it."""
    score: Score = {name: float(outputs[name][row])
                    for name in ("entry", "exit", "delta", "p_satisfied")}
    low, high = (float(end) for end in outputs["interval"][row])
    if not math.isnan(low):
        score["interval"] = [low, high]
    if not math.isnan(csat := float(outputs["csat"][row])):
        score["csat"] = csat
    if "boxes" in outputs:
        score["boxes"] = outputs["boxes"][row].tolist()
    if sets is not None and (answers := sets.predict(score, channel)) is not None:
        score["set"] = answers
    return score


def gap_seconds(before: float | None, at: float | None) -> float:
    """Seconds since the turn before; -1 where either time is unknown, and at the first turn."""
    # The graph takes single precision; a longer gap than it holds is as long as it holds.
    return -1.0 if at is None or before is None else min(max(0.0, at - before), _LONGEST)


def _gaps(turns: list[dict[str, Any]]) -> list[float]:
    times = [turn.get("at") for turn in turns]
    return [gap_seconds(before, at) for before, at in zip([None, *times], times)]
