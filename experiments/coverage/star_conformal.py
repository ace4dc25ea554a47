"""Sets of the answers "dissatisfied" and "satisfied", as eval/conformal.h makes them, and how many hold
the answer: star_conformal.py PROBE SIDES SCORES

SIDES holds calibration.jsonl and test.jsonl, SCORES what `arcsat score` says of them
(calibration-scores.jsonl, test-scores.jsonl). star_conformal.sh calls it.
"""

import json
import pathlib
import random
import subprocess
import sys

LEVEL = 0.9
HALVES = 60
SEED = 1


def records(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def answered(sides, scores, side):
    """[(chance, answer)] of the conversations that say whether the task was done."""
    done = {r["id"]: r["attributes"].get("task_done") for r in records(sides / f"{side}.jsonl")}
    return [(s["p_satisfied"], int(done[s["id"]])) for s in records(scores / f"{side}-scores.jsonl")
            if done[s["id"]] is not None]


def items(pairs, draw):
    """As the probe takes them; with `draw` a number a conversation for randomised sets."""
    side = {"chances": [[1 - p, p] for p, _ in pairs], "answer": [answer for _, answer in pairs]}
    if draw is not None:
        side["uniform"] = [draw.random() for _ in pairs]
    return side


def coverage(probe, fitted, tested, draw=None):
    """Of sets whose threshold comes from the pairs `fitted`: the share of `tested` answers held, its
    Wilson interval and the sets' mean size."""
    request = {"conformal": {"level": LEVEL, "fit": items(fitted, draw), "test": items(tested, draw)}}
    done = subprocess.run([probe], input=json.dumps(request), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{probe}: {done.stderr}")
    return json.loads(done.stdout)["conformal"]["report"]["groups"][0]


def in_halves(probe, pairs, randomised):
    """Mean coverage, its standard error over the halves, and mean size, where a half of the pairs gives
    the threshold for the other."""
    found = []
    for half in range(HALVES):
        draw = random.Random(f"{SEED}, half {half}")
        mixed = draw.sample(pairs, len(pairs))
        middle = len(pairs) // 2
        found.append(coverage(probe, mixed[:middle], mixed[middle:], draw if randomised else None))
    shares = [group["coverage"] for group in found]
    mean = sum(shares) / HALVES
    variance = sum((share - mean) ** 2 for share in shares) / (HALVES - 1)
    return mean, (variance / HALVES) ** 0.5, sum(group["mean_size"] for group in found) / HALVES


def main(probe, sides, scores):
    sides, scores = pathlib.Path(sides), pathlib.Path(scores)
    fitted, tested = (answered(sides, scores, side) for side in ("calibration", "test"))
    print("| where | sets | coverage | mean size |")
    print("| --- | --- | --- | --- |")
    where = f'STAR "task done", {len(fitted)} answers (the temperature was fitted on them, too), ' \
            f"{len(tested)} tested"
    for name, draw in (("deterministic", None), ("randomised", random.Random(SEED))):
        group = coverage(probe, fitted, tested, draw)
        low, high = group["interval"]
        print(f"| {where} | {name} | {group['coverage']:.3f} [{low:.3f}, {high:.3f}] | "
              f"{group['mean_size']:.2f} of 2 |")
        where = "the same"
    plain, drawn = (in_halves(probe, tested, randomised) for randomised in (False, True))
    print(f"| STAR, {HALVES} random halves of the {len(tested)} | deterministic / randomised | "
          f"{plain[0]:.3f} / {drawn[0]:.3f} (standard errors over halves {plain[1]:.3f}, "
          f"{drawn[1]:.3f}) | {plain[2]:.2f} / {drawn[2]:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
