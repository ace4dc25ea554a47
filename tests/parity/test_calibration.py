"""Calibrators against scikit-learn, betacal, scipy and statsmodels, and their ONNX graphs against
eval/: fits to 1e-6, graphs to single precision.

The probe is built from tests/parity/calibration_main.cc.
"""

import copy
import json
from functools import partial
from pathlib import Path

import newton
import numpy as np
import probes
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("statsmodels")
jsonschema = pytest.importorskip("jsonschema")
from scipy import optimize, special  # noqa: E402
from sklearn.isotonic import IsotonicRegression  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
TIGHT = {"C": np.inf, "solver": "newton-cholesky", "tol": 1e-13, "max_iter": 1000}


def ask(**request):
    return probes.ask("calibration", request)


def sample(n, seed, truth=lambda z: 0.7 * z + 0.3, ties=False):
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=n)
    if ties:
        z = np.round(z, 1)
    return z, (rng.uniform(size=n) < special.expit(truth(z))).astype(int)


def outlook(method, z, y, at):
    return ask(outlook={"method": method, "z": list(z), "y": [int(v) for v in y],
                        "at": list(at)})["outlook"]


@pytest.mark.parametrize("n,seed,ties,weighted", [
    (1, 1, False, False), (2, 2, False, False), (30, 3, False, False), (400, 4, True, False),
    (400, 5, True, True), (5000, 6, False, True)])
def test_isotonic_is_that_of_scikit_learn(n, seed, ties, weighted):
    z, y = sample(n, seed, ties=ties)
    w = np.random.default_rng(seed).uniform(0.2, 3, n) if weighted else np.ones(n)
    at = np.concatenate([np.linspace(-9, 9, 501), z])
    got = ask(isotonic={"x": z.tolist(), "y": y.tolist(), "w": w.tolist() if weighted else [],
                        "at": at.tolist()})["isotonic"]
    fit = IsotonicRegression(out_of_bounds="clip").fit(z, y, sample_weight=w)
    assert got["values"] == pytest.approx(fit.predict(at), abs=1e-6)
    assert got["x"] == pytest.approx(fit.X_thresholds_, abs=1e-12)
    assert got["y"] == pytest.approx(fit.y_thresholds_, abs=1e-6)


def test_isotonic_of_graded_answers_is_that_of_scikit_learn():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 60, 300) / 10
    y = 0.1 * x + rng.normal(size=300)
    at = np.linspace(-1, 7, 200)
    got = ask(isotonic={"x": x.tolist(), "y": y.tolist(), "w": [], "at": at.tolist()})["isotonic"]
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    assert got["values"] == pytest.approx(fit.predict(at), abs=1e-6)


@pytest.mark.parametrize("n,seed", [(60, 1), (1000, 2)])
def test_platt_is_that_of_scikit_learn(n, seed):
    z, y = sample(n, seed)
    at = np.linspace(-8, 8, 33)
    fit = LogisticRegression(**TIGHT).fit(z[:, None], y)
    got = outlook("platt", z, y, at)
    assert got["coefficients"] == pytest.approx([fit.intercept_[0], fit.coef_[0, 0]], abs=1e-6)
    assert got["chances"] == pytest.approx(fit.predict_proba(at[:, None])[:, 1], abs=1e-6)


BETA_TRUTHS = {
    "inside": lambda z: 0.4 + 1.3 * special.log_expit(z) - 0.4 * special.log_expit(-z),
    "a held at 0": lambda z: -1 - 0.8 * special.log_expit(z) - 1.2 * special.log_expit(-z),
    "b held at 0": lambda z: 1 + 1.2 * special.log_expit(z) + 0.5 * special.log_expit(-z),
}


