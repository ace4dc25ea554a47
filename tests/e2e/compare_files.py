"""Conversations with answers, and score files of versions that never were, for `arcsat compare`."""

import random

import pytest
import tiny


def conversation(number, rng, **fields):
    satisfied = rng.random() < 0.75
    turns = [{"speaker": ("customer", "agent")[t % 2], "text": f"turn {t}"}
             for t in range(2 + number % 20)]
    return {"id": f"c-{number}", "channel": ("chat", "voice")[number % 3 == 0],
            "problem_type": ("billing", "delivery", "return")[number % 3], "turns": turns,
            "survey": {"score": 5 if satisfied else 2, "scale": [1, 5]}, **fields}


def score(record, p, model):
    turns = [{"i": i, "speaker": "customer", "state": 0.4, "outlook": p}
             for i, turn in enumerate(record["turns"]) if turn["speaker"] == "customer"]
    turns[-1]["state"] = p
    return {"id": record["id"], "entry": 0.4, "exit": p, "delta": p - 0.4, "p_satisfied": p,
            "turns": turns, "model": model}


def scores(records, wrong, seed, model="m"):
    """Chances on the answer's side, but for a share `wrong` on the other one."""
    rng = random.Random(seed)
    out = []
    for record in records:
        right = (record["survey"]["score"] >= 4) != (rng.random() < wrong)
        out.append(score(record, round(0.5 + (0.49 if right else -0.49) * rng.random(), 4) or 0.01,
                         model))
    return out


@pytest.fixture(scope="module")
def records():
    rng = random.Random(4)
    return [conversation(n, rng) for n in range(1200)]


@pytest.fixture
def files(records, tmp_path):
    """files(0.1, 0.02, …): the data, and a score file a version with that share wrong."""

    def make(*wrong, data=records):
        paths = [tiny.write_records(tmp_path / "test.jsonl", data)]
        for v, share in enumerate(wrong):
            paths.append(tiny.write_records(tmp_path / f"{v}.jsonl",
                                            scores(data, share, seed=v, model=f"m-{v}")))
        return paths

    return make
