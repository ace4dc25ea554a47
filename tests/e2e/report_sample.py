"""A SYNTHETIC evaluation for the report's tests and pictures: nothing in it was measured.

Conversations are drawn from a small model (a state that moves, an answer that follows it, customers
who answer the more the angrier they are), and every figure is then computed from those draws, so
that the sections agree with each other. A real evaluation.json may lend its figures:

    report_sample.py --conversations 5000 [--evaluation evaluation.json] >sample.json
    arcsat_report_probe html <sample.json >report.html
"""

import argparse
import json

import numpy as np
import report_figures as figures
from report_answers import answers
from report_calibration import reliability
from report_figures import LENGTHS, wilson

CHANNELS = ["chat", "voice"]
PROBLEMS = ["billing", "card_lost", "delivery", "password", "data_plan", "refund", "outage"]
OPENINGS = {
    "billing": "i was charged twice this month, can you look into that?",
    "card_lost": "i lost my debit card on the train and need it blocked",
    "delivery": "my parcel says delivered but nothing is here",
    "password": "the reset link never arrives, third try today",
    "data_plan": "my plan shows 2 GB, i pay for 20",
    "refund": "where is the refund you promised on monday?",
    "outage": "the line has been dead since this morning",
}
LOW = [
    "this is not what i asked for",
    "i have said that three times now",
    "so nobody can help me?",
    "that doesn't work either",
    "and how long am i to wait this time?",
]
MIDDLE = [
    "ok, let me try",
    "the number is 4471 902",
    "yes, that's my address",
    "one moment please",
    "i see the message now",
]
HIGH = [
    "oh good, it's there",
    "that did it, thanks a lot",
    "great, you've saved my day",
    "yes, all fine now",
    "perfect, that's quick",
]
AGENT = [
    "Let me check that for you.",
    "May I have your reference, please?",
    "Thanks for waiting, I have your file here.",
    "I've put that right on our side.",
    "Is there anything else I can do?",
    "I'm passing this to a colleague of the other team.",
    "You should see it within a minute or two.",
]


def logistic(x):
    return 1 / (1 + np.exp(-x))


def draw(rng, size):
    """The conversations, as arrays and lists."""
    answered = []
    for i in range(size):
        turns = int(np.clip(rng.lognormal(2.75, 0.5), 3, 120))
        customer = sorted(rng.choice(turns, max(1, int(turns * rng.uniform(0.35, 0.55))), False))
        entry = rng.beta(3, 3.6)
        drift = rng.normal(0.08, 0.27)
        noise = np.cumsum(rng.normal(0, 0.05, len(customer)))
        path = entry + drift * np.linspace(0, 1, len(customer)) ** 0.8 + noise - noise[0]
        states = np.clip(path, 0.02, 0.98)
        log_odds = 12.5 * (states[-1] - 0.46) + 0.5 * (states[-1] - states[0])
        outlooks = logistic(10.0 * (states - 0.46) + rng.normal(0, 0.25, len(customer)))
        p = float(logistic(log_odds + rng.normal(0, 0.35)))
        truth = bool(rng.random() < logistic(1.05 * log_odds))
        propensity = logistic(-2.35 - 1.5 * (states[-1] - 0.5) + 0.3 * (i % 3 == 0))
        answered.append(
            {
                "id": f"s-{i:06d}",
                "channel": CHANNELS[int(rng.random() < 0.32)],
                "problem_type": PROBLEMS[int(rng.integers(len(PROBLEMS)))],
                "turns": turns,
                "entry": float(states[0]),
                "exit": float(states[-1]),
                "delta": float(states[-1] - states[0]),
                "p_satisfied": p,
                "truth": truth,
                "states": [
                    [int(t), round(float(s), 4), round(float(o), 4)]
                    for t, s, o in zip(customer, states, outlooks)
                ],
                **({"answer": truth} if rng.random() < propensity else {}),
            }
        )
    return answered


def transcript(rng, conversation):
    states = {t: s for t, s, _ in conversation["states"]}
    turns = []
    for i in range(conversation["turns"]):
        if i not in states:
            turns.append(["bot" if i == 0 else "agent", AGENT[int(rng.integers(len(AGENT)))]])
            continue
        words = LOW if states[i] < 0.4 else HIGH if states[i] > 0.68 else MIDDLE
        first = i == min(states)
        turns.append(
            [
                "customer",
                (
                    OPENINGS[conversation["problem_type"]]
                    if first
                    else words[int(rng.integers(len(words)))]
                ),
            ]
        )
    return turns


def conformal(rng, answered):
    groups = []
    for value in CHANNELS:
        n = sum(c["channel"] == value for c in answered)
        cover = 0.88 + 0.04 * rng.random()
        groups.append(
            {
                "group": value,
                "n": n,
                "coverage": cover,
                "interval": wilson(cover * n, n),
                "mean_size": 1.9 + 0.4 * rng.random(),
            }
        )
    return {"level": 0.9, "groups": groups}


