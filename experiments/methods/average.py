"""The mean chance of several score files, conversation by conversation: average.py SCORES… >mean.jsonl"""

import json
import sys


def chances(path):
    with open(path, encoding="utf-8") as lines:
        return {score["id"]: score["p_satisfied"] for score in map(json.loads, lines)}


def main(paths):
    all_of_them = [chances(path) for path in paths]
    if any(scores.keys() != all_of_them[0].keys() for scores in all_of_them):
        sys.exit(f"{' '.join(paths)}: score different conversations; expected the same in all")
    for identifier in all_of_them[0]:
        mean = sum(scores[identifier] for scores in all_of_them) / len(all_of_them)
        print(json.dumps({"id": identifier, "p_satisfied": mean}))


if __name__ == "__main__":
    main(sys.argv[1:])
