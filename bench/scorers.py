"""Conversations a second of CPU of `arcsat score` and of the bundle's scorers, alternating, and how far
their scores are apart.

    .deps/venv/bin/python bench/scorers.py --model runs/first --bundle bundles/first \\
        --data calls.jsonl --conversations 200 --rounds 3 --threads 1

Each runs as a user runs it, less what one conversation takes (loading, checking the bundle). Counted
are seconds of CPU, of all threads, so that other work on the machine changes little; the ratios of a
round count, not the absolute figures.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
import scorer_runs  # noqa: E402


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    threads = ["--threads", str(options.threads), "--quiet"]
    bundle = ["--model", str(options.bundle), *threads]
    return {"arcsat": [str(options.arcsat), "score", "--model", str(options.model), *threads],
            "python": [*scorer_runs.command("python"), *bundle],
            "node": [*scorer_runs.command("node"), *bundle]}


def seconds(words: list[str], data: Path, out: Path, threads: int) -> float:
    environment = scorer_runs.environment() | {"OMP_NUM_THREADS": str(threads)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*words, "--data", str(data), "--out", str(out)], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--arcsat", type=Path, default=SOURCE / "build" / "arcsat")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rates: dict[str, list[float]] = {name: [] for name in commands(options)}
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder, "many.jsonl"), Path(folder, "one.jsonl")
        with open(options.data, encoding="utf-8") as lines:
            chosen = [line for line, _ in zip(lines, range(options.conversations))]
        many.write_text("".join(chosen), encoding="utf-8")
        one.write_text(chosen[0], encoding="utf-8")
        for _ in range(options.rounds):
            for name, words in commands(options).items():
                out = Path(folder, name)
                start = seconds(words, one, out, options.threads)
                whole = seconds(words, many, out, options.threads)
                rates[name].append((len(chosen) - 1) / (whole - start))
                scores[name] = [json.loads(line) for line in open(out, encoding="utf-8")]
            print({name: round(rate[-1], 1) for name, rate in rates.items()}, flush=True)
    for name, rate in rates.items():
        ratio = statistics.median(a / b for a, b in zip(rate, rates["arcsat"]))
        apart = scorer_runs.difference(scores[name], scores["arcsat"])
        print(f"{name:8} {statistics.median(rate):8.1f} conversations a CPU second  {ratio:.2f} of arcsat's  "
              f"largest difference {apart:.1e}")


if __name__ == "__main__":
    main()
