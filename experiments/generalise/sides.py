"""Sides for a model that must do without something it is then tested on.

    sides.py domain SIDES OUT DOMAIN      STAR without a domain; tested on all of that domain
    sides.py corpus SIDES OUT FROM TO     USS: learns from corpus FROM, tested on corpus TO's test side

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


def main(kind, sides, out, *names):
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    if kind == "domain":
        for side in LEARNT:
            write(out, side, [x for record, x in lines(sides, side) if names[0] not in domains_of(record)])
        write(out, "test", [x for side in (*LEARNT, "test") for record, x in lines(sides, side)
                            if domains_of(record) == {names[0]}])
        return
    begin, end = (f"{name}-" for name in names)
    for side in LEARNT:
        write(out, side, [x for record, x in lines(sides, side) if record["id"].startswith(begin)])
    write(out, "test", [x for record, x in lines(sides, "test") if record["id"].startswith(end)])


if __name__ == "__main__":
    main(*sys.argv[1:])
