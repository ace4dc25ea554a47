"""STAR's sides for a model that must do without a domain, and is then tested on it.

    sides.py SIDES OUT DOMAIN

A domain is what a problem type begins with: "hotel" of "hotel_book". Nothing of it is in OUT's train,
validation and calibration sides, nor are conversations of several domains that have it among them.
OUT/test.jsonl has the conversations of the domain alone, of all sides: the model saw none of them.
"""

import json
import pathlib
import sys

LEARNT = ("train", "validation", "calibration")


def lines(folder, side):
    with open(pathlib.Path(folder, f"{side}.jsonl"), encoding="utf-8") as file:
        for line in file:
            yield json.loads(line), line


def domains_of(record):
    return {task.split("_")[0] for task in (record.get("problem_type") or "").split("+")}


def write(folder, side, chosen):
    pathlib.Path(folder, f"{side}.jsonl").write_text("".join(chosen), encoding="utf-8")
    print(f"{folder}/{side}.jsonl: {len(chosen)}")


def main(sides, out, domain):
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    for side in LEARNT:
        write(out, side, [x for record, x in lines(sides, side) if domain not in domains_of(record)])
    write(out, "test", [x for side in (*LEARNT, "test") for record, x in lines(sides, side)
                        if domains_of(record) == {domain}])


if __name__ == "__main__":
    main(*sys.argv[1:])
