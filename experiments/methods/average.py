"""The mean of several models' scores, conversation by conversation: average.py SCORES… >mean.jsonl"""

import json
import sys


def read(path):
    with open(path, encoding="utf-8") as lines:
        return {score["id"]: score for score in map(json.loads, lines)}


def mean(parts, key):
    return sum(part[key] for part in parts) / len(parts)


def averaged(scores):
    entry, exit_ = mean(scores, "entry"), mean(scores, "exit")
    turns = [{**same[0], "state": mean(same, "state"), "outlook": mean(same, "outlook")}
             for same in zip(*(score["turns"] for score in scores), strict=True)]
    return {"id": scores[0]["id"], "entry": entry, "exit": exit_, "delta": exit_ - entry,
            "p_satisfied": mean(scores, "p_satisfied"), "turns": turns, "model": "mean"}


def main(paths):
    models = [read(path) for path in paths]
    if any(scores.keys() != models[0].keys() for scores in models):
        sys.exit(f"{' '.join(paths)}: score different conversations; expected the same in all")
    for identifier in models[0]:
        print(json.dumps(averaged([scores[identifier] for scores in models])))


if __name__ == "__main__":
    main(sys.argv[1:])
