"""Figures of the synthetic conversations of report_sample.py, computed from them."""

import numpy as np

LENGTHS = ["1-8", "9-16", "17-32", "33+"]


def wilson(k, n):
    z = 1.959964
    middle = (k + z * z / 2) / (n + z * z)
    half = z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return [max(0.0, middle - half), min(1.0, middle + half)]


def auc(p, y):
    order = np.argsort(p)
    ranks = np.empty(len(p))
    ranks[order] = np.arange(1, len(p) + 1)
    positive = y.sum()
    if positive in (0, len(y)):
        return None
    return float(
        (ranks[y].sum() - positive * (positive + 1) / 2) / (positive * (len(y) - positive))
    )


def figure(rng, name, statistic, p, y, resamples=200):
    value = statistic(p, y)
    if value is None:
        return {"value": None, "interval": None, "reason": "all answers are the same"}
    if name == "accuracy":
        return {"value": value, "interval": wilson(value * len(y), len(y))}
    draws = [statistic(p[i], y[i]) for i in rng.integers(len(y), size=(resamples, len(y)))]
    draws = [d for d in draws if d is not None]
    if len(draws) < 0.8 * resamples:
        return {"value": value, "interval": None}
    return {"value": value, "interval": [float(q) for q in np.quantile(draws, [0.025, 0.975])]}


def recalls(p, y):
    told = p >= 0.5
    if y.all() or not y.any():
        return None
    return (told[y].mean(), (~told[~y]).mean())


def f1(p, y):
    told = p >= 0.5
    if y.all() or not y.any():
        return None
    one = 2 * (told & y).sum() / max(1, told.sum() + y.sum())
    two = 2 * (~told & ~y).sum() / max(1, (~told).sum() + (~y).sum())
    return float((one + two) / 2)


def calibration_error(p, y, bins=15):
    groups = np.array_split(np.argsort(p), min(bins, len(p)))
    return float(sum(len(g) * abs(p[g].mean() - y[g].mean()) for g in groups) / len(p))


STATISTICS = {
    "accuracy": lambda p, y: float(((p >= 0.5) == y).mean()),
    "balanced_accuracy": lambda p, y: (
        None if recalls(p, y) is None else float(np.mean(recalls(p, y)))
    ),
    "macro_f1": f1,
    "roc_auc": auc,
    "pr_auc": lambda p, y: float(np.mean([(y[p >= t]).mean() for t in p[y]])) if y.any() else None,
    "brier": lambda p, y: float(((p - y) ** 2).mean()),
    "log_loss": lambda p, y: float(-np.log(np.clip(np.where(y, p, 1 - p), 1e-9, 1)).mean()),
    "ece": calibration_error,
    "calibration_error_debiased": lambda p, y: max(0.0, calibration_error(p, y) - 0.015),
}


def length_group(turns):
    return LENGTHS[int(np.searchsorted([8, 16, 32], turns))]


def grouped(answered):
    """(by, value, which of the answers) of everything and every group."""
    keys = [("all", np.full(len(answered), "all"))]
    for column in ("channel", "problem_type"):
        keys.append((column, np.array([c[column] for c in answered])))
    keys.append(("length", np.array([length_group(c["turns"]) for c in answered])))
    for by, values in keys:
        order = LENGTHS.index if by == "length" else str
        for value in sorted(set(values), key=order):
            yield by, str(value), values == value


def survey_slices(rng, answered):
    p = np.array([c["p_satisfied"] for c in answered])
    y = np.array([c["answer"] for c in answered])
    slices = []
    for by, value, here in grouped(answered):
        common = max(y[here].mean(), 1 - y[here].mean())
        slices.append(
            {
                "by": by,
                "value": value,
                "n": int(here.sum()),
                "conversations": int(here.sum()),
                "shares": {
                    "dissatisfied": float(1 - y[here].mean()),
                    "satisfied": float(y[here].mean()),
                },
                "figures": {
                    k: figure(rng, k, f, p[here], y[here]) for k, f in STATISTICS.items()
                },
                "majority": {
                    "accuracy": {
                        "value": float(common),
                        "interval": wilson(common * here.sum(), here.sum()),
                    }
                },
            }
        )
    return slices


