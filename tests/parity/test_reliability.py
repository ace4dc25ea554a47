"""Reliability, the claim, curves and conformal sets against netcal, scikit-learn, statsmodels,
MAPIE and crepes.

ARCSAT_RELIABILITY_PROBE names the helper built from tests/parity/reliability_main.cc
(build/probes otherwise).
"""

import json
import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

metrics = pytest.importorskip("sklearn.metrics")
sm = pytest.importorskip("statsmodels.api")
from sklearn.calibration import calibration_curve  # noqa: E402
from sklearn.isotonic import IsotonicRegression  # noqa: E402
from statsmodels.stats.proportion import proportion_confint  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("ARCSAT_RELIABILITY_PROBE",
                            SOURCE / "build/probes/arcsat_reliability_probe"))


def ask(request):
    if not PROBE.exists():
        pytest.skip(f"no {PROBE}: build the tests, or name the helper by ARCSAT_RELIABILITY_PROBE")
    done = subprocess.run([PROBE], input=json.dumps(request), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


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


# Conformal prediction -------------------------------------------------------------------------


def boxes_sample(n, seed, boxes=5):
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(n, boxes))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.exp(0.6 * logits)
    truth /= truth.sum(axis=1, keepdims=True)
    answer = (rng.uniform(size=(n, 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(0, boxes - 1)
    return chances, answer


def aps_scores(chances, uniform=1.0):
    """Mass before each box, likeliest first, and (1 - u) of its own (Romano et al. 2020)."""
    order = np.argsort(-chances, axis=1, kind="stable")
    sorted_chances = np.take_along_axis(chances, order, axis=1)
    u = np.broadcast_to(np.asarray(uniform, float), len(chances))[:, None]
    scores = np.empty_like(chances)
    np.put_along_axis(scores, order, sorted_chances.cumsum(axis=1) - u * sorted_chances, axis=1)
    return scores


def conformal(fit, test, level, **options):
    side = lambda s: {k: np.asarray(v).tolist() for k, v in s.items()}  # noqa: E731
    return ask({"conformal": {"fit": side(fit), "test": side(test), "level": level,
                              **options}})["conformal"]


def members(boxes, width):
    chosen = np.zeros((len(boxes), width), bool)
    for i, row in enumerate(boxes):
        chosen[i, row] = True
    return chosen


@pytest.mark.parametrize("boxes", [2, 5])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_sets_are_those_of_crepes(boxes, level):
    crepes = pytest.importorskip("crepes")
    chances, answer = boxes_sample(157, 12, boxes)
    test_chances, test_answer = boxes_sample(400, 13, boxes)
    got = conformal({"chances": chances, "answer": answer},
                    {"chances": test_chances, "answer": test_answer}, level)
    peer = crepes.ConformalClassifier()
    peer.fit(aps_scores(chances)[np.arange(157), answer])
    want = peer.predict_set(aps_scores(test_chances), confidence=level, smoothing=False)
    assert (members(got["boxes"], boxes) == want.astype(bool)).all()
    assert got["report"]["groups"][0]["coverage"] == pytest.approx(
        want[np.arange(400), test_answer].mean())
    assert got["report"]["groups"][0]["mean_size"] == pytest.approx(want.sum(axis=1).mean())


def test_mondrian_sets_are_those_of_crepes():
    crepes = pytest.importorskip("crepes")
    chances, answer = boxes_sample(317, 14)
    test_chances, test_answer = boxes_sample(300, 15)
    rng = np.random.default_rng(16)
    group, test_group = rng.integers(0, 3, 317), rng.integers(0, 3, 300)
    answer = np.where(group == 2, rng.integers(0, 5, 317), answer)  # a group that is hard to tell
    name = lambda g: [f"g{v}" for v in g]  # noqa: E731
    got = conformal({"chances": chances, "answer": answer, "group": name(group)},
                    {"chances": test_chances, "answer": test_answer, "group": name(test_group)},
                    0.9, min_group=10)
    peer = crepes.ConformalClassifier()
    peer.fit(aps_scores(chances)[np.arange(317), answer], bins=group)
    want = peer.predict_set(aps_scores(test_chances), bins=test_group, confidence=0.9,
                            smoothing=False)
    assert (members(got["boxes"], 5) == want.astype(bool)).all()
    by_group = {g["group"]: g for g in got["report"]["groups"]}
    for g in range(3):
        low, high = proportion_confint(
            want[np.arange(300), test_answer][test_group == g].sum(), (test_group == g).sum(),
            method="wilson")
        assert by_group[f"g{g}"]["interval"] == pytest.approx([low, high], abs=1e-9)


class Fixed:
    """An estimator that says what the rows hold."""

    def __init__(self, boxes):
        self.classes_ = np.arange(boxes)

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return x.argmax(axis=1)

    def __sklearn_is_fitted__(self):
        return True


@pytest.mark.parametrize("seed", [1, 2])
def test_randomised_sets_are_those_of_mapie(seed):
    mapie = pytest.importorskip("mapie.classification")
    chances, answer = boxes_sample(153, 17)
    test_chances, test_answer = boxes_sample(200, 18)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = mapie.SplitConformalClassifier(
            estimator=Fixed(5), confidence_level=0.85, conformity_score="aps", prefit=True,
            random_state=seed)
        peer.conformalize(chances, answer)
        _, want = peer.predict_set(
            test_chances, conformity_score_params={"include_last_label": "randomized"})
    # The numbers MAPIE draws, handed over.
    uniform = lambda n: np.random.RandomState(seed).uniform(size=n)  # noqa: E731
    got = conformal({"chances": chances, "answer": answer, "uniform": uniform(153)},
                    {"chances": test_chances, "answer": test_answer, "uniform": uniform(200)}, 0.85)
    assert (members(got["boxes"], 5) == want[:, :, 0]).all()


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_weighted_thresholds_are_numpys_weighted_quantile(level):
    chances, answer = boxes_sample(230, 19)
    test_chances, test_answer = boxes_sample(300, 20)
    rng = np.random.default_rng(21)
    weight, test_weight = rng.uniform(1, 12, 230), rng.uniform(1, 500, 300)
    got = conformal({"chances": chances, "answer": answer, "weight": weight},
                    {"chances": test_chances, "answer": test_answer, "weight": test_weight}, level)
    # Tibshirani et al. (2019), equation 7: the test point's own mass lies at infinity.
    scores = np.append(aps_scores(chances)[np.arange(230), answer], np.inf)
    threshold = np.array([np.quantile(scores, level, weights=np.append(weight, w),
                                      method="inverted_cdf") for w in test_weight])
    want = aps_scores(test_chances) <= threshold[:, None]
    assert (members(got["boxes"], 5) == want).all()
    assert len(np.unique(threshold)) > 5 and np.isinf(threshold).any()
    share = np.average(want[np.arange(300), test_answer], weights=test_weight)
    assert got["report"]["groups"][0]["coverage"] == pytest.approx(share)


def test_ordinal_sets_are_the_smallest_runs_from_the_likeliest_box():
    chances, answer = boxes_sample(199, 22)
    test_chances, _ = boxes_sample(150, 23)

    def runs(row):
        low = high = int(row.argmax())
        mass = np.full(5, np.nan)
        mass[low] = 0
        total = row[low]
        while np.isnan(mass).any():
            down = row[low - 1] if low > 0 else -1
            up = row[high + 1] if high < 4 else -1
            if down >= up:
                low -= 1
                mass[low] = total
                total += row[low]
            else:
                high += 1
                mass[high] = total
                total += row[high]
        return mass

    scores = np.array([runs(row)[a] for row, a in zip(chances, answer)])
    threshold = np.sort(scores)[int(np.ceil(200 * 0.9)) - 1]
    want = np.array([runs(row) <= threshold for row in test_chances])
    got = conformal({"chances": chances, "answer": answer},
                    {"chances": test_chances, "answer": np.zeros(150, int)}, 0.9, shape="interval")
    assert (members(got["boxes"], 5) == want).all()
    assert all(row == list(range(row[0], row[-1] + 1)) for row in got["boxes"])


def test_stored_sets_follow_their_schema():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SOURCE / "data/schema/conformal.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    chances, answer = boxes_sample(120, 24)
    side = {"chances": chances, "answer": answer}
    group = ["chat" if i % 3 else "voice" for i in range(120)]
    plain = conformal(side, side, 0.9)["sets"]
    full = conformal(side | {"group": group, "weight": np.linspace(1, 4, 120)}, side, 0.9,
                     shape="interval")["sets"]
    for sets in (plain, full):
        validator.validate(sets)
    assert list(full["groups"]) == ["chat"] and "voice" in full["notes"][0]
    for path, value in [(("level",), 1), (("shape",), "round"), (("boxes",), 1),
                        (("everyone", "n"), 0), (("everyone", "steps"), [[0.5]]),
                        (("everyone", "largest_weight"), 0), (("groups",), [])]:
        broken = json.loads(json.dumps(full))
        holder = broken
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value
        assert list(validator.iter_errors(broken)), path
