"""Comparing versions: McNemar and Holm against statsmodels, DeLong against its definition over all
pairs, permutation tests and the paired bootstrap against scipy, the stability index against numpy.

The probe is built from tests/parity/compare_main.cc.
"""


import numpy as np
import probes
import pytest

contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
multitest = pytest.importorskip("statsmodels.stats.multitest")
from scipy import stats  # noqa: E402
from sklearn import metrics  # noqa: E402


def ask(**request):
    out = probes.ask("compare", request)
    return out if len(request) > 1 else out[next(iter(request))]


def auc(y, p):
    """Mann-Whitney's; scikit-learn's is too slow for thousands of resamples."""
    ranks, positives = stats.rankdata(p)[y == 1], (y == 1).sum()
    return (ranks.sum() - positives * (positives + 1) / 2) / positives / (len(y) - positives)


def versions(n, seed, ties=False):
    """Answers, and two versions' chances: the second knows a little more."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0.8, 1.5, n)
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    first = 1 / (1 + np.exp(-(log_odds + rng.normal(0, 1.6, n))))
    other = 1 / (1 + np.exp(-(log_odds + rng.normal(0, 1.0, n))))
    if ties:
        first, other = np.round(first, 1), np.round(other, 1)
    return y, first, other


def test_mcnemar():
    pairs = [(0, 3), (1, 9), (12, 12), (0, 24), (7, 17), (10, 30), (13, 12), (3, 400), (5000, 5200)]
    for (b, c), got in zip(pairs, ask(mcnemar=pairs), strict=True):
        exact = b + c < 25
        expected = contingency.mcnemar([[0, b], [c, 0]], exact=exact, correction=True)
        assert got["method"] == ("exact" if exact else "chi-square")
        assert got["statistic"] == pytest.approx(expected.statistic, rel=1e-12)
        assert got["p"] == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("seed,n", [(1, 1), (2, 5), (3, 40)])
def test_holm(seed, n):
    p = np.random.default_rng(seed).uniform(size=n) ** 3
    p[n // 2] = p[0]
    expected = multitest.multipletests(p, method="holm")[1]
    assert ask(holm=p.tolist()) == pytest.approx(expected.tolist(), rel=1e-12)


def delong_by_pairs(first, other, y):
    """DeLong et al. (1988), equations 1 to 6, with every pair written out."""
    shares = []
    for p in (first, other):
        above = p[y == 1][:, None] - p[y == 0][None, :]
        shares.append((above > 0) + 0.5 * (above == 0))
    aucs = [share.mean() for share in shares]
    s10 = np.cov([share.mean(axis=1) for share in shares])
    s01 = np.cov([share.mean(axis=0) for share in shares])
    s = s10 / (y == 1).sum() + s01 / (y == 0).sum()
    return aucs, np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])


@pytest.mark.parametrize("n,seed,ties", [(12, 3, False), (300, 1, False), (300, 2, True),
                                         (2000, 4, True)])
def test_delong(n, seed, ties):
    y, first, other = versions(n, seed, ties)
    aucs, error = delong_by_pairs(first, other, y)
    got = ask(delong=[{"y": y.tolist(), "first": first.tolist(), "other": other.tolist()}])[0]
    assert got["auc_first"] == pytest.approx(metrics.roc_auc_score(y, first), abs=1e-12)
    assert got["auc_other"] == pytest.approx(aucs[1], abs=1e-12)
    assert got["standard_error"] == pytest.approx(error, rel=1e-10)
    z = (aucs[1] - aucs[0]) / error
    assert got["z"] == pytest.approx(z, rel=1e-9)
    assert got["p"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    half = stats.norm.ppf(0.975) * error
    assert got["interval"] == pytest.approx([aucs[1] - aucs[0] - half,
                                             aucs[1] - aucs[0] + half], abs=1e-10)


def test_delong_holds_its_level_and_the_bootstrap_agrees():
    """Versions of one quality: p is below 0.05 about once in twenty, and the standard error is the
    bootstrap's."""
    rng = np.random.default_rng(8)
    samples = []
    for _ in range(300):
        log_odds = rng.normal(0.5, 1.5, 200)
        y = (rng.uniform(size=200) < 1 / (1 + np.exp(-log_odds))).astype(int)
        samples.append((y, *(log_odds + rng.normal(0, 1.5, 200) for _ in range(2))))
    tests = ask(delong=[dict(zip(("y", "first", "other"), (x.tolist() for x in sample)))
                        for sample in samples])
    assert 5 <= sum(test["p"] < 0.05 for test in tests) <= 27  # 15, and three standard errors
    y, a, b = samples[0]
    draws = []
    for _ in range(1500):
        at = rng.integers(0, 200, 200)
        draws.append(auc(y[at], b[at]) - auc(y[at], a[at]))
    assert tests[0]["standard_error"] == pytest.approx(np.std(draws), rel=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_permutation_of_decisions(seed):
    """All of 2^n swaps by scipy, where n discordant conversations are few enough."""
    y, first, other = versions(44, seed)
    a, b = (first >= 0.5).astype(int), (other >= 0.5).astype(int)
    discordant = np.flatnonzero(a != b)[:9]
    b = np.where(np.isin(np.arange(44), discordant), b, a)
    got = ask(swap={"y": y.tolist(), "first": a.tolist(), "other": b.tolist()})
    figures = {
        "accuracy": metrics.accuracy_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "macro_f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    }
    for name, figure in figures.items():
        observed = abs(figure(y, b) - figure(y, a))
        as_far = 0
        for swaps in range(2 ** len(discordant)):
            swapped = np.zeros(44, bool)
            swapped[discordant] = [(swaps >> k) & 1 for k in range(len(discordant))]
            left, right = np.where(swapped, b, a), np.where(swapped, a, b)
            as_far += abs(figure(y, right) - figure(y, left)) >= observed - 1e-12
        assert got[name] == pytest.approx(as_far / 2 ** len(discordant), abs=1e-10), name


def test_sign_flips():
    differences = np.random.default_rng(4).normal(0.15, 1, 120)
    expected = stats.permutation_test((differences,), lambda d, axis: d.mean(axis=axis),
                                      permutation_type="samples", vectorized=True,
                                      n_resamples=20000, rng=np.random.default_rng(1))
    got = ask(sign_flip={"differences": differences.tolist(), "resamples": 20000, "seed": 1})
    assert got == pytest.approx(expected.pvalue, abs=0.015)


def test_the_paired_bootstrap():
    n = 400
    y, first, other = versions(n, 6)
    got = ask(compare={"y": y.tolist(), "turns": [4] * n, "channel": ["chat"] * n,
                       "versions": [first.tolist(), other.tolist()], "resamples": 4000})
    differences = got["slices"][0]["differences"][0]["figures"]

    def both(figure):
        return lambda y, a, b: figure(y, b) - figure(y, a)

    figures = {
        "accuracy": lambda y, p: np.mean((p >= 0.5) == y),
        "balanced_accuracy": lambda y, p: ((p[y == 1] >= 0.5).mean() + (p[y == 0] < 0.5).mean()) / 2,
        "roc_auc": auc,
        "brier": lambda y, p: np.mean((p - y) ** 2),
        "log_loss": lambda y, p: -np.mean(np.log(np.where(y == 1, p, 1 - p))),
    }
    for name, figure in figures.items():
        assert differences[name]["value"] == pytest.approx(both(figure)(y, first, other), abs=1e-9)
        expected = stats.bootstrap((y, first, other), both(figure), paired=True, vectorized=False,
                                   method="percentile", n_resamples=2000,
                                   rng=np.random.default_rng(2)).confidence_interval
        width = expected.high - expected.low
        assert differences[name]["interval"] == pytest.approx(list(expected), abs=0.12 * width), name


def test_stability_index_and_homogeneity():
    values = ["a", "b", "c", "d", "e"]
    before, after = np.array([120, 80, 300, 45, 9.0]), np.array([90, 100, 210, 60, 25.0])
    got = ask(drift={"values": values, "before": before.tolist(), "after": after.tolist()})
    p, q = before / before.sum(), after / after.sum()
    assert got["psi"] == pytest.approx(np.sum((q - p) * np.log(q / p)), rel=1e-12)
    assert got["total_variation"] == pytest.approx(np.abs(p - q).sum() / 2, rel=1e-12)
    expected = stats.chi2_contingency([before, after], correction=False)
    assert got["chi_squared"] == pytest.approx(expected.statistic, rel=1e-12)
    assert got["degrees"] == expected.dof
    assert got["p"] == pytest.approx(expected.pvalue, rel=1e-9)


def test_homogeneity_with_rare_categories():
    values = ["a", "b", "rare", "once"]
    got = ask(drift={"values": values, "before": [60, 38, 2, 0], "after": [110, 80, 9, 1]})
    # 3.67 and 0.33 expected before: together fewer than 5, so "b" joins them.
    merged = [[60, 40], [110, 90]]
    expected = stats.chi2_contingency(merged, correction=False)
    assert got["chi_squared"] == pytest.approx(expected.statistic, rel=1e-12)
    assert got["degrees"] == 1
    p = (np.array([60, 38, 2, 0]) + 0.5) / 102
    q = (np.array([110, 80, 9, 1]) + 0.5) / 202
    assert got["psi"] == pytest.approx(np.sum((q - p) * np.log(q / p)), rel=1e-12)
