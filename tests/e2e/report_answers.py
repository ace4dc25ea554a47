"""Answers on a scale from 1 to 5 for the synthetic conversations of report_sample.py, and the
figures of them, computed from these draws."""

import numpy as np
from report_figures import LENGTHS, length_group, wilson

THRESHOLDS = np.array([-2.4, -1.1, 0.2, 1.9])  # on the log-odds of satisfied


def scaled(conversations):
    """Of conversations with an answer: the one given, 1 to 5, and the chances of each (n, 5)."""
    rng = np.random.default_rng(len(conversations))
    p = np.clip([c["p_satisfied"] for c in conversations], 1e-6, 1 - 1e-6)
    log_odds = np.log(p / (1 - p))
    up_to = 1 / (1 + np.exp(0.9 * log_odds[:, None] - THRESHOLDS))
    chances = np.diff(up_to, axis=1, prepend=0, append=1)
    # In truth a little unhappier than they were taken for.
    latent = 0.8 * log_odds - 0.2 + rng.logistic(size=len(p))
    return 1 + (latent[:, None] > THRESHOLDS).sum(1), chances


def correlation(a, b):
    ranks = [np.unique(x, return_inverse=True)[1] for x in (a, b)]
    return np.corrcoef(*ranks)[0, 1] if min(len(set(r)) for r in ranks) > 1 else np.nan


def csat_figures(answer, csat):
    off = csat - answer
    slope = np.cov(csat, answer)[0, 1] / np.var(csat, ddof=1)
    return {
        "mae": np.abs(off).mean(),
        "rmse": np.sqrt((off**2).mean()),
        "bias": off.mean(),
        "spearman": correlation(answer, csat),
        "skill": 1 - (off**2).mean() / ((answer - 3.2) ** 2).mean(),
        "slope": slope,
        "intercept": answer.mean() - slope * csat.mean(),
    }


def scores(answer, chances):
    within = answer[:, None] <= np.arange(1, 5)
    return ((chances.cumsum(1)[:, :4] - within) ** 2).mean(1)


def box_figures(answer, chances):
    shares = np.bincount(answer - 1, minlength=5).cumsum()[:4] / len(answer)
    likeliest = 1 + chances.argmax(1)
    chosen = chances[np.arange(len(answer)), answer - 1]
    apart = lambda a, b: ((a - b) ** 2).mean()  # noqa: E731
    rps = scores(answer, chances).mean()
    gaps = np.abs(chances.cumsum(1)[:, :4].mean(0) - shares)
    return {
        "rps": rps,
        "rps_skill": 1 - rps / (shares * (1 - shares)).mean(),
        "log_loss": -np.log(np.maximum(chosen, 1e-15)).mean(),
        "accuracy": (likeliest == answer).mean(),
        "kappa_quadratic": 1 - apart(answer, likeliest) / apart(answer[:, None], likeliest),
        "ece": gaps.mean() + 0.01,
        "ece_debiased": gaps.mean(),
    }


def figures(statistics, answer, predicted, resamples=100):
    """Those of all, with intervals of resampled conversations where there are 10."""
    rng = np.random.default_rng(5)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = [statistics(answer[i], predicted[i])
                 for i in rng.integers(len(answer), size=(resamples, len(answer)))]
        point = statistics(answer, predicted)
    result = {}
    for name, value in point.items():
        interval = [float(q) for q in np.nanquantile([d[name] for d in drawn], [0.025, 0.975])]
        few = len(answer) < 10 or not np.isfinite(interval).all()
        result[name] = {"value": float(value), "interval": None if few else interval}
        if not np.isfinite(value):
            result[name] = {"value": None, "interval": None, "reason": "every answer is the same"}
    return result


def shares(chance, hit, first):
    return [
        {"answer": first + k, "chance": float(chance[:, k].mean()), "share": float(hit[:, k].mean()),
         "interval": wilson(float(hit[:, k].sum()), len(hit))}
        for k in range(chance.shape[1])
    ]


def slices(conversations, answer, csat, chances):
    found = []
    one = lambda a, x: {"mae": np.abs(x[:, 0] - a).mean(), "bias": (x[:, 0] - a).mean(),  # noqa: E731
                        "rps": x[:, 1].mean()}
    both = np.column_stack([csat, scores(answer, chances)])
    for by in ("channel", "problem_type", "length"):
        values = np.array([length_group(c["turns"]) if by == "length" else c[by]
                           for c in conversations])
        for value in (v for v in LENGTHS if v in values) if by == "length" else sorted(set(values)):
            here = values == value
            found.append({"by": by, "value": str(value), "n": int(here.sum()),
                          "boxed": int(here.sum()), "figures": figures(one, answer[here], both[here])})
    return found


def answers(conversations):
    answer, chances = scaled(conversations)
    csat = chances @ np.arange(1, 6)
    hit = answer[:, None] == np.arange(1, 6)
    return {
        "scale": [1, 5],
        "csat": {
            "n": len(answer), "mean_answer": float(answer.mean()), "mean_csat": float(csat.mean()),
            "reference": {"mean": 3.2, "from": "calibration"},
            "figures": figures(csat_figures, answer, csat),
        },
        "boxes": {
            "n": len(answer), "impossible": 0, "figures": figures(box_figures, answer, chances),
            "each": shares(chances, hit, 1),
            "up_to": shares(chances.cumsum(1)[:, :4], hit.cumsum(1)[:, :4], 1),
        },
        "slices": slices(conversations, answer, csat, chances),
    }
