"""Conformal sets (conformal.json of a bundle): the answers that hold a stated share of cases, as
`arcsat score` gives them (docs/statistics.md)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Sequence

from .bundle import Bundle, BundleError

FORMAT, VERSION = "arcsat-conformal", 1
NAME = "conformal.json"


class AnswerSets:
    """The thresholds of a bundle's file; BundleError says what is wrong with it."""

    def __init__(self, path: Path, lowest: float) -> None:
        """`lowest` is the first answer of the survey's scale."""
        self._lowest = lowest
        try:
            told = json.loads(path.read_bytes().decode("utf-8"))
            if told["format"] != FORMAT or not 1 <= told["version"] <= VERSION:
                raise ValueError(f"expected {FORMAT} of version {VERSION} at most")
            self.level, self._boxes = float(told["level"]), int(told["boxes"])
            self._side_by_side = {"set": False, "interval": True}[told["shape"]]
            self._weighted, self.randomised = bool(told["weighted"]), bool(told["randomised"])
            self._everyone = self._threshold(told["everyone"])
            self._groups = {name: self._threshold(group) for name, group in told["groups"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(path, f"cannot be read: {error!r}") from error

    def predict(self, score: dict[str, Any], channel: str | None) -> dict[str, Any] | None:
        """The set of a score; None where the score lacks the chances that the sets are made of."""
        scale = self._boxes != 2
        chances = score.get("boxes", []) if scale else [1 - score["p_satisfied"], score["p_satisfied"]]
        if len(chances) != self._boxes:
            return None
        threshold = self._groups.get(channel or "", self._everyone)
        before, boxes = 0.0, []
        for box in _order(chances, self._side_by_side):
            if before <= threshold:
                boxes.append(box)
            before += chances[box]
        answers = [self._lowest + box if scale else box for box in sorted(boxes)]
        return {"level": self.level, "answers" if scale else "satisfied": [
            int(answer) if answer == int(answer) else answer for answer in answers]}

    def _threshold(self, told: dict[str, Any]) -> float:
        # A conversation's own weight is not known here; the largest only widens the set.
        weight = float(told["largest_weight"]) if self._weighted else 1.0
        return next((float(score) for score, heaviest in told["steps"] if heaviest >= weight), math.inf)


def open_sets(bundle: Bundle) -> AnswerSets | None:
    """The sets of a bundle that has them. Randomised ones are left to `arcsat score`."""
    if NAME not in bundle.manifest["files"]:
        return None
    scale = (bundle.manifest.get("scoring") or {}).get("csat_scale") or [0.0]
    sets = AnswerSets(bundle.folder / NAME, float(scale[0]))
    return None if sets.randomised else sets


def _order(chances: Sequence[float], side_by_side: bool) -> list[int]:
    """Boxes as sets take them in: by falling chance, or from the likeliest on whichever neighbour is
    likelier. Ties go to the lower box."""
    if not side_by_side:
        return sorted(range(len(chances)), key=lambda box: -chances[box])
    low = high = max(range(len(chances)), key=lambda box: chances[box])
    order = [low]
    while len(order) < len(chances):
        down = low > 0 and (high + 1 == len(chances) or chances[low - 1] >= chances[high + 1])
        low, high = (low - 1, high) if down else (low, high + 1)
        order.append(low if down else high)
    return order
