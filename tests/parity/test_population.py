"""eval/'s survey statistics against ppi_py, balance and scipy, to 1e-6 and better.

The probe is built from tests/parity/population_main.cc. The data of ppi_py's notebooks are downloads,
but for those it draws; its tests draw theirs.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import logging
import sys
from unittest import mock

import newton
import numpy as np
import probes
import pytest
from scipy import optimize, special, stats
from scipy.special import expit


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for what the peers import for plots, notebooks and speed, where it is missing."""

    def __init__(self, names):
        self.names = {name for name in names if importlib.util.find_spec(name) is None}

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = mock.MagicMock(name=spec.name)
        module.__path__ = []
        module.njit = lambda function: function
        return module

    def exec_module(self, module):
        pass


def peer(name):
    absent = Absent(["IPython", "matplotlib", "numba", "plotly", "seaborn", "session_info"])
    sys.meta_path.append(absent)
    logging.disable(logging.WARNING)
    try:
        return pytest.importorskip(name)
    finally:
        logging.disable(logging.NOTSET)
        sys.meta_path.remove(absent)
        for module in [m for m in sys.modules if m.split(".")[0] in absent.names]:
            del sys.modules[module]


def ask(request):
    return probes.ask("population", request)


def ppi(y, f, f_without, lam, w=None, w_without=None, level=0.9):
    none = np.array([])
    return ask({"ppi": {"y": y.tolist(), "f": f.tolist(), "f_without": f_without.tolist(),
                        "lambda": lam, "level": level,
                        "w": (none if w is None else w).tolist(),
                        "w_without": (none if w_without is None else w_without).tolist()}})["ppi"]


def samples():
    """Drawn as in ppi_py's own tests (tests/test_mean.py) and examples (eff-ppi/lambda_mean), and
    shares with miscalibrated chances as we have them."""
    rng = np.random.default_rng(1)
    y = rng.normal(0, 1, 100)
    yield "shifted", y, y + 2, np.ones(10000) * 2
    yield ("unrelated", rng.normal(0, 1, 10000), rng.normal(-2, 1, 10000),
           rng.normal(-2, 1, 10000))
    y = rng.normal(10, 1, 1000)
    yield ("noise with a bias", y, y + rng.normal(5, 10, 1000),
           rng.normal(10, 1, 10000) + rng.normal(5, 10, 10000))
    for n, sigma in ((50, 0.1), (50, 2), (1000, 0.1), (1000, 1), (1000, 2)):
        y = rng.normal(0, 1, n)
        yield (f"{n} answers, sigma {sigma}", y, y + rng.normal(-2, sigma, n),
               rng.normal(0, 1, 10000) + rng.normal(-2, sigma, 10000))
    z = rng.normal(1, 2, 450)
    yield ("shares", (rng.uniform(size=450) < expit(z)).astype(float), expit(1.7 * z + 0.6),
           expit(1.7 * rng.normal(0.5, 2, 5000) + 0.6))


def tuned_lambda(y, f, f_without, w, w_without):
    """ppi_py's tuning, of the gradients of the squared loss at the point of lambda = 1."""
    from ppi_py.ppi import _calc_lam_glm
    scaled = lambda v, x: np.ones(len(x)) if v is None else v / v.sum() * len(x)  # noqa: E731
    w, w_without = scaled(w, y), scaled(w_without, f_without)
    at = (w_without * f_without).mean() + (w * (y - f)).mean()
    return _calc_lam_glm(w * (y - at), w * (f - at), w_without * (f_without - at), np.eye(1),
                         clip=True)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name,y,f,f_without", list(samples()),
                         ids=lambda v: v if isinstance(v, str) else "")
def test_prediction_powered_mean_is_ppi_py_s(name, y, f, f_without, weighted):
    ppi_py = peer("ppi_py")
    rng = np.random.default_rng(2)
    w = rng.uniform(1, 20, len(y)) if weighted else None
    w_without = rng.uniform(0.5, 2, len(f_without)) if weighted else None
    for lam in (None, 0.0, 0.4, 1.0):
        given = {"lam": lam, "w": w, "w_unlabeled": w_without}
        low, high = ppi_py.ppi_mean_ci(y, f, f_without, alpha=0.1, **given)
        point = ppi_py.ppi_mean_pointestimate(y, f, f_without, **given)
        got = ppi(y, f, f_without, lam, w, w_without)
        assert got["interval"] == pytest.approx([low.item(), high.item()], abs=1e-9), (name, lam)
        assert got["value"] == pytest.approx(np.asarray(point).item(), abs=1e-9), (name, lam)
        tuned = tuned_lambda(y, f, f_without, w, w_without)
        assert got["lambda"] == pytest.approx(tuned if lam is None else lam, abs=1e-9)
    classical = ppi_py.classical_mean_ci(y, w=w, alpha=0.1)
    assert ppi(y, f, f_without, 0.0, w, w_without)["interval"] == pytest.approx(classical, abs=1e-9)


