"""Conversations a second of scoring, beside what one would write with the usual libraries.

    score.py [--conversations 1000] [--rounds 3] [--threads 2] [--json FILE]

Real STAR conversations (ARCSAT_DATA, else ../shared/data beside the project), the same MiniLM and threads,
one contender after the other, round by round; ratios are taken inside a round. README.md says what is
compared. Accuracy plays no part here, so the models are trained for a few updates only.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import scorer_runs  # noqa: E402

#: Ours: what runs, layers across turns, graph of the bundle.
OURS = {
    "arcsat score, 3 layers across turns": ("program", 3, None),
    "arcsat score, none": ("program", 0, None),
    "bundle fp32, 3 layers across turns": ("python", 3, "fp32"),
    "bundle fp32, none": ("python", 0, "fp32"),
    "bundle int8, 3 layers across turns": ("python", 3, "int8"),
    "bundle int8, none": ("python", 0, "int8"),
}
PEERS = {
    "transformers": ["transformers"],
    "transformers, each text once": ["transformers", "--distinct"],
    "optimum, ONNX Runtime fp32": ["optimum"],
    "sentence-transformers, ONNX int8": ["sentence-transformers"],
}


def call(*words, **keywords):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **keywords)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, words))}\n{done.stderr[-2000:]}")
    return done.stdout


def data_folder():
    return pathlib.Path(os.environ.get("ARCSAT_DATA", ROOT.parent / "shared" / "data"))


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.environment = scorer_runs.environment() | {
            "OMP_NUM_THREADS": str(options.threads), "TOKENIZERS_PARALLELISM": "false"}

    def prepare(self):
        arcsat, work = self.options.arcsat, self.work
        everything = work / "star.jsonl"
        call(arcsat, "import", data_folder() / "star" / "star.tar.xz", "--out", everything, "--quiet")
        lines = everything.read_text(encoding="utf-8").splitlines(keepends=True)
        random.Random(1).shuffle(lines)
        self.count = min(self.options.conversations, len(lines) - 400)
        parts = {"many": lines[:self.count], "one": lines[:1], "train": lines[-100:],
                 "calibration": lines[-400:-100]}
        for name, part in parts.items():
            (work / f"{name}.jsonl").write_text("".join(part), encoding="utf-8")
        for layers in sorted({layers for _, layers, _ in OURS.values()}):
            run, bundle = work / f"run{layers}", work / f"bundle{layers}"
            call(arcsat, "train", "--encoder", self.options.encoder, "--data", work / "train.jsonl", "--validation",
                 work / "train.jsonl", "--out", run, "--train.epochs", 1, "--model.cross_turn_layers", layers,
                 "--quiet", env=self.environment)
            call(arcsat, "calibrate", "--model", run, "--data", work / "calibration.jsonl", "--quiet",
                 env=self.environment)
            # What int8 does to decisions is no question here.
            call(arcsat, "export", "--model", run, "--out", bundle, "--int8", work / "calibration.jsonl",
                 "--compared", 20, "--moved-decisions", 1, "--auc-loss", 1, "--quiet", env=self.environment)

    def ours(self, name):
        """Seconds of all conversations, less what one takes: starting, checking the bundle."""
        kind, layers, variant = OURS[name]
        words = [*scorer_runs.command(kind), "--model", self.work / f"{'run' if variant is None else 'bundle'}{layers}",
                 "--threads", self.options.threads, "--quiet", "--out", self.work / "scores.jsonl"]
        if variant is not None:
            words += ["--variant", variant]
        seconds = []
        for data in ("one", "many"):
            begin = time.perf_counter()
            call(*words, "--data", self.work / f"{data}.jsonl", env=self.environment)
            seconds.append(time.perf_counter() - begin)
        return seconds[1] - seconds[0]

    def peer(self, name):
        words = [sys.executable, ROOT / "bench" / "score_peer.py", *PEERS[name], self.work / "many.jsonl", "--encoder",
                 self.options.encoder, "--work", self.work, "--threads", self.options.threads]
        told = json.loads(call(*words, env=self.environment).splitlines()[-1])
        self.facts[name] = told
        return told["seconds"]

    def run(self):
        self.facts = {}
        rates = {name: [] for name in [*OURS, *PEERS]}
        for round_ in range(self.options.rounds):
            names = list(rates) if round_ % 2 == 0 else list(rates)[::-1]
            for name in names:
                seconds = self.ours(name) if name in OURS else self.peer(name)
                rates[name].append(self.count / seconds)
                print(f"round {round_ + 1}  {name:40} {rates[name][-1]:8.1f} conversations/s", flush=True)
        return rates


def show(rates, facts, count):
    def ratio(name, peer):
        return statistics.median(a / b for a, b in zip(rates[name], rates[peer]))

    peers = ("transformers", "optimum, ONNX Runtime fp32", "sentence-transformers, ONNX int8")
    print(f"\n{'':40} conversations/s   of {'   of '.join(peers)}")
    for name, rate in rates.items():
        ratios = "".join(f"{ratio(name, peer):{len(peer) + 6}.2f}" for peer in peers)
        print(f"{name:40} {statistics.median(rate):15.1f}{ratios}")
    told, once = facts["transformers"], facts["transformers, each text once"]
    print(f"\n{count} conversations, {told['real_tokens']:,} tokens; padded {told['padded_tokens']:,}; each text once "
          f"{once['real_tokens']:,}. fp32 products: {told['gemm'] / 1e9:.0f} GFLOP/s.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--arcsat", type=pathlib.Path, default=ROOT / "build" / "arcsat")
    parser.add_argument("--encoder", type=pathlib.Path, default=ROOT / ".deps" / "minilm")
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=pathlib.Path, help="file for the figures")
    options = parser.parse_args()
    os.environ["ARCSAT_BIN"] = str(options.arcsat)
    with tempfile.TemporaryDirectory(prefix="arcsat-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        bench.prepare()
        rates = bench.run()
        show(rates, bench.facts, bench.count)
    if options.json:
        options.json.write_text(json.dumps({"rates": rates, "facts": bench.facts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