@pytest.mark.parametrize("name", BETA_TRUTHS)
def test_beta_is_that_of_betacal(name, monkeypatch):
    betacal = pytest.importorskip("betacal")
    # Its own solver stops at 1e-4; the same code with one that goes on.
    monkeypatch.setattr("betacal.beta_calibration.LogisticRegression",
                        lambda C: LogisticRegression(**TIGHT))
    z, y = sample(3000, 8, BETA_TRUTHS[name])
    at = np.linspace(-9, 9, 61)
    fit = betacal.BetaCalibration("abm").fit(special.expit(z), y)
    a, b, _ = fit.calibrator_.map_
    got = outlook("beta", z, y, at)
    assert got["coefficients"][1:] == pytest.approx([a, b], abs=1e-6)
    assert got["chances"] == pytest.approx(fit.predict(special.expit(at)), abs=1e-6)
    assert (a == 0, b == 0) == (name == "a held at 0", name == "b held at 0")


def log_likelihood(x, y, c):
    odds = x @ c
    return float((y * special.log_expit(odds) + (1 - y) * special.log_expit(-odds)).sum())


def bounded_maximum(x, y, penalty):
    """scipy's most likely coefficients, less c' penalty c / 2, all but the first >= 0; those that lie
    off their bound taken to the end."""
    def gradient(c):
        return penalty @ c - x.T @ (y - special.expit(x @ c))

    def hessian(c):
        p = special.expit(x @ c)
        return penalty + (x * (p * (1 - p))[:, None]).T @ x

    bounds = [(None, None)] + [(0, None)] * (x.shape[1] - 1)
    found = optimize.minimize(
        lambda c: -log_likelihood(x, y, c) + c @ penalty @ c / 2, np.full(x.shape[1], 0.5),
        jac=gradient, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 10000}).x
    free = (found != 0) | (np.arange(len(found)) == 0)
    best = newton.to_the_end(gradient, hessian, found, free)
    assert (gradient(best)[~free] >= 0).all() and (best[1:] >= 0).all()
    return best


def test_beta_of_a_model_worse_than_chance_is_scipys_bounded_maximum():
    z, y = sample(800, 9, lambda z: -0.5 * z)
    x = np.column_stack([np.ones_like(z), special.log_expit(z), -special.log_expit(-z)])
    got = outlook("beta", z, y, [0])["coefficients"]
    assert got[1:] == [0, 0]
    assert got == pytest.approx(bounded_maximum(x, y, np.zeros((3, 3))), abs=1e-6)
    assert got[0] == pytest.approx(special.logit(y.mean()), abs=1e-12)


def spline_columns(knots, z):
    columns = [np.ones_like(z), np.minimum(z, knots[0]) - knots[0]]
    columns += [np.clip(z, low, high) - low for low, high in zip(knots, knots[1:])]
    return np.column_stack([*columns, np.maximum(z, knots[-1]) - knots[-1]])


@pytest.mark.parametrize("truth,bound", [
    (lambda z: 0.7 * z + 0.3, False), (lambda z: 3 * np.tanh(z), False),
    (lambda z: np.where(np.abs(z) < 1.5, -0.8 * z, z), True)])
def test_spline_is_scipys_bounded_maximum(truth, bound):
    z, y = sample(900, 10, truth)
    got = outlook("spline", z, y, [])
    knots = np.array(got["knots"])
    assert knots == pytest.approx(np.quantile(z, [0.2, 0.4, 0.6, 0.8]), abs=1e-12)
    bends = np.diff(np.eye(len(knots) + 2)[1:], axis=0)
    best = bounded_maximum(spline_columns(knots, z), y, z.var() * bends.T @ bends)
    assert (min(got["coefficients"][1:]) == 0) == bound
    assert got["coefficients"] == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("method", ["temperature", "platt", "beta", "spline", "isotonic"])
def test_maps_never_fall_and_stay_inside(method):
    z, y = sample(250, 11)
    at = np.sort(np.concatenate([np.linspace(-30, 30, 2001), z]))
    got = outlook(method, z, y, at)
    assert (np.diff(got["chances"]) >= 0).all()
    assert min(got["chances"]) >= 0 and max(got["chances"]) <= 1
    if method == "isotonic":
        assert min(got["chances"]) > 0 and max(got["chances"]) < 1
        assert len(got["knots"]) <= 33


