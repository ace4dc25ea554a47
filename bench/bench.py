"""`arcsat train` beside a training loop in `transformers`: see README.md for what is compared.

    bench.py [--quick] [--minutes M] [--threads N] [--json FILE]
    bench.py --device cuda --shape 12x768 [--batch 128] [--updates 20]

With --device cuda both train in bf16 on the GPU, and the share is that of its bf16 rate. --shape makes
an encoder of so many layers of such a width without pretrained weights. The real conversations are found through ARCSAT_DATA, else in ../shared/data beside the project.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
WINDOW = 32  # arcsat's --model.cross_turn_window
#: Dense bf16 rates that makers state, FLOP/s, by a part of the device's name.
STATED = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
CONTENDERS = {"arcsat 3": 3, "arcsat 0": 0, "padded": None, "sorted": None}


def measured(command, log, work, environment):
    """Runs a command; (peak resident bytes, [(when it was there, line)] of the file `log`)."""
    lines = work / "output.txt"
    with lines.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    seen, arrivals, status = 0, [], 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if log.exists():
            with log.open() as file:
                file.seek(seen)
                # Half a line waits for its other half.
                for line in file.read().splitlines(keepends=True):
                    if line.endswith("\n"):
                        seen += len(line.encode())
                        arrivals.append((time.monotonic(), json.loads(line)))
        if done:
            break
        time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = "\n".join(lines.read_text().splitlines()[-15:])
        sys.exit(f"bench: exit code {process.returncode} of {' '.join(map(str, command))}\n{tail}")
    return usage.ru_maxrss * 1024, arrivals


def tokens_a_second(arrivals, warmup):
    """Real tokens a second from the end of the warm-up to the end of the last update.

    The time is that between two lines of the metrics, so that a whole update is in it: reading the
    batch, forward, backward, clipping, the optimiser and the line itself.
    """
    trained = [(at, line) for at, line in arrivals if line.get("kind", "train") == "train"]
    (begin, first), (end, last) = trained[warmup - 1], trained[-1]
    return (last["tokens"] - first["tokens"]) / (end - begin)


def run_arcsat(call, work, layers, threads, seed, environment):
    run = work / f"run-{layers}-{seed}"
    command = [call.arcsat, "train", "--encoder", call.encoder, "--data", work / "bench.jsonl"]
    command += ["--out", run, "--quiet", "--survey.target", "survey"]
    settings = {
        "model.cross_turn_layers": layers,
        "model.cross_turn_window": WINDOW,
        "model.dropout": 0.1,
        "model.max_turn_tokens": 128,
        "train.batch": call.batch,
        "train.epochs": 1,
        "train.validation_share": 0,
        "train.checkpoint_every": 1000000,
        "train.device": call.device,
        "train.threads": threads,
        "train.seed": seed,
    }
    if call.device == "cuda":
        settings["train.part_tokens"] = 65536  # the whole batch at once, as the peer takes it
    for key, value in settings.items():
        command += [f"--{key}", str(value)]
    peak, arrivals = measured(command, run / "metrics.jsonl", work, environment)
    for _, line in arrivals:
        if line["kind"] == "train":
            # Both rates are over the same seconds, so their ratio is tokens a conversation.
            ratio = line["tokens_per_second"] / line["conversations_per_second"]
            line["tokens"] = round(call.batch * line["update"] * ratio)
    return peak, arrivals


def run_peer(call, work, kind, threads, seed, environment):
    log = work / f"{kind}-{seed}.jsonl"
    command = [sys.executable, ROOT / "bench" / "peer.py", call.encoder, work / "bench.jsonl", log]
    command += ["--kind", kind, "--batch", str(call.batch), "--threads", str(threads), "--device", call.device]
    return measured([*command, "--seed", str(seed)], log, work, environment)


def choose_conversations(call, work, count):
    """Writes `count` surveyed conversations of STAR to bench.jsonl, the same ones every time."""
    data = pathlib.Path(os.environ.get("ARCSAT_DATA", ROOT.parent / "shared" / "data"))
    source = data / "star" / "star.tar.xz"
    if not source.is_file():
        sys.exit(f"bench: {source} not found; set ARCSAT_DATA to what holds star/star.tar.xz")
    everything = work / "star.jsonl"
    command = [call.arcsat, "import", "--quiet", source, "--out", everything]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with everything.open() as lines:
        answered = [line for line in lines if json.loads(line)["survey"]["score"] is not None]
    random.Random(1).shuffle(answered)
    (work / "bench.jsonl").write_text("".join(answered[:count]))


def make_encoder(call, work):
    """A folder of --shape with the tokenizer of --encoder, and no weights."""
    layers, hidden = map(int, call.shape.split("x"))
    folder = work / "encoder"
    folder.mkdir()
    for path in call.encoder.iterdir():
        if path.is_file() and path.name not in ("model.safetensors", "config.json"):
            shutil.copy(path, folder / path.name)
    config = json.loads((call.encoder / "config.json").read_text())
    config |= {"num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": 4 * hidden,
               "num_attention_heads": hidden // 64 if hidden % 64 == 0 and hidden >= 768 else hidden // 32}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def torch_of(arcsat):
    """Where the program finds libtorch_cpu.so, or nothing."""
    listed = subprocess.run(["ldd", arcsat], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        if "libtorch_cpu.so" in line and "=>" in line:
            return str(pathlib.Path(line.split("=>")[1].split()[0]).resolve().parent)
    return None


def rounds(call, work, threads, updates, warmup, environment):
    """Runs the contenders in turn until another round would pass the time."""
    choose_conversations(call, work, call.batch * updates)
    if call.shape:
        call.encoder = make_encoder(call, work)
    results = {name: [] for name in CONTENDERS}
    facts, begin, count, longest = {}, time.monotonic(), 0, 0.0
    while count == 0 or time.monotonic() - begin + longest < call.minutes * 60:
        started = time.monotonic()
        count += 1
        # Every other round backwards, so that a drift of the machine favours nobody.
        for name in list(CONTENDERS)[:: 1 if count % 2 else -1]:
            if CONTENDERS[name] is None:
                peak, lines = run_peer(call, work, name, threads, count, environment)
                facts.setdefault("gemm", []).append(lines[0][1]["gemm"])
                facts.update({k: v for k, v in lines[0][1].items() if k != "gemm"})
            else:
                peak, lines = run_arcsat(call, work, CONTENDERS[name], threads, count, environment)
            rate = tokens_a_second(lines, warmup)
            trained = [line for _, line in lines if line.get("kind") == "train"]
            results[name].append({"rate": rate, "peak": peak, "tokens": trained[-1]["tokens"]})
            print(f"round {count}: {name:<9} {rate:7.0f} tokens/s", file=sys.stderr)
        longest = max(longest, time.monotonic() - started)
    check(results, facts, call.arcsat)
    return results, facts


def check(results, facts, arcsat):
    """That all of them learnt from the same tokens, on the same libraries."""
    counts = {name: {r["tokens"] for r in runs} for name, runs in results.items()}
    if len(set().union(*counts.values())) != 1:
        sys.exit(f"bench: the contenders saw different numbers of tokens: {counts}")
    mine = torch_of(arcsat)
    if mine != facts["torch_lib"]:
        sys.exit(
            f"bench: arcsat runs on {mine}, the peer on {facts['torch_lib']}; "
            "build arcsat against the wheel of this Python"
        )


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def summary(results, facts):
    """The figures of a bench as one JSON object."""
    gemm = statistics.median(facts["gemm"])
    stated = next((rate for part, rate in STATED.items() if part in facts["device"]), None)
    per_conversation = facts["tokens"] / facts["conversations"]
    out = {"facts": {**facts, "gemm": gemm}, "rounds": len(results["padded"]), "contenders": {}}
    for name, layers in CONTENDERS.items():
        rate = statistics.median(r["rate"] for r in results[name])
        # The peer's attention is inside turns, as arcsat's is with no cross-turn layer.
        flops = facts["flops"][str(layers or 0)]
        entry = {
            "tokens_per_second": rate,
            "conversations_per_second": rate / per_conversation,
            "share_every_token": rate * flops["every_token"] / facts["tokens"] / gemm,
            "peak_bytes": max(r["peak"] for r in results[name]),
        }
        if stated:
            entry["share_of_stated"] = entry["share_every_token"] * gemm / stated
        if layers is not None:
            entry["share_computed"] = rate * flops["computed"] / facts["tokens"] / gemm
            for peer in ("padded", "sorted"):
                pairs = zip(results[name], results[peer], strict=True)
                entry[f"over_{peer}"] = [mine["rate"] / theirs["rate"] for mine, theirs in pairs]
        out["contenders"][name] = entry
    return out


def show(call, found, threads):
    facts = found["facts"]
    print(
        f"\n{facts['conversations']} conversations of STAR, {facts['turns']} turns, "
        f"{facts['tokens']} tokens; {call.batch} conversations an update; {facts['encoder']}; "
        f"{facts['device']}, {threads} threads, {facts['precision']}; torch {facts['torch']}, "
        f"transformers {facts['transformers']}; {found['rounds']} round(s), medians"
    )
    print(f"{facts['precision']} GEMM of this machine: {facts['gemm'] / 1e9:.0f} GFLOP/s\n")
    print(
        f"{'':<28}{'conversations/s':>16}{'tokens/s':>10}{'of GEMM, all':>14}{'computed':>10}"
        f"{'peak MB':>9}"
    )
    names = {
        "arcsat 3": "arcsat, 3 cross-turn layers",
        "arcsat 0": "arcsat, none",
        "padded": "transformers, padded",
        "sorted": "transformers, sorted",
    }
    for name, entry in found["contenders"].items():
        computed = f"{entry['share_computed']:.1%}" if "share_computed" in entry else "-"
        print(
            f"{names[name]:<28}{entry['conversations_per_second']:>16.2f}"
            f"{entry['tokens_per_second']:>10.0f}{entry['share_every_token']:>14.1%}"
            f"{computed:>10}{entry['peak_bytes'] / 1e6:>9.0f}"
            + (f"  {entry['share_of_stated']:.1%} of the rate stated" if "share_of_stated" in entry else "")
        )
    print()
    for name in ("arcsat 3", "arcsat 0"):
        entry = found["contenders"][name]
        for peer in ("padded", "sorted"):
            memory = entry["peak_bytes"] / found["contenders"][peer]["peak_bytes"]
            print(
                f"{names[name]} / {names[peer]}: speed {spread(entry['over_' + peer])}, "
                f"memory {memory:.2f}"
            )


def main():
    parser = argparse.ArgumentParser(description="arcsat train beside transformers")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--minutes", type=float, default=5, help="time for all rounds")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", 0)))
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--shape", help="LAYERSxWIDTH of an encoder without pretrained weights")
    parser.add_argument("--batch", type=int, default=16, help="conversations an update")
    parser.add_argument("--updates", type=int, default=10, help="of a contender, two of them to warm up")
    parser.add_argument("--json", type=pathlib.Path, help="file for the figures")
    parser.add_argument("--arcsat", type=pathlib.Path, default=ROOT / "build" / "arcsat")
    parser.add_argument("--encoder", type=pathlib.Path, default=ROOT / ".deps" / "minilm")
    call = parser.parse_args()
    if not call.arcsat.is_file():
        sys.exit(f"bench: {call.arcsat} not found; make build")
    if call.quick:
        call.minutes = 0
    updates, warmup = (3, 1) if call.quick else (call.updates, 2)
    threads = call.threads or len(os.sched_getaffinity(0))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    with tempfile.TemporaryDirectory(prefix="arcsat-bench-") as folder:
        results, facts = rounds(
            call, pathlib.Path(folder), threads, updates, warmup, environment
        )
    found = summary(results, facts)
    show(call, found, threads)
    if call.json:
        call.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
