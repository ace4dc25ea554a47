"""Reliability, the claim and curves against netcal, scikit-learn and statsmodels, by the probe of
tests/parity/reliability_main.cc."""

import numpy as np
import probes
import pytest

metrics = pytest.importorskip("sklearn.metrics")
sm = pytest.importorskip("statsmodels.api")
from sklearn.calibration import calibration_curve  # noqa: E402
from sklearn.isotonic import IsotonicRegression  # noqa: E402
from statsmodels.stats.proportion import proportion_confint  # noqa: E402



def ask(request):
    return probes.ask("reliability", request)


def sample(n, seed):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.001, 0.999, n)
    y = (rng.uniform(size=n) < p**1.5).astype(int)
    return p, y


def reliability(p, y, bins):
    return ask({"reliability": {"p": p.tolist(), "y": y.tolist(), "bins": bins}})["reliability"]


@pytest.mark.parametrize("n,bins,seed", [(300, 15, 1), (2000, 10, 2), (40, 4, 3)])
def test_bins_are_those_of_scikit_learn(n, bins, seed):
    p, y = sample(n, seed)
    got = reliability(p, y, bins)
    share, mean = calibration_curve(y, p, n_bins=bins, strategy="quantile")
    assert [b["y"] for b in got["bins"]] == pytest.approx(share, abs=1e-9)
    assert [b["p"] for b in got["bins"]] == pytest.approx(mean, abs=1e-9)
    for b in got["bins"]:
        low, high = proportion_confint(round(b["y"] * b["n"]), b["n"], method="wilson")
        assert b["interval"] == pytest.approx([low, high], abs=1e-9)


@pytest.mark.parametrize("n,bins,seed", [(300, 15, 4), (1500, 10, 5)])
def test_calibration_errors_are_those_of_netcal(n, bins, seed):
    netcal = pytest.importorskip("netcal.metrics")
    p, y = sample(n, seed)
    got = reliability(p, y, bins)
    assert got["ece"] == pytest.approx(
        netcal.ECE(bins=bins, equal_intervals=False).measure(p, y), abs=1e-9)
    assert got["ece_width"] == pytest.approx(netcal.ECE(bins=bins).measure(p, y), abs=1e-9)


@pytest.mark.parametrize("n,seed", [(200, 6), (1000, 7)])
def test_adaptive_error_is_netcals_at_the_largest_monotone_number_of_bins(n, seed):
    netcal = pytest.importorskip("netcal.metrics")
    p, y = sample(n, seed)
    order = np.argsort(p)
    bins = 1
    while bins < n:
        # Place i of n belongs to the bin where the middle of its mass falls.
        of = ((np.arange(n) + 0.5) / n * (bins + 1)).astype(int)
        shares = np.bincount(of, weights=y[order]) / np.bincount(of)
        if (np.diff(shares) < 0).any():
            break
        bins += 1
    got = reliability(p, y, 15)
    assert got["ece_adaptive_bins"] == bins
    of = ((np.arange(n) + 0.5) / n * bins).astype(int)
    gap = np.abs(np.bincount(of, weights=(p - y)[order])).sum() / n
    assert got["ece_adaptive"] == pytest.approx(gap, abs=1e-9)
    if n % bins == 0:
        assert got["ece_adaptive"] == pytest.approx(
            netcal.ECE(bins=bins, equal_intervals=False).measure(p, y), abs=1e-9)


def test_brier_parts():
    p, y = sample(500, 8)
    p = np.round(p, 1)  # eleven forecasts: with a bin each nothing varies within
    brier = reliability(p, y, 500)["brier"]
    assert brier["value"] == pytest.approx(metrics.brier_score_loss(y, p), abs=1e-9)
    n = np.array([(p == q).sum() for q in np.unique(p)])
    share = np.array([y[p == q].mean() for q in np.unique(p)])
    # Murphy's (1973) three terms, as he wrote them.
    assert brier["reliability"] == pytest.approx(np.average((np.unique(p) - share) ** 2, weights=n))
    assert brier["resolution"] == pytest.approx(np.average((share - y.mean()) ** 2, weights=n))
    assert brier["uncertainty"] == pytest.approx(y.mean() * (1 - y.mean()))
    assert brier["within_variance"] == pytest.approx(0, abs=1e-12)