def test_the_isotonic_map_is_near_scikit_learns_fit_and_gentle():
    z, y = sample(4000, 12)
    got = outlook("isotonic", z, y, z)
    fit = IsotonicRegression(out_of_bounds="clip").fit(z, y)
    assert np.abs(np.array(got["chances"]) - fit.predict(z)).mean() < 0.01
    moved = outlook("isotonic", z, y, z + 1e-6)
    assert np.abs(np.array(got["chances"]) - moved["chances"]).max() < 2e-6


def ordinal_sample(n, seed, slope, cuts):
    rng = np.random.default_rng(seed)
    x = 1.5 * rng.normal(size=n) + 0.4
    latent = slope * x + rng.logistic(size=n)
    return x, np.searchsorted(cuts, latent)


def proportional_odds_score(x, box, parameters):
    """Derivatives of the log likelihood by (thresholds, slope); also of complex parameters."""
    *thresholds, slope = parameters
    below = 1 / (1 + np.exp(slope * x[:, None] - np.array(thresholds)))
    density = np.pad(below * (1 - below), ((0, 0), (1, 1)))
    below = np.pad(below, ((0, 0), (1, 1)))
    below[:, -1] = 1
    row = np.arange(len(x))
    share = np.zeros_like(below)  # of each edge in its neighbours' log chances
    chance = below[row, box + 1] - below[row, box]
    share[row, box + 1] += density[row, box + 1] / chance
    share[row, box] -= density[row, box] / chance
    return np.append(share.sum(axis=0)[1:-1], -(x[:, None] * share).sum())


@pytest.mark.filterwarnings("ignore:Maximum Likelihood optimization failed")  # its first stage
@pytest.mark.parametrize("n,seed,slope,cuts", [
    (120, 1, 0.9, [-1.5, 0.2, 1.4]), (900, 2, 1.3, [-2, -1, 0, 1.5]), (400, 3, 0.3, [-1, 1]),
    (3000, 4, 0.7, [-3, -2.2, -1.6, -1, -0.5, 0, 0.5, 1, 1.8, 2.6])])
def test_ordinal_is_that_of_statsmodels(n, seed, slope, cuts):
    x, box = ordinal_sample(n, seed, slope, cuts)
    got = ask(ordinal={"x": x.tolist(), "box": box.tolist()})["ordinal"]
    model = OrderedModel(box, x[:, None], distr="logit")
    fit = model.fit(method="bfgs", disp=0, gtol=1e-9, maxiter=5000)
    fit = model.fit(start_params=fit.params, method="newton", disp=0, tol=1e-12, maxiter=50)
    thresholds = model.transform_threshold_params(fit.params)[1:-1]
    assert got["slope"] == pytest.approx(fit.params[0], abs=1e-6)
    assert got["thresholds"] == pytest.approx(thresholds, abs=1e-6)
    assert got["log_likelihood"] == pytest.approx(fit.llf, abs=1e-6)
    assert got["errors"][-1] == pytest.approx(fit.bse[0], abs=1e-6)
    # It has thresholds by their logarithmic distances; the errors of ours by the exact curvature.
    score = partial(proportional_odds_score, x, box)
    best = newton.to_the_end(score, partial(newton.derivative, score),
                             np.append(thresholds, fit.params[0]))
    information = -newton.derivative(score, best)
    assert got["errors"] == pytest.approx(np.sqrt(np.linalg.inv(information).diagonal()), abs=1e-6)
    assert got["warning"] == ""


# Calibrations as calibration.json holds them, with odd numbers in every field.
def affine(method, b, a):
    return {"method": method, "coefficients": [b, a], "knots": [], "chances": [],
            "covariance": [[0.02, -0.004], [-0.004, 0.03]]}


def columns(method, coefficients, knots=()):
    random = np.random.default_rng(len(coefficients)).normal(size=(len(coefficients),) * 2)
    return {"method": method, "coefficients": coefficients, "knots": list(knots), "chances": [],
            "covariance": (0.01 * random @ random.T).tolist()}