def curves(answered):
    p = np.array([c["p_satisfied"] for c in answered])
    y = np.array([c["answer"] for c in answered])
    roc, pr = [[0, 0, None]], []
    for t in sorted(p, reverse=True)[:: max(1, len(p) // 300)]:
        told = p >= t
        roc.append([float(told[~y].mean()), float(told[y].mean()), float(t)])
        pr.append([float(told[y].mean()), float(y[told].mean()), float(t)])
    return {"roc": roc + [[1, 1, 0]], "pr": pr}


def outcome(conversation):
    if "answer" not in conversation:
        return "no_answer"
    return "satisfied" if conversation["answer"] else "dissatisfied"


def histograms(conversations):
    result = {}
    for key, field, low in (
        ("score", "p_satisfied", 0),
        ("delta", "delta", -1),
        ("entry", "entry", 0),
        ("exit", "exit", 0),
    ):
        edges = np.linspace(low, 1, 25)
        result[key] = {"edges": [round(float(e), 4) for e in edges]}
        for group in ("satisfied", "dissatisfied", "no_answer"):
            values = [c[field] for c in conversations if outcome(c) == group]
            result[key][group] = [int(n) for n in np.histogram(values, edges)[0]]
    return result


def arcs(conversations):
    grid = np.linspace(0, 1, 11)
    groups = []
    for group in ("satisfied", "dissatisfied", "no_answer"):
        lines = []
        for c in conversations:
            if outcome(c) == group and len(c["states"]) > 1:
                turns = np.array([t for t, _, _ in c["states"]], float)
                place = (turns - turns[0]) / (turns[-1] - turns[0])
                lines.append(np.interp(grid, place, [s for _, s, _ in c["states"]]))
        q25, median, q75 = np.quantile(lines, [0.25, 0.5, 0.75], axis=0)
        groups.append(
            {
                "outcome": group,
                "n": len(lines),
                "median": median.tolist(),
                "q25": q25.tolist(),
                "q75": q75.tolist(),
            }
        )
    return {"grid": [round(float(g), 2) for g in grid], "groups": groups}


def claim(answered):
    names = [
        ("delta beyond entry", 4.62, 0.71, 1),
        ("delta beyond exit", -0.31, 0.79, 1),
        ("delta beyond outlook", -0.28, 0.92, 1),
        ("arc beyond outlook", 0.11, 0.95, 2),
    ]
    tests = [
        {
            "name": name,
            "n": len(answered),
            "coefficient": b,
            "standard_error": s,
            "interval": [b - 1.96 * s, b + 1.96 * s],
            "chi_squared": (b / s) ** 2,
            "degrees": d,
            "p_value": 1e-9 if name.endswith("entry") else 0.69,
            "gain": 0.11 if name.endswith("entry") else 0.0004,
            "warning": "",
        }
        for name, b, s, d in names
    ]
    edges = np.quantile([c["delta"] for c in answered], np.linspace(0, 1, 10))
    rows, best = [], 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        hits = [c["answer"] for c in answered if low <= c["delta"] <= high]
        best = max(best, float(np.mean(hits)))
        rows.append(
            {
                "low": float(low),
                "high": float(high),
                "n": len(hits),
                "satisfied": float(np.mean(hits)),
                "interval": wilson(sum(hits), len(hits)),
                "fitted": best,
            }
        )
    changes = [
        {
            "name": "delta beyond entry",
            "auc": 0.142,
            "auc_interval": [0.09, 0.19],
            "log_loss": -0.11,
            "log_loss_interval": [-0.15, -0.07],
        },
        {
            "name": "delta beyond exit",
            "auc": 0.001,
            "auc_interval": [-0.004, 0.006],
            "log_loss": 0.0004,
            "log_loss_interval": [-0.003, 0.004],
        },
    ]
    return {
        "tests": tests,
        "changes": changes,
        "delta_table": rows,
        "verdict": {
            "supported": False,
            "text": "Delta tells much beyond entry alone, and nothing beyond exit alone: what counts is the state a customer leaves in, not the way there.",
        },
    }


def ways(group):
    """A group's satisfaction three ways, and the truth."""
    answers = np.array([c["answer"] for c in group if "answer" in c], float)
    p = np.array([c["p_satisfied"] for c in group])
    labelled = np.array([c["p_satisfied"] for c in group if "answer" in c])
    truth = float(np.mean([c["truth"] for c in group]))
    n = max(2, len(answers))
    half = 1.96 * np.sqrt(0.25 / n)
    measured = float(answers.mean()) if len(answers) else 0.5
    shift = float((answers - labelled).mean()) if len(answers) else 0.0
    powered = float(np.clip(p.mean() + 0.9 * shift, 0, 1))
    weighted = measured + 0.8 * (powered - measured)
    cut = lambda v, h: {
        "value": v,
        "interval": [max(0.0, v - h), min(1.0, v + h)],
    }  # noqa: E731
    shares = {
        "measured": cut(measured, half),
        "reweighted": cut(weighted, 1.25 * half),
        "prediction_powered": {**cut(powered, 0.72 * half), "lambda": 0.86},
    }
    # As if the satisfied answered 4.7 on average, the others 1.7.
    scale = lambda x: 1.7 + 3 * x  # noqa: E731
    mean_answer = {
        k: {"value": scale(v["value"]), "interval": [scale(x) for x in v["interval"]]}
        for k, v in shares.items()
    }
    mean_answer["prediction_powered"]["lambda"] = 0.64
    counts = {"n": len(group), "answered": len(answers)}
    return {**counts, **shares, "mean_answer": mean_answer}, truth


def population(conversations):
    overall, truth = ways(conversations)
    overall["truth"] = truth
    by = []
    for column in ("channel", "problem_type"):
        for value in sorted({c[column] for c in conversations}):
            by.append(
                {
                    "by": column,
                    "value": value,
                    **ways([c for c in conversations if c[column] == value])[0],
                }
            )
    base = overall["measured"]["value"]
    return {
        "overall": overall,
        "by": by,
        "response": {
            "features": [
                {"name": n, "coefficient": b, "interval": [b - s, b + s]}
                for n, b, s in (
                    ("entry", -0.2, 0.35),
                    ("exit", -1.48, 0.4),
                    ("channel: voice", 0.04, 0.2),
                    ("log turns", 0.22, 0.16),
                    ("problem: refund", 0.31, 0.25),
                )
            ],
            "auc": 0.617,
            "effective_sample_size": 0.81 * overall["answered"],
            "design_effect": 1.23,
            "trimmed": 7,
            "balance": [
                {"name": n, "before": a, "after": b}
                for n, a, b in (
                    ("exit", -0.34, -0.03),
                    ("entry", -0.12, 0.01),
                    ("log turns", 0.17, 0.02),
                    ("channel: voice", 0.05, -0.01),
                    ("problem: refund", 0.14, 0.04),
                    ("problem: billing", -0.06, 0.0),
                )
            ],
        },
        "sensitivity": [
            {
                "gamma": g,
                "low": base - 0.16 * np.log(g) - 0.02,
                "high": base + 0.13 * np.log(g) + 0.02,
                "interval": [base - 0.17 * np.log(g) - 0.07, base + 0.14 * np.log(g) + 0.05],
            }
            for g in (1, 1.25, 1.5, 1.75, 2, 2.5, 3)
        ],
        "flips": [
            {"claim": "the measured figure", "value": base, "gamma": 1.31, "gamma_interval": 1.08}
        ],
        "assumptions": [
            "Who answers depends on channel, problem type, length, entry and exit alone.",
            "Every kind of conversation had some chance of an answer.",
            "Conversations are independent of each other.",
        ],
    }
