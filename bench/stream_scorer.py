"""What one more turn of a running conversation costs: the bundle's streaming graphs against scoring the
whole conversation again, alternating, on one thread.

    .deps/venv/bin/python bench/stream_scorer.py --bundle bundles/first --data calls.jsonl

The bundle was exported with --stream. Prints p50 and p99 of both in milliseconds, tokenizing included,
their ratios, and how far their figures are apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scorers" / "python"))
from arcsat_scorer import Scorer, StreamScorer  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=12)
    options = parser.parse_args()
    whole, stream = Scorer(options.bundle, threads=1), StreamScorer(options.bundle, threads=1)
    with open(options.data, encoding="utf-8") as lines:
        chosen = [json.loads(line) for line, _ in zip(lines, range(options.conversations))]
    times: dict[str, list[float]] = {"a turn": [], "all again": []}
    apart = 0.0
    for conversation in chosen:
        running = stream.begin(conversation["id"], conversation.get("channel"))
        for count, turn in enumerate(conversation["turns"], 1):
            begin = time.perf_counter()
            one = stream.add(running, turn)
            middle = time.perf_counter()
            again = whole.score([{**conversation, "turns": conversation["turns"][:count]}])[0]
            times["a turn"].append(middle - begin)
            times["all again"].append(time.perf_counter() - middle)
            apart = max(apart, *(abs(one[name] - again[name])
                                 for name in ("entry", "exit", "p_satisfied")))
    figures = {name: np.percentile(np.array(seconds) * 1e3, [50, 99])
               for name, seconds in times.items()}
    print(f"{len(times['a turn'])} turns of {len(chosen)} conversations, one thread")
    print("              p50      p99")
    for name, (median, tail) in figures.items():
        print(f"{name:<10} {median:6.1f} {tail:8.1f} ms")
    ratio = figures["all again"] / figures["a turn"]
    print(f"{'ratio':<10} {ratio[0]:6.1f} {ratio[1]:8.1f}")
    print(f"figures at most {apart:.1e} apart")


if __name__ == "__main__":
    main()