OUTLOOKS = {
    "identity": {**affine("identity", 0, 1), "covariance": [[0, 0], [0, 0]]},
    "platt": affine("platt", 0.17, 1.31),
    "beta": columns("beta", [0.3, 0.8, 1.7]),
    "spline": columns("spline", [-0.4, 0.9, 0.0, 1.6, 0.3], [-1.1, 0.2, 2.5]),
    "isotonic": {"method": "isotonic", "coefficients": [], "covariance": [],
                 "knots": [-3.5, -1.25, -1.0, 0.5, 4.0],
                 "chances": [0.08, 0.08, 0.35, 0.35, 0.96]},
    "isotonic, one knot": {"method": "isotonic", "coefficients": [], "covariance": [],
                           "knots": [0.5], "chances": [0.7]},
}
BOXES = {
    "line": None,
    "none": None,
    "1 to 5": {"answers": [1, 2, 3, 4, 5], "thresholds": [-2.1, -0.9, 0.1, 1.6], "slope": 1.2,
               "slope_error": 0.1},
    "0 to 10, some never given": {"answers": [1, 4, 7, 8], "thresholds": [-1.5, 0.3, 2.0],
                                  "slope": 0.7, "slope_error": 0.1},
}


def calibration(outlook_map, boxes="1 to 5", chosen="outlook", version=2):
    return {
        "format": "arcsat-calibration", "version": version, "labels": 321, "base_rate": 0.7,
        "chosen": chosen, "threshold": 0.4, "threshold_rule": "balanced",
        "state": {"method": "affine", "target": "survey", "a": 0.83, "b": -0.21},
        "outlook": outlook_map,
        "arc": {"fitted": True, "columns": ["intercept", "entry", "delta", "outlook_logit"],
                "coefficients": [-0.4, 1.9, 2.6, 0.7], "standard_errors": [0.2, 0.3, 0.3, 0.1],
                "covariance": [[0.05, 0.01, -0.02, 0.003], [0.01, 0.08, 0.015, -0.006],
                               [-0.02, 0.015, 0.09, 0.004], [0.003, -0.006, 0.004, 0.02]],
                "ridge": 1},
        "csat": {"fitted": boxes != "none", "c0": 1.4, "c1": 3.2,
                 "scale": [0, 10] if boxes.startswith("0 to 10") else [1, 5],
                 "boxes": BOXES[boxes]},
        "log_loss": {"platt": 0.5}, "tests": [], "warnings": []}


def graph_inputs(seed):
    """Conversations of 0 to 6 turns: heads' log-odds by turn, whose the turns are, and the packing
    of export/packing.h."""
    rng = np.random.default_rng(seed)
    counts = [3, 0, 6, 1, 2, 5]
    total, longest = sum(counts), max(counts)
    state = (3 * rng.normal(size=(total + 1, 4))).astype(np.float32)
    outlooks = (4 * rng.normal(size=total + 1)).astype(np.float32)
    outlooks[:4] = [60, -60, 0, -1.1]
    customer = [[bool(c) for c in rng.integers(0, 2, n)] for n in counts]
    turn_at = np.full((len(counts), longest), total)
    is_customer = np.zeros(turn_at.shape, bool)
    first = 0
    for row, n in enumerate(counts):
        turn_at[row, :n] = np.arange(first, first + n)
        is_customer[row, :n] = customer[row]
        first += n
    last = [turn_at[row, n - 1] if n else total for row, n in enumerate(counts)]
    feeds = {"state_logits": state, "outlook_logits": outlooks, "turn_at": turn_at,
             "exists": turn_at < total, "is_customer": is_customer, "last_turn": np.array(last)}
    return feeds, customer


