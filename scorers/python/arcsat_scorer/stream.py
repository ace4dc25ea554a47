"""Running conversations: a new turn costs a turn, whatever came before it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .bundle import Bundle
from .records import CHANNELS, SPEAKERS, check
from .scorer import Score, figures, gap_seconds, open_session, open_tokenizer
from .sets import open_sets

_TYPES = {"int64": np.int64, "float32": np.float32, "float64": np.float64}


@dataclass
class Running:
    """A conversation that goes on, with what the next turn needs of those before. A copy
    (copy.deepcopy) goes on by itself; it can be pickled and go on in another process."""

    id: str
    channel: str | None = None
    at: float | None = None
    turns: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[str, np.ndarray] = field(default_factory=dict)
    count: int = 0


class StreamScorer:
    """Scores conversations turn by turn with a bundle exported with --stream.

        stream = StreamScorer("bundles/first")
        call = stream.begin("c-1", channel="voice")
        score = stream.add(call, {"speaker": "customer", "text": "Hi?", "at": 0.0})

    `score` is what Scorer says of the conversation so far, within 1e-5. `threads` 0 lets ONNX Runtime
    choose; a turn is little work, for which one is best."""

    def __init__(self, bundle: str | os.PathLike[str], *, threads: int = 1,
                 verify: bool = True) -> None:
        self.bundle = Bundle(bundle, verify=verify)
        self.model: str = self.bundle.manifest["model"]
        self.graphs = self.bundle.stream()
        self.sessions = {}
        for name in ("turn_encoder", "conversation_step"):
            self.sessions[name] = open_session(self.bundle.folder / self.graphs[name]["file"],
                                               threads)
            self.bundle.check_session(self.sessions[name], self.graphs[name], f"stream.{name}")
        self._tokenizer = open_tokenizer(self.bundle)
        self._sets = open_sets(self.bundle)

    def begin(self, name: str, channel: str | None = None) -> Running:
        """A conversation before its first turn; RecordError on a channel that does not exist."""
        check({"id": name, "channel": channel, "turns": []})
        return Running(name, channel)

    def add(self, running: Running, turn: dict[str, Any]) -> Score:
        """Takes one more turn; RecordError where it cannot be read, and then `running` stays."""
        check({"id": running.id, "channel": running.channel, "turns": [turn]})
        at = turn.get("at")
        ids = self._tokenizer.encode_all([turn["text"]])[0]
        outputs = self.step(running, ids, SPEAKERS.index(turn["speaker"]),
                            gap_seconds(running.at, at))
        running.at = at
        if turn["speaker"] == "customer":
            running.turns.append({"i": running.count - 1, "speaker": "customer",
                                  "state": float(outputs["state"][0]),
                                  "outlook": float(outputs["outlook"][0])})
        return {"id": running.id, **figures(outputs, 0, self._sets, running.channel),
                "turns": list(running.turns), "model": self.model}

    def step(self, running: Running, ids: list[int], speaker: int,
             gap: float) -> dict[str, np.ndarray]:
        """The two graphs on a turn's ids: what they say, and `running` brought up to date."""
        feeds = {"input_ids": np.array(ids, np.int64), "speaker": np.array([speaker], np.int64),
                 "channel": np.array([CHANNELS.get(running.channel or "", 0)], np.int64),
                 "gap_seconds": np.array([gap], np.float32)}
        outputs: dict[str, np.ndarray] = {}
        memory: dict[str, np.ndarray] = {}
        for name, session in self.sessions.items():
            inputs = {}
            for tensor in self.graphs[name]["inputs"]:
                key = tensor["name"]
                if key.startswith("past_"):
                    inputs[key] = running.memory.get(key, _empty(tensor))
                else:
                    inputs[key] = outputs[key] if key in outputs else feeds[key]
            names = [tensor["name"] for tensor in self.graphs[name]["outputs"]]
            for key, value in zip(names, session.run(names, inputs), strict=True):
                if key.startswith("present_"):
                    memory[key.replace("present_", "past_", 1)] = value
                else:
                    outputs[key] = value
        running.memory = memory
        running.count += 1
        return outputs


def _empty(tensor: dict[str, Any]) -> np.ndarray:
    """What is remembered before the first turn: nothing, and of what is counted, 0."""
    shape = [size if isinstance(size, int) else 0 for size in tensor["shape"]]
    return np.zeros(shape, _TYPES[tensor["type"]])