def rated_turns(rng):
    def slice_(by, value, n):
        figures = {
            k: {"value": v, "interval": [v - 12 / (n**0.5 + 100), v + 12 / (n**0.5 + 100)]}
            for k, v in (
                ("accuracy", 0.71),
                ("uar", 0.63 + 0.05 * rng.random()),
                ("macro_f1", 0.61),
                ("kappa", 0.48),
                ("kappa_linear", 0.53),
                ("kappa_quadratic", 0.6),
                ("spearman", 0.58),
            )
        }
        return {
            "by": by,
            "value": value,
            "n": n,
            "conversations": n // 6,
            "shares": {"negative": 0.2, "neutral": 0.5, "positive": 0.3},
            "figures": figures,
            "majority": {
                "accuracy": {"value": 0.5, "interval": None},
                "uar": {"value": 1 / 3, "interval": None},
            },
        }

    return (
        [slice_("all", "all", 4100)]
        + [slice_("channel", c, 1400) for c in CHANNELS]
        + [slice_("length", x, 700) for x in LENGTHS]
    )


def learning(rng):
    points = []
    for update in range(1, 281):
        points.append(
            {
                "update": update,
                "epoch": 1 + (update - 1) // 70,
                "loss": float(0.28 + 0.75 * np.exp(-update / 60) + rng.normal(0, 0.045)),
            }
        )
        if update % 70 == 0:
            k = update // 70
            points.append(
                {
                    "update": update,
                    "best": k in (1, 2, 4),
                    "validation": {
                        "log_loss": [0.342, 0.276, 0.279, 0.235][k - 1],
                        "accuracy": [0.865, 0.908, 0.881, 0.924][k - 1],
                        "auc": [0.920, 0.952, 0.955, 0.961][k - 1],
                    },
                }
            )
    return points


def experiments():
    rows = [
        ("vader rule", 0.655, "the lexicon tells next to nothing"),
        ("majority class", 0.728, ""),
        ("MiniLM, turn by turn", 0.849, "one epoch"),
        ("MiniLM, turn by turn, three epochs", 0.881, "no more than TF-IDF"),
        ("dropout 0.3", 0.876, "did not help"),
        ("six layers across turns", 0.892, "reading the dialogue at once is what counts"),
        ("lexical features beside", 0.903, "helps where few answers are"),
        ("average of three", 0.911, ""),
    ]
    return [
        {
            "name": n,
            "date": f"2026-11-{10 + i:02d}",
            "value": v,
            "interval": wilson(v * 371, 371),
            "note": note,
            "current": i == 5,
        }
        for i, (n, v, note) in enumerate(rows)
    ]


def sample(size=2000, seed=7, readable=300, evaluation=None):
    """The probe's input, SYNTHETIC. `evaluation`: a real one, whose figures replace the drawn ones."""
    rng = np.random.default_rng(seed)
    conversations = draw(rng, size)
    answered = [c for c in conversations if "answer" in c]
    drawn = {
        "format": "arcsat-evaluation",
        "version": 1,
        "options": {
            "threshold": 0.5,
            "bins": 15,
            "rating_rule": "middle",
            "state_sign": 0.5,
            "state_low": 0.375,
            "state_high": 0.625,
            "resamples": 1000,
            "level": 0.95,
            "seed": 1,
        },
        "survey": figures.survey_slices(rng, answered),
        "turns": rated_turns(rng),
        "reliability": reliability(answered),
        "answers": answers(answered),
        "curves": figures.curves(answered),
        "histograms": figures.histograms(conversations),
        "arcs": figures.arcs(conversations),
        "claim": figures.claim(answered),
        "population": figures.population(conversations),
        "conformal": conformal(rng, answered),
        "model": "synthetic",
        "data": {"path": "synthetic.jsonl", "sha256": "0" * 64, "read": size, "skipped": 0},
        "target": "survey",
        "calibrated": True,
        "notes": [],
    }
    for conversation in conversations:
        del conversation["truth"]
        if len(conversations) <= 20000:
            conversation["transcript"] = transcript(rng, conversation)
    return {
        "title": "Synthetic sample, not measured",
        "program": "arcsat 0.1.0",
        "made_at": "2026-11-24T10:00:00Z",
        "evaluation": drawn | (evaluation or {}),
        "conversations": conversations,
        "learning": learning(rng),
        "experiments": experiments(),
        "making": [
            ["train.epochs", "4"],
            ["train.learning_rate", "0.0002"],
            ["encoder", "all-MiniLM-L6-v2"],
        ],
        "choose": readable,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--evaluation", help="a real evaluation.json that lends its figures")
    arguments = parser.parse_args()
    lent = json.load(open(arguments.evaluation, encoding="utf-8")) if arguments.evaluation else None
    print(json.dumps(sample(arguments.conversations, arguments.seed, evaluation=lent)))