def conversations(n, seed):
    rng = np.random.default_rng(seed)
    entry = np.clip(rng.normal(0.45, 0.1, n), 0, 1)
    exit_ = np.clip(rng.choice([0.2, 0.85], n, p=[0.35, 0.65]) + rng.normal(0, 0.12, n), 0, 1)
    turns = rng.integers(4, 35, n)
    channel = rng.choice(["chat", "voice"], n, p=[0.6, 0.4])
    problem = rng.choice(["billing", "delivery", "login", "warranty"], n, p=[0.4, 0.3, 0.2, 0.1])
    answered = (rng.uniform(size=n) < 0.1 * (0.5 + exit_) * np.where(channel == "chat", 1.3, 0.7))
    y = (rng.uniform(size=n) < expit(6 * (exit_ - 0.6))).astype(float)
    f = expit(7 * (exit_ - 0.5) + rng.normal(0, 1, n))
    return {"entry": entry.tolist(), "exit": exit_.tolist(), "turns": turns.tolist(),
            "channel": channel.tolist(), "problem_type": problem.tolist(),
            "answered": answered.astype(int).tolist(), "y": y.tolist(), "f": f.tolist(),
            "ridge": 0.1, "part": np.flatnonzero(channel == "voice").tolist()}


def test_balance_is_asmd_of_balance():
    peer("balance")
    from balance.stats_and_plots import weighted_comparisons_stats, weights_stats
    import pandas as pd
    request = conversations(3000, 3)
    weights = np.random.default_rng(4).uniform(2, 40, 3000)
    got = ask({"balance": dict(request, weights=weights.tolist())})["balance"]
    everybody = pd.DataFrame({k: request[k] for k in
                              ("channel", "problem_type", "turns", "entry", "exit")})
    yes = np.array(request["answered"]) == 1
    few = everybody[yes].reset_index(drop=True)
    for place, w in ((0, None), (1, pd.Series(weights[yes]))):
        asmd = weighted_comparisons_stats.asmd(few, everybody, w)
        # Of two channels it shows one.
        names = {"mean(asmd)": "mean", "channel[T.voice]": "channel[voice]"}
        assert {names.get(k, k) for k in asmd.index} == set(got) - {"channel[chat]"}
        for name, value in asmd.items():
            ours = got[names.get(name, name)][place]
            assert abs(ours) == pytest.approx(value, abs=1e-12), name
    effect = weights_stats.design_effect(pd.Series(weights[yes]))
    kish = ask({"kish": weights[yes].tolist()})["kish"]
    assert kish == pytest.approx(weights_stats.kish_ess(pd.Series(weights[yes])), rel=1e-12)
    assert len(weights[yes]) / kish == pytest.approx(effect, rel=1e-12)


@pytest.mark.parametrize("ratio", [1.5, 3.0, 20.0])
def test_trimmed_weights_are_those_of_balance(ratio):
    """Weights that balance add up to everybody, so their mean is all / answered and both caps are one.
    balance then scales what is left back to the same sum, unless told not to; a weighted mean is the
    same either way."""
    peer("balance")
    from balance.adjustment import trim_weights
    request = conversations(2500, 9)
    yes = np.array(request["answered"]) == 1
    whole, trimmed = (np.array(ask({"weighted": dict(request, trim=trim)})["weighted"]["weights"])[yes]
                      for trim in (1e6, ratio))
    assert whole.mean() == pytest.approx(len(yes) / yes.sum(), rel=1e-9)
    assert (whole > ratio * whole.mean()).any() == (ratio < 20)
    theirs = trim_weights(whole, weight_trimming_mean_ratio=ratio, keep_sum_of_weights=False)
    assert trimmed == pytest.approx(theirs.to_numpy(), rel=1e-9)
    scaled = trim_weights(whole, weight_trimming_mean_ratio=ratio).to_numpy()
    assert scaled.sum() == pytest.approx(whole.sum())
    y = np.array(request["y"])[yes]
    assert np.average(y, weights=trimmed) == pytest.approx(np.average(y, weights=scaled), abs=1e-12)


def reference(columns, answered, ridge):
    """The balancing coefficients by scipy, and their information, of standardised columns."""
    x = np.array(columns).T
    z = np.column_stack([np.ones(len(x)), (x - x.mean(0)) / x.std(0)])
    penalty = np.full(z.shape[1], ridge * len(x) / answered.sum())
    penalty[0] = 0

    def loss(b):
        eta = z @ b
        return (answered * np.exp(-eta) + (1 - answered) * eta).sum() + (penalty * b * b).sum() / 2

    def gradient(b):
        return z.T @ ((1 - answered) - answered * np.exp(-z @ b)) + penalty * b

    def hessian(b):
        return (z * (answered * np.exp(-z @ b))[:, None]).T @ z + np.diag(penalty)

    start = np.zeros(z.shape[1])
    start[0] = special.logit(answered.mean())
    found = optimize.minimize(loss, start, jac=gradient, method="BFGS",
                              options={"gtol": 1e-6, "maxiter": 5000})
    best = newton.to_the_end(gradient, hessian, found.x)
    return z, expit(z @ best), hessian(best)


