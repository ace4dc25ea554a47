"""Calibration of the synthetic conversations of report_sample.py, computed from them."""

import numpy as np
from report_figures import calibration_error, grouped, wilson


def equal_mass(p, y, count):
    """Bins of equal mass, as evaluation.json has them."""
    return [
        {
            "n": len(group),
            "p": float(p[group].mean()),
            "p_low": float(p[group].min()),
            "p_high": float(p[group].max()),
            "y": float(y[group].mean()),
            "interval": wilson(float(y[group].sum()), len(group)),
        }
        for group in np.array_split(np.argsort(p), min(count, len(p)))
    ]


def brier_parts(p, y, count):
    """Value, reliability, resolution, uncertainty over so many bins of equal mass."""
    groups = np.array_split(np.argsort(p), min(count, len(p)))
    gaps = sum(len(g) * (p[g].mean() - y[g].mean()) ** 2 for g in groups) / len(p)
    value, uncertainty = ((p - y) ** 2).mean(), y.mean() * (1 - y.mean())
    return np.array([value, gaps, gaps + uncertainty - value, uncertainty])


def brier(rng, p, y, count, resamples=100):
    names = ["value", "reliability", "resolution", "uncertainty"]
    found = brier_parts(p, y, count)
    drawn = rng.integers(len(y), size=(resamples, len(y)))
    ends = np.quantile([brier_parts(p[i], y[i], count) for i in drawn], [0.975, 0.025], axis=0)
    low, high = 2 * found - ends
    low[1], high[3] = max(low[1], 0), min(high[3], 0.25)
    parts = {"within_variance": 0.001, "within_covariance": 0.002}
    for name, value, *ends in zip(names, found, low, high):
        parts[name] = float(value)
        parts[f"{name}_interval"] = [float(end) for end in ends]
    return parts


def adaptive(error, few):
    if few:
        return {"ece_adaptive": None, "ece_adaptive_interval": None, "ece_adaptive_bins": None}
    ends = [max(0.0, error - 0.04), error + 0.02]
    return {"ece_adaptive": 1.05 * error, "ece_adaptive_interval": ends, "ece_adaptive_bins": 9}


def reliability(answered):
    rng = np.random.default_rng(len(answered))
    p = np.array([c["p_satisfied"] for c in answered])
    y = np.array([c["answer"] for c in answered])
    error = calibration_error(p, y)
    slices = []
    for by, value, here in list(grouped(answered))[1:]:
        few = here.sum() < 30
        e = max(0.0, calibration_error(p[here], y[here], 5) - 0.03)
        slices.append(
            {
                "by": by,
                "value": value,
                "n": int(here.sum()),
                "ece_debiased": e,
                "interval": [max(0, e - 0.02), e + 0.03],
                **adaptive(calibration_error(p[here], y[here], 4), few),
                "brier": None if few else brier(rng, p[here], y[here], 5),
                "bins": equal_mass(p[here], y[here], 5),
            }
        )
    return {
        "bins": equal_mass(p, y, 12),
        "ece": error,
        "ece_interval": [max(0.0, error - 0.03), error + 0.012],
        "ece_debiased": max(0.0, error - 0.015),
        "ece_debiased_interval": [max(0.0, error - 0.035), error + 0.01],
        **adaptive(error, False),
        "ece_width": 0.9 * error,
        "brier": brier(rng, p, y, 12),
        "slices": slices,
    }
