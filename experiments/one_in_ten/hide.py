"""Leaves one answer in ten: hide.py TRAIN.jsonl OUT --attribute task_done

OUT/answered.jsonl holds the conversations whose answer stays, OUT/silent.jsonl all others without
any answer, as a company has them whose survey one customer in ten fills in. Which stay depends on
the id alone.
"""

import argparse
import hashlib
import json
import pathlib


def stays(identifier, one_in):
    digest = hashlib.sha256(f"one in ten {identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % one_in == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--attribute", required=True)
    parser.add_argument("--one-in", type=int, default=10)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    counts = {"answered": 0, "silent": 0}
    files = {name: (options.out / f"{name}.jsonl").open("w", encoding="utf-8") for name in counts}
    for line in options.train.open(encoding="utf-8"):
        record = json.loads(line)
        answered = record.get("attributes", {}).get(options.attribute) is not None
        name = "answered" if answered and stays(record["id"], options.one_in) else "silent"
        if name == "silent":
            record.pop("survey", None)
            record.get("attributes", {}).pop(options.attribute, None)
        counts[name] += 1
        files[name].write(json.dumps(record, ensure_ascii=False) + "\n")
    for file in files.values():
        file.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