def bins_of(p, w, count):
    """The bin of each item: items of equal p share the one where the middle of their mass falls."""
    _, group = np.unique(p, return_inverse=True)
    mass = np.bincount(group, weights=w)
    return np.minimum((np.cumsum(mass) - mass / 2) / mass.sum() * count, count - 1).astype(int)[group]


def means(p, y, w, count):
    """Mass, mean chance and share satisfied of each bin that is not empty."""
    of = bins_of(p, w, count)
    mass, chance, share = (np.bincount(of, weights=x) for x in (w, w * p, w * y))
    full = mass > 0
    return mass[full], chance[full] / mass[full], share[full] / mass[full]


def error(p, y, w, count):
    mass, chance, share = means(p, y, w, count)
    return np.average(np.abs(chance - share), weights=mass)


def debiased(p, y, w, count, times):
    mass, chance, share = means(p, y, w, count)
    mass, chance, share = (x[mass > 1] for x in (mass, chance, share))
    squares = (chance - share) ** 2 - times * share * (1 - share) / (mass - 1)
    return np.sqrt(max(0, np.average(squares, weights=mass)))


def parts(p, y, w, count, times=0):
    """Value, reliability, resolution and uncertainty, as Stephenson, Coelho and Jolliffe (2008) write
    them, with the noise of the bins' shares taken out of them (Ferro and Fricker 2012) so often."""
    mass, chance, share = means(p, y, w, count)
    total, base, of = w.sum(), np.average(y, weights=w), bins_of(p, w, count)
    _, place = np.unique(of[w > 0], return_inverse=True)
    items = [x[w > 0] for x in (p, y, w)]
    off_p, off_y = items[0] - chance[place], items[1] - share[place]
    resolution = (np.average((share - base) ** 2, weights=mass)
                  - np.average(off_p**2, weights=items[2])
                  + 2 * np.average(off_p * off_y, weights=items[2]))
    noise = sum(m * s * (1 - s) / (m - 1) for m, s in zip(mass, share) if m > 1) / total
    uncertainty = base * (1 - base)
    return [np.average((p - y) ** 2, weights=w),
            np.average((chance - share) ** 2, weights=mass) - times * noise,
            resolution - times * (noise - uncertainty / (total - 1)), uncertainty]


def swept(p, y):
    ones, count = np.ones(len(p)), 1
    while count < min(256, len(p)) and (np.diff(means(p, y, ones, count + 1)[2]) >= 0).all():
        count += 1
    return count


def resampled(p, y, figures, resamples=100, seed=1):
    """Both ends of each figure over the probe's own resamples."""
    random, n = SplitMix(seed), len(p)
    draws = []
    for _ in range(resamples):
        w = np.bincount([random.below(n) for _ in range(n)], minlength=n).astype(float)
        draws.append(figures(p, y, w))
    return np.quantile(draws, [0.025, 0.975], axis=0).T


def check_figures(got, interval, p, y, error_bins, part_bins):
    ones, count = np.ones(len(p)), swept(p, y)
    assert got["ece_debiased"] == pytest.approx(debiased(p, y, ones, error_bins, 1), abs=1e-9)
    assert got["ece_adaptive_bins"] == count
    adaptive = error(p, y, ones, count)
    assert got["ece_adaptive"] == pytest.approx(adaptive, abs=1e-9)
    brier, names = got["brier"], ["value", "reliability", "resolution", "uncertainty"]
    assert [brier[name] for name in names] == pytest.approx(parts(p, y, ones, part_bins), abs=1e-9)
    assert brier["value"] == pytest.approx(metrics.brier_score_loss(y, p), abs=1e-9)
    assert brier["reliability"] - brier["resolution"] + brier["uncertainty"] == pytest.approx(
        brier["value"], abs=1e-9)
    ends = resampled(p, y, lambda p, y, w: [
        debiased(p, y, w, error_bins, 2), error(p, y, w, count), *parts(p, y, w, part_bins, 2)[:3],
        error(p, y, w, error_bins)])
    assert got[interval] == pytest.approx(ends[0], abs=1e-9)
    for name, found, (_, high) in (("ece_adaptive", adaptive, ends[1]), ("ece", got.get("ece"), ends[5])):
        if name not in got:
            continue  # slices have no plain one
        low = 0 if ends[0][0] == 0 else max(0, 2 * found - high)
        assert got[f"{name}_interval"] == pytest.approx([low, high], abs=1e-9)
    assert brier["value_interval"] == pytest.approx(ends[2], abs=1e-9)
    assert brier["reliability_interval"] == pytest.approx(np.maximum(ends[3], 0), abs=1e-9)
    assert brier["resolution_interval"] == pytest.approx(ends[4], abs=1e-9)
    low, high = proportion_confint(y.sum(), len(y), method="wilson")
    shares = np.append(np.linspace(low, high, 10001), 0.5 if low < 0.5 < high else low)
    values = shares * (1 - shares)
    assert brier["uncertainty_interval"] == pytest.approx([values.min(), values.max()], abs=1e-9)


