"""eval/ against scikit-learn, scipy and statsmodels: metrics to 1e-9, fits to 1e-6.

The probe is built from tests/parity/eval_main.cc.
"""

import json
from pathlib import Path

import newton
import numpy as np
import probes
import pytest

metrics = pytest.importorskip("sklearn.metrics")
sm = pytest.importorskip("statsmodels.api")
jsonschema = pytest.importorskip("jsonschema")
from scipy import optimize, special, stats  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
SCHEMAS = SOURCE / "data/schema"


def ask(request):
    return probes.ask("eval", request)


def sample(n, seed, ties=False):
    """Chances that rank their labels well but not perfectly; with `ties` only 21 values."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.001, 0.999, n)
    y = (rng.uniform(size=n) < p**1.5).astype(int)
    if ties:
        p = np.round(p * 20) / 20
    return p, y, rng.integers(0, 4, n).astype(float)


def bins_of_equal_mass(p, bins, w):
    """The definition of eval/metrics.h, written independently."""
    _, inverse = np.unique(p, return_inverse=True)
    mass = np.bincount(inverse, weights=w)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.minimum((middle * bins).astype(int), bins - 1)[inverse]


def calibration_errors(p, y, bins, w):
    bin_of = bins_of_equal_mass(p, bins, w)
    ece = squared = 0.0
    kept = 0.0
    for b in np.unique(bin_of):
        in_bin = bin_of == b
        mass = w[in_bin].sum()
        if mass == 0:
            continue
        gap = np.average(p[in_bin], weights=w[in_bin]) - np.average(y[in_bin], weights=w[in_bin])
        ece += mass / w.sum() * abs(gap)
        if mass > 1:
            mean = np.average(y[in_bin], weights=w[in_bin])
            squared += mass * (gap**2 - mean * (1 - mean) / (mass - 1))
            kept += mass
    return ece, np.sqrt(max(0.0, squared / kept))


@pytest.mark.parametrize("n,seed,ties,weighted", [
    (40, 1, False, False), (500, 2, True, False), (500, 3, True, True), (3000, 4, False, True)])
def test_binary_metrics(n, seed, ties, weighted):
    p, y, w = sample(n, seed, ties)
    weights = w if weighted else np.ones(n)
    got = ask({"binary": {"p": p.tolist(), "y": y.tolist(), "w": w.tolist() if weighted else [],
                          "threshold": 0.4, "bins": 15}})["binary"]
    predicted = (p >= 0.4).astype(int)
    ece, debiased = calibration_errors(p, y, 15, weights)
    expected = {
        "accuracy": metrics.accuracy_score(y, predicted, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted, sample_weight=weights),
        "macro_f1": metrics.f1_score(y, predicted, average="macro", sample_weight=weights),
        "roc_auc": metrics.roc_auc_score(y, p, sample_weight=weights),
        "pr_auc": metrics.average_precision_score(y, p, sample_weight=weights),
        "brier": metrics.brier_score_loss(y, p, sample_weight=weights),
        "log_loss": metrics.log_loss(y, p, sample_weight=weights),
        "ece": ece,
        "debiased": debiased,
    }
    assert got == pytest.approx(expected, abs=1e-9)


def test_log_loss_clips_as_scikit_learn():
    p, y = [0.0, 1.0, 1.0, 0.25], [1, 1, 0, 0]
    got = ask({"binary": {"p": p, "y": y, "w": [], "threshold": 0.5, "bins": 2}})["binary"]
    assert got["log_loss"] == pytest.approx(metrics.log_loss(y, p), abs=1e-9)


@pytest.mark.parametrize("seed,weighted", [(1, False), (2, True)])
def test_class_metrics(seed, weighted):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 400)
    predicted = np.where(rng.uniform(size=400) < 0.6, y, rng.integers(0, 3, 400))
    w = rng.integers(0, 4, 400).astype(float) if weighted else np.ones(400)
    got = ask({"classes": {"y": y.tolist(), "predicted": predicted.tolist(), "classes": 3,
                           "w": w.tolist() if weighted else []}})["classes"]
    kappa = {name: metrics.cohen_kappa_score(y, predicted, weights=name, sample_weight=w)
             for name in (None, "linear", "quadratic")}
    expected = {
        "accuracy": metrics.accuracy_score(y, predicted, sample_weight=w),
        "uar": metrics.recall_score(y, predicted, average="macro", sample_weight=w),
        "macro_f1": metrics.f1_score(y, predicted, average="macro", sample_weight=w),
        "kappa": kappa[None],
        "kappa_linear": kappa["linear"],
        "kappa_quadratic": kappa["quadratic"],
    }
    assert got == pytest.approx(expected, abs=1e-9)


def test_spearman_with_ties():
    rng = np.random.default_rng(5)
    a = np.round(rng.normal(size=800), 1)
    b = np.round(a + rng.normal(size=800), 1)
    got = ask({"ranks": {"a": a.tolist(), "b": b.tolist()}})["spearman"]
    assert got == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)


def test_chi_square_survival():
    pairs = [(x, k) for x in (1e-6, 0.01, 0.5, 1, 3.84, 7, 20, 60, 300) for k in (1, 2, 3, 10, 41)]
    got = ask({"chi_square": pairs})["chi_square"]
    expected = [stats.chi2.sf(x, k) for x, k in pairs]
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-15)


def arc_sample(n, seed):
    rng = np.random.default_rng(seed)
    entry, leaving = rng.uniform(size=n), rng.uniform(size=n)
    outlook = 2 * rng.normal(size=n) + 2 * (leaving - 0.5)
    log_odds = 0.4 * outlook - entry + 2 * leaving
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return entry, leaving, outlook, y


def fit_with(columns, y, ridge=0.0, w=()):
    return ask({"logistic": {"x": [c.tolist() for c in columns], "y": y.tolist(), "ridge": ridge,
                             "w": list(w)}})["logistic"]


@pytest.mark.parametrize("n,seed", [(50, 1), (200, 2), (900, 3)])
def test_logistic_regression_is_that_of_statsmodels(n, seed):
    entry, leaving, outlook, y = arc_sample(n, seed)
    columns = [entry, leaving - entry, outlook]
    got = fit_with(columns, y)
    fit = sm.Logit(y, sm.add_constant(np.column_stack(columns))).fit(
        disp=0, method="newton", tol=1e-13, maxiter=100)
    assert not got["separated"]
    assert got["coefficients"] == pytest.approx(fit.params, abs=1e-6)
    assert got["standard_errors"] == pytest.approx(fit.bse, abs=1e-6)
    assert got["log_likelihood"] == pytest.approx(fit.llf, abs=1e-8)


def test_platt_is_that_of_scikit_learn():
    _, _, outlook, y = arc_sample(300, 4)
    got = fit_with([outlook], y)
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    fit.fit(outlook[:, None], y)
    assert got["coefficients"] == pytest.approx([fit.intercept_[0], fit.coef_[0, 0]], abs=1e-6)


@pytest.mark.parametrize("c", [0.1, 1, 30])
def test_sparse_logistic_regression_is_that_of_scikit_learn(c):
    rng = np.random.default_rng(11)
    x = np.where(rng.uniform(size=(150, 400)) < 0.05, rng.uniform(0.2, 3, (150, 400)), 0.0)
    y = (rng.uniform(size=150) < 1 / (1 + np.exp(-x[:, :40].sum(1) + x[:, 40:80].sum(1)))).astype(int)
    w = rng.uniform(0.5, 2, 150)
    got = ask({"sparse": {"x": x.tolist(), "y": y.tolist(), "w": w.tolist(), "c": c}})["sparse"]
    fit = LogisticRegression(C=c, solver="newton-cg", tol=1e-12, max_iter=5000)
    fit.fit(x, y, sample_weight=w)
    z, penalty = np.column_stack([x, np.ones(150)]), np.append(np.ones(400), 0)

    def chances(b):
        return special.expit(z @ b)

    # scikit-learn goes by the norm of the gradient of a mean: to the end.
    best = newton.to_the_end(
        lambda b: penalty * b - c * z.T @ (w * (y - chances(b))),
        lambda b: np.diag(penalty) + c * (z * (w * chances(b) * (1 - chances(b)))[:, None]).T @ z,
        np.append(fit.coef_[0], fit.intercept_))
    assert got["weights"] == pytest.approx(best[:-1], abs=1e-6)
    assert got["bias"] == pytest.approx(best[-1], abs=1e-6)


def test_ridge_and_weights_are_those_of_scikit_learn():
    entry, leaving, outlook, y = arc_sample(120, 5)
    w = np.random.default_rng(6).uniform(0.2, 3, 120)
    x = np.column_stack([entry, leaving - entry, outlook])
    mean = np.average(x, axis=0, weights=w)
    deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    fit = LogisticRegression(C=1 / 2.5, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    fit.fit((x - mean) / deviation, y, sample_weight=w)
    slopes = fit.coef_[0] / deviation
    got = fit_with(list(x.T), y, ridge=2.5, w=w)
    expected = [fit.intercept_[0] - slopes @ mean, *slopes]
    assert got["coefficients"] == pytest.approx(expected, abs=1e-6)


def test_fractional_logit_is_that_of_statsmodels():
    rng = np.random.default_rng(7)
    x = rng.normal(size=250)
    y = np.clip(1 / (1 + np.exp(-(1.5 * x - 0.2))) + 0.1 * rng.normal(size=250), 0, 1)
    fit = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-13)
    assert fit_with([x], y)["coefficients"] == pytest.approx(fit.params, abs=1e-6)


def test_temperature_is_scipys_minimum():
    _, _, outlook, y = arc_sample(400, 8)
    loss = lambda a: np.logaddexp(0, a * outlook).sum() - a * (y * outlook).sum()  # noqa: E731
    best = optimize.minimize_scalar(loss, bounds=(0.01, 20), method="bounded",
                                    options={"xatol": 1e-10})
    fit = sm.Logit(y, outlook).fit(disp=0, tol=1e-13)
    got = ask({"temperature": {"logit": outlook.tolist(), "y": y.tolist()}})["temperature"]
    assert got["slope"] == pytest.approx(best.x, abs=1e-6)
    assert got["standard_error"] == pytest.approx(fit.bse[0], abs=1e-6)


def test_claim_is_the_likelihood_ratio_test():
    entry, leaving, outlook, y = arc_sample(250, 9)
    delta = leaving - entry
    got = {t["name"]: t for t in ask({"claim": {
        "entry": entry.tolist(), "exit": leaving.tolist(), "outlook_logit": outlook.tolist(),
        "y": y.tolist()}})["claim"]}
    pairs = {
        "delta beyond entry": ([entry], [entry, delta]),
        "delta beyond exit": ([leaving], [leaving, delta]),
        "delta beyond outlook": ([outlook], [outlook, delta]),
        "arc beyond outlook": ([outlook], [outlook, entry, delta]),
    }
    assert set(got) == set(pairs)
    for name, (smaller, larger) in pairs.items():
        logit = lambda c: sm.Logit(y, sm.add_constant(np.column_stack(c))).fit(  # noqa: E731
            disp=0, tol=1e-13)
        without, full = logit(smaller), logit(larger)
        chi = 2 * (full.llf - without.llf)
        assert got[name]["chi_squared"] == pytest.approx(chi, abs=1e-6)
        assert got[name]["p_value"] == pytest.approx(
            stats.chi2.sf(chi, len(larger) - len(smaller)), abs=1e-6)
        assert got[name]["coefficient"] == pytest.approx(full.params[-1], abs=1e-6)
        assert got[name]["interval"] == pytest.approx(full.conf_int()[-1], abs=1e-6)


def test_bootstrap_interval_is_near_numpys():
    p, y, _ = sample(400, 10)
    rating = np.random.default_rng(1).integers(1, 6, 400).astype(float)
    report = ask({"report": {"p": p.tolist(), "y": y.tolist(), "entry": p.tolist(),
                             "exit": p.tolist(), "rating": rating.tolist()}})["report"]
    low, high = report["survey"][0]["figures"]["roc_auc"]["interval"]
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(2000):
        i = rng.integers(0, 400, 400)
        draws.append(metrics.roc_auc_score(y[i], p[i]))
    assert [low, high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.006)


def validate(instance, name):
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(instance)


@pytest.mark.parametrize("one_class", [False, True])
def test_report_follows_its_schema(one_class):
    p, y, _ = sample(60, 11)
    if one_class:
        y[:] = 1
    report = ask({"report": {"p": p.tolist(), "y": y.tolist(), "entry": p.tolist(),
                             "exit": (1 - p).tolist(), "rating": [3.0] * 60}})["report"]
    validate(report, "evaluation.schema.json")
    assert (report["survey"][0]["figures"]["roc_auc"]["value"] is None) == one_class
    report["survey"][0]["figures"]["accuracy"]["value"] = "0.9"
    with pytest.raises(jsonschema.ValidationError):
        validate(report, "evaluation.schema.json")


def test_calibration_follows_its_schema():
    entry, leaving, outlook, y = arc_sample(150, 12)
    calibration = ask({"calibration": {"entry": entry.tolist(), "exit": leaving.tolist(),
                                       "outlook_logit": outlook.tolist(),
                                       "y": y.tolist()}})["calibration"]
    validate(calibration, "calibration.schema.json")
    platt = sm.Logit(y, sm.add_constant(outlook)).fit(disp=0, tol=1e-13)
    if calibration["outlook"]["method"] == "platt":
        assert calibration["outlook"]["coefficients"] == pytest.approx(platt.params, abs=1e-6)
    del calibration["outlook"]["coefficients"]
    with pytest.raises(jsonschema.ValidationError):
        validate(calibration, "calibration.schema.json")