def linearised(z, chance, information, answered, y, members):
    """Hajek's mean over `members` and its parts, residuals over 1 - leverage."""
    w = answered / chance
    mass = (members * w).sum()
    mean = (members * w * y).sum() / mass
    gap = members * (y - mean) / mass
    inverse = np.linalg.inv(information)
    fitted = z @ (inverse @ (z.T @ (answered * (1 / chance - 1) * gap)))
    leverage = answered * (1 / chance - 1) * np.einsum("ij,jk,ik->i", z, inverse, z)
    return mean, fitted + w * (gap - fitted) / (1 - leverage)


def powered(parts, f, members, lam=None):
    (value, own), (miss, missing) = parts
    count = members.sum()
    centre = (members * f).sum() / count
    miss, missing = miss - centre, missing - members * (f - centre) / count
    if lam is None:
        lam = float(np.clip(own @ missing / (missing @ missing), 0, 1))
    return value - lam * miss, own - lam * missing, lam


def spread(parts, w):
    size = w.sum() ** 2 / (w**2).sum()
    return np.sqrt((parts**2).sum() * size / (size - 1))


def test_weighted_means_are_an_independent_calculation_s():
    request = conversations(2500, 5)
    got = ask({"weighted": request})["weighted"]
    answered = np.array(request["answered"], float)
    y, f = np.array(request["y"]), np.array(request["f"])
    z, chance, information = reference(got["columns"], answered, 0.1)
    assert got["weights"] == pytest.approx(1 / chance, rel=1e-6)
    voice = np.zeros(len(y))
    voice[request["part"]] = 1
    for key, members in (("powered", np.ones(len(y))), ("part", voice)):
        parts = [linearised(z, chance, information, answered, v, members) for v in (y, f)]
        value, own, lam = powered(parts, f, members)
        w = (members * answered / chance)[members * answered > 0]
        assert got[key]["value"] == pytest.approx(value, abs=1e-6)
        assert got[key]["standard_error"] == pytest.approx(spread(own, w), abs=1e-6)
        assert got[key]["lambda"] == pytest.approx(lam, abs=1e-6)
        if key == "powered":
            assert got["reweighted"]["value"] == pytest.approx(parts[0][0], abs=1e-6)
            assert got["reweighted"]["standard_error"] == pytest.approx(
                spread(parts[0][1], w), abs=1e-6)


def test_a_powered_figure_is_ppi_py_s_point_with_our_weights():
    ppi_py = peer("ppi_py")
    request = conversations(2500, 6)
    got = ask({"weighted": request})["weighted"]
    yes = np.array(request["answered"]) == 1
    y, f, w = np.array(request["y"]), np.array(request["f"]), np.array(got["weights"])
    point = ppi_py.ppi_mean_pointestimate(y[yes], f[yes], f, lam=got["powered"]["lambda"], w=w[yes])
    assert got["powered"]["value"] == pytest.approx(np.asarray(point).item(), abs=1e-9)


def test_the_response_model_is_scikit_learn_s():
    linear = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    request = conversations(2500, 7)
    got = ask({"weighted": request})["weighted"]
    x, answered = np.array(got["columns"]).T, np.array(request["answered"])
    z = (x - x.mean(0)) / x.std(0)
    fit = linear.LogisticRegression(C=1 / 0.1, solver="newton-cholesky", tol=1e-12,
                                    max_iter=1000).fit(z, answered)
    assert got["likelihood"][1:] == pytest.approx(fit.coef_[0] / x.std(0), abs=1e-6)
    assert got["auc"] == pytest.approx(metrics.roc_auc_score(answered, fit.decision_function(z)),
                                       abs=1e-6)


@pytest.mark.parametrize("gamma", [1.0, 1.2, 2.0, 5.0])
def test_sensitivity_is_the_linear_programme_s(gamma):
    """Charnes and Cooper's transformation: maximise y'v, 1'v = 1, each v between t (1 + o / gamma)
    and t (1 + gamma o)."""
    rng = np.random.default_rng(8)
    y, odds = rng.integers(1, 6, 40).astype(float), rng.uniform(1, 30, 40)
    got = ask({"range": {"y": y.tolist(), "odds": odds.tolist(), "gamma": gamma}})["range"]
    one = np.eye(40)
    above = np.column_stack([one, -(1 + gamma * odds)])
    below = np.column_stack([-one, 1 + odds / gamma])
    for sign, ours in ((1, got[0]), (-1, got[1])):
        found = optimize.linprog(np.append(sign * y, 0), A_ub=np.vstack([above, below]),
                                 b_ub=np.zeros(80), A_eq=[np.append(np.ones(40), 0)], b_eq=[1],
                                 bounds=(0, None))
        assert ours == pytest.approx(sign * found.fun, abs=1e-8)


def test_student_quantiles():
    pairs = [[p, d] for p in (0.001, 0.3, 0.5, 0.9, 0.975, 0.9999) for d in (1, 2.5, 9, 30, 330.7)]
    assert ask({"student": pairs})["student"] == pytest.approx(
        [stats.t.ppf(p, d) for p, d in pairs], rel=1e-9, abs=1e-12)