@pytest.mark.parametrize("n,bins,seed,digits", [(240, 15, 12, 9), (400, 10, 13, 1), (100, 15, 14, 2)])
def test_slices_and_everything_are_those_of_numpy(n, bins, seed, digits):
    p, y = sample(n, seed)
    p = np.round(p, digits)
    got = reliability(p, y, bins)
    check_figures(got, "ece_debiased_interval", p, y, bins, bins)
    slices = {s["value"]: s for s in got["slices"]}
    voice = np.arange(n) % 3 == 0
    for name, here in (("voice", voice), ("chat", ~voice), ("1-8", np.full(n, True))):
        assert slices[name]["n"] == here.sum()
        check_figures(slices[name], "interval", p[here], y[here], bins, 5)
        share, mean = calibration_curve(y[here], p[here], n_bins=5, strategy="quantile")
        if digits == 9:
            assert [b["y"] for b in slices[name]["bins"]] == pytest.approx(share, abs=1e-9)
            assert [b["p"] for b in slices[name]["bins"]] == pytest.approx(mean, abs=1e-9)


def test_slices_of_a_handful_have_no_parts():
    p, y = sample(60, 15)  # 20 of them are voice
    chat, voice = reliability(p, y, 15)["slices"][:2]
    assert (voice["value"], voice["n"]) == ("voice", 20) and chat["brier"]["value"] > 0
    for key in ("ece_adaptive", "ece_adaptive_interval", "ece_adaptive_bins", "brier"):
        assert voice[key] is None, key
    assert voice["ece_debiased"] is not None and len(voice["bins"]) == 5


def test_monotone_fit_is_scikit_learns():
    rng = np.random.default_rng(9)
    values, weights = np.sort(rng.normal(size=60)) + rng.normal(size=60), rng.integers(1, 90, 60)
    got = ask({"monotone": {"values": values.tolist(), "weights": weights.tolist()}})["monotone"]
    want = IsotonicRegression().fit_transform(np.arange(60), values, sample_weight=weights)
    assert got == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("rounded", [False, True])
def test_curves_are_those_of_scikit_learn(rounded):
    p, y = sample(700, 10)
    if rounded:
        p = np.round(p, 1)
    got = ask({"curves": {"p": p.tolist(), "y": y.tolist(), "points": 10**6}})["curves"]
    fpr, tpr, thresholds = metrics.roc_curve(y, p, drop_intermediate=False)
    all_points = {(round(f, 9), round(t, 9)): s for f, t, s in zip(fpr, tpr, thresholds)}
    for f, t, s in got["roc"][1:]:
        assert all_points[round(f, 9), round(t, 9)] == pytest.approx(s)
    x, h, _ = zip(*got["roc"])
    assert metrics.auc(x, h) == pytest.approx(metrics.roc_auc_score(y, p), abs=1e-9)
    precision, recall, thresholds = metrics.precision_recall_curve(y, p)
    steps = {(round(r, 9), round(q, 9)) for r, q in zip(recall, precision)}
    assert all((round(r, 9), round(q, 9)) in steps for r, q, _ in got["pr"])
    r, q, _ = map(np.array, zip(*got["pr"]))
    assert np.sum(np.diff(r) * q[1:]) == pytest.approx(
        metrics.average_precision_score(y, p), abs=1e-9)