@pytest.mark.parametrize("boxes", BOXES)
@pytest.mark.parametrize("chosen", ["outlook", "arc"])
@pytest.mark.parametrize("name", OUTLOOKS)
def test_the_graph_is_apply(name, boxes, chosen, tmp_path):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    feeds, customer = graph_inputs(len(name))
    path = str(tmp_path / "calibration.onnx")
    scores = ask(graph={"calibration": calibration(OUTLOOKS[name], boxes, chosen), "path": path,
                        "state": feeds["state_logits"].tolist(),
                        "outlook": feeds["outlook_logits"].tolist(), "turns": customer})["graph"]
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert ("boxes" in names) == (BOXES[boxes] is not None)
    outputs = dict(zip(names, session.run(names, feeds)))
    single = partial(pytest.approx, abs=1e-6)
    for row, score in enumerate(scores):
        for figure in ("entry", "exit", "delta", "p_satisfied"):
            assert outputs[figure][row] == single(score[figure]), figure
        known = chosen == "arc" or name in ("platt", "beta", "spline")
        assert ("interval" in score) == known
        assert outputs["interval"][row] == single(score.get("interval", [np.nan] * 2), nan_ok=True)
        assert outputs["csat"][row] == single(score.get("csat", np.nan), nan_ok=True)
        if BOXES[boxes]:
            assert outputs["boxes"][row] == single(score["boxes"])
            assert outputs["boxes"][row].sum() == single(1)
        for turn in score["turns"]:
            assert outputs["state"][row, turn["i"]] == single(turn["state"])
            assert outputs["outlook"][row, turn["i"]] == single(turn["outlook"])


def schema_of(name):
    schema = json.loads((SOURCE / f"data/schema/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


FIRST = {"method": "platt", "a": 1.3, "b": 0.2, "covariance": [[0.1, 0], [0, 0.1]]}


def of_first_version():
    record = calibration(FIRST, "line", version=1)
    del record["csat"]["boxes"]
    return record


@pytest.mark.parametrize("record", [
    of_first_version(), *(calibration(OUTLOOKS[name], boxes)
                          for name in OUTLOOKS for boxes in BOXES)])
def test_the_schema_takes_every_kind_that_the_program_reads(record, tmp_path):
    schema_of("calibration").validate(record)
    feeds, customer = graph_inputs(1)
    assert ask(graph={"calibration": record, "path": str(tmp_path / "c.onnx"),
                      "state": feeds["state_logits"].tolist(),
                      "outlook": feeds["outlook_logits"].tolist(), "turns": customer})


def broken(path, value, base="platt"):
    record = copy.deepcopy(calibration(OUTLOOKS[base]))
    holder = record
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return record


@pytest.mark.parametrize("record", [
    broken(("outlook", "method"), "cubic"),
    broken(("outlook", "coefficients"), [1.0]),
    broken(("outlook", "knots"), [0.5]),
    broken(("outlook",), FIRST),
    broken(("outlook", "coefficients"), [0.1, -0.2, 1.0], "beta"),
    broken(("outlook", "covariance"), [[1, 0], [0, 1]], "beta"),
    broken(("outlook", "knots"), [], "spline"),
    broken(("outlook", "coefficients"), [0.0, -1.0, 0.0, 0.0, 0.0], "spline"),
    broken(("outlook", "chances"), [0.0, 0.1, 0.2, 0.3, 0.4], "isotonic"),
    broken(("outlook", "chances"), [], "isotonic"),
    broken(("csat", "boxes", "slope"), -1),
    broken(("csat", "boxes", "answers"), [1, 2]),
    broken(("csat", "boxes", "answers"), [1, 2, 3, 4, 4.5]),
    broken(("csat", "boxes", "thresholds"), []),
    broken(("version",), 3),
    {**of_first_version(), "outlook": OUTLOOKS["beta"]},
])
def test_program_and_schema_refuse_what_is_broken(record):
    with pytest.raises(jsonschema.ValidationError):
        schema_of("calibration").validate(record)
    request = {"graph": {"calibration": record, "path": "/dev/null", "state": [], "outlook": [],
                         "turns": []}}
    done = probes.run("calibration", request)
    assert done.returncode == 1
    assert done.stderr.startswith("calibration: ")
