"""The graph that takes texts (model.text.onnx): golden conversations in Latin letters must get their scores
from it, and it is tried on a sentence of each of some scripts, since ONNX Runtime Extensions' tokenizers
know fewer of Unicode's rules than the model's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Callable

import numpy as np
import onnxruntime

from arcsat_scorer import Scorer
from arcsat_scorer.records import CHANNELS, SPEAKERS
from arcsat_scorer.scorer import figures, gap_seconds

#: One sentence a script, with what is hard about it: capitals, accents, marks, joined letters.
SENTENCES = {
    "Latin": "It's £12.50 (20%) off -- café, naïve, Ångström, e\u0301tude; DON'T call me #1!",
    "Turkish": "İstanbul'da ışık yok, ÇÖZÜM nerede?",
    "Greek": "Η ΣΥΝΔΕΣΗ μου δεν λειτουργεί, τι να κάνω;",
    "Cyrillic": "Мой Интернет НЕ работает, ещё раз.",
    "Hebrew": "האינטרנט שלי לא עובד",
    "Arabic": "الإنترنت لا يعمل",
    "Devanagari": "मेरा इंटरनेट काम नहीं कर रहा है",
    "Thai": "อินเทอร์เน็ตใช้งานไม่ได้",
    "Hangul": "인터넷이 안 됩니다",
    "Japanese": "インターネットがつながりません",
    "Chinese": "我的网络不能用了",
    "emoji": "It works \U0001f600\U0001f44d\U0001f3fd thanks",
    "control characters": "line\u2028separator\u200b zero\u00adwidth \x7f",
}


_LATIN = 0x180  # the end of Latin Extended-A
_MARKS = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u20ac"


def is_latin(conversation: dict[str, Any]) -> bool:
    """Whether nothing but Latin letters, the usual marks and white space was said."""
    def known(c: str) -> bool:
        return c in "\t\n\r" or c in _MARKS or " " <= c <= "~" or 0xa0 <= ord(c) < _LATIN
    return all(known(c) for turn in conversation["turns"] for c in turn["text"])


class TextGraph:
    """A session of the graph, with the operators of onnxruntime-extensions."""

    def __init__(self, path: Path) -> None:
        from onnxruntime_extensions import get_library_path

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.register_custom_ops_library(get_library_path())
        self.session = onnxruntime.InferenceSession(str(path), options,
                                                    providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self.session.get_outputs()]

    def run(self, conversation: dict[str, Any]) -> dict[str, np.ndarray]:
        turns = conversation["turns"]
        shape = (1, max(1, len(turns)))
        feeds = {"text": np.full(shape, "", object), "turn_count": np.array([len(turns)]),
                 "speaker": np.zeros(shape, np.int64),
                 "channel": np.array([CHANNELS.get(conversation.get("channel") or "", 0)]),
                 "gap_seconds": np.full(shape, -1, np.float32)}
        before = None
        for i, turn in enumerate(turns):
            feeds["text"][0, i] = turn["text"]
            feeds["speaker"][0, i] = SPEAKERS.index(turn["speaker"])
            feeds["gap_seconds"][0, i] = gap_seconds(before, turn.get("at"))
            before = turn.get("at")
        return dict(zip(self._names, self.session.run(self._names, feeds), strict=True))

    def score(self, conversation: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
        """The score as records have it; what does not come from the graph is as in `like`."""
        outputs = self.run(conversation)
        turns = [{**turn, "state": float(outputs["state"][0, turn["i"]]),
                  "outlook": float(outputs["outlook"][0, turn["i"]])} for turn in like["turns"]]
        return {**like, **figures(outputs, 0, None, None), "turns": turns}


def check_text(bundle: Path, manifest: dict[str, Any], golden: list[dict[str, Any]], own: Scorer,
               tolerance: float, apart_of: Callable[[dict[str, Any], dict[str, Any]], float],
               report: dict[str, Any]) -> None:
    """Fills report["text"]; `apart_of` tells how far two scores are apart."""
    found = report["text"] = {"golden": 0, "golden_difference": 0.0, "scripts": {}}
    told = manifest["text_graph"]
    try:
        graph = TextGraph(bundle / told["file"])
        from onnxruntime_extensions import __version__ as version
    except ImportError:
        report["problems"].append(f"{told['file']} needs onnxruntime-extensions, which this Python "
                                  "has not: pip install onnxruntime-extensions")
        return
    except Exception as error:  # ONNX Runtime has no class of its own for a graph it refuses
        report["problems"].append(f"{told['file']}: ONNX Runtime refuses it: {error}")
        return
    report["versions"]["onnxruntime_extensions"] = version
    for item in golden:
        if not is_latin(item["conversation"]):
            continue
        found["golden"] += 1
        apart = apart_of(graph.score(item["conversation"], item["score"]), item["score"])
        found["golden_difference"] = max(found["golden_difference"], apart)
        if not apart <= tolerance:
            report["problems"].append(f"from text, golden conversation {item['conversation']['id']} is "
                                      f"off by {apart:.2e}")
    for script, sentence in SENTENCES.items():
        conversation = {"id": script, "turns": [{"speaker": "customer", "text": sentence}]}
        wanted = own.score([conversation])[0]
        apart = apart_of(graph.score(conversation, wanted), wanted)
        found["scripts"][script] = bool(math.isfinite(apart) and apart <= tolerance)