class SplitMix:
    """data/random.h, written independently (Steele, Lea, Flood 2014)."""

    MASK = 2**64 - 1

    def __init__(self, seed):
        self.state = seed & self.MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return z ^ (z >> 31)

    def below(self, n):
        return (self.next() * n) >> 64


def folds_of(y, folds, seed):
    mix = SplitMix(seed ^ ((2 * 0xD1342543DE82EF95) & SplitMix.MASK))
    mix.next()
    random = SplitMix(mix.next())
    order = list(range(len(y)))
    for i in range(len(order), 1, -1):
        j = random.below(i)
        order[i - 1], order[j] = order[j], order[i - 1]
    order = [i for i in order if y[i] == 1] + [i for i in order if y[i] == 0]
    fold = np.empty(len(y), int)
    for place, i in enumerate(order):
        fold[i] = place % folds
    return fold


def held_out(columns, y, fold):
    x = sm.add_constant(np.column_stack(columns))
    p = np.empty(len(y))
    for f in np.unique(fold):
        fit = sm.Logit(y[fold != f], x[fold != f]).fit(disp=0, tol=1e-13, maxiter=100)
        p[fold == f] = fit.predict(x[fold == f])
    return p


def auc_within(p, y, fold):
    """Folds' AUCs, weighted by their pairs of classes."""
    by_fold = [(y[fold == f], p[fold == f]) for f in np.unique(fold)]
    pairs = [(1 - a).sum() * a.sum() for a, _ in by_fold]
    return np.average([metrics.roc_auc_score(a, q) for a, q in by_fold], weights=pairs)


def wins_within(p, y, fold):
    """(conversations, conversations): 1 where a satisfied one ranks above its fold's other."""
    pair = (fold[:, None] == fold) & (y[:, None] == 1) & (y == 0)
    return pair.astype(float), pair * ((p[:, None] > p) + 0.5 * (p[:, None] == p))


def test_changes_are_those_of_cross_fitted_statsmodels():
    rng = np.random.default_rng(11)
    n = 260
    entry, leaving = rng.uniform(size=n), rng.uniform(size=n)
    outlook = 2 * leaving + rng.normal(size=n)
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-(3 * leaving - 2 * entry)))).astype(int)
    delta = leaving - entry
    claim = ask({"claim": {"entry": entry.tolist(), "exit": leaving.tolist(),
                           "outlook_logit": outlook.tolist(), "y": y.tolist(), "folds": 7,
                           "seed": 5}})["claim"]
    fold = folds_of(y, 7, 5)
    pairs = {
        "delta beyond entry": ([entry], [entry, delta]),
        "delta beyond exit": ([leaving], [leaving, delta]),
        "delta beyond outlook": ([outlook], [outlook, delta]),
        "arc beyond outlook": ([outlook], [outlook, entry, delta]),
    }
    got = {change["name"]: change for change in claim["changes"]}
    assert set(got) == set(pairs)
    for name, (smaller, larger) in pairs.items():
        a, b = held_out(smaller, y, fold), held_out(larger, y, fold)
        assert got[name]["log_loss"] == pytest.approx(
            metrics.log_loss(y, b) - metrics.log_loss(y, a), abs=1e-6)
        assert got[name]["auc"] == pytest.approx(
            auc_within(b, y, fold) - auc_within(a, y, fold), abs=1e-6)
        pair, without = wins_within(a, y, fold)
        change = wins_within(b, y, fold)[1] - without
        losses = -np.log(np.where(y == 1, b / a, (1 - b) / (1 - a)))
        w = np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(4000)])
        auc_draws = ((w @ change) * w).sum(axis=1) / ((w @ pair) * w).sum(axis=1)
        draws = np.column_stack([auc_draws, w @ losses / n])
        for column, key in enumerate(["auc_interval", "log_loss_interval"]):
            assert got[name][key] == pytest.approx(
                np.quantile(draws[:, column], [0.025, 0.975]),
                abs=0.4 * draws[:, column].std() + 1e-9), (name, key)
