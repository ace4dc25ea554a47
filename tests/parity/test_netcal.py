"""Calibrators and bins against netcal: its own code on its own features, to 1e-6 and better.

The probes are built from tests/parity/calibration_main.cc and reliability_main.cc. What netcal has for
boxes in pictures and for regression (D-ECE, ENCE, UCE, quantiles) has no like here.
"""

import numpy as np
import probes
import pytest
from scipy import optimize, special

pytest.importorskip("netcal.metrics")
from netcal import metrics  # noqa: E402

# Its scaling methods name pyro's distributions, even where they are fitted by maximum likelihood.
pytest.importorskip("pyro")
binning = pytest.importorskip("netcal.binning")
scaling = pytest.importorskip("netcal.scaling")
pytestmark = pytest.mark.filterwarnings("ignore:independent is deprecated")  # netcal's call of pyro


def sample(n, seed, truth=lambda z: 0.7 * z + 0.3):
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=n)
    return z, (rng.uniform(size=n) < special.expit(truth(z))).astype(int)


def to_the_end(fun, x0, args, bounds):
    """netcal's own minimum of its own loss. Its gradients are differences, so scipy stops three to
    four digits in; from there on Newton's steps, of what its first run leaves off a bound."""
    features, y = (part.numpy() for part in args)
    found = optimize.minimize(fun, x0, args=args, bounds=bounds)
    c, x = found.x, features.reshape(len(y), -1)
    if len(c) > x.shape[1]:  # the intercept comes last
        x = np.column_stack([x, np.ones(len(y))])
    free = c != [low if np.isfinite(low) else np.nan for low, _ in bounds]
    for _ in range(20):
        p = special.expit(x @ c)
        information = (x * (p * (1 - p))[:, None]).T @ x
        c[free] += np.linalg.solve(information[np.ix_(free, free)], (x.T @ (y - p))[free])
    end = fun(c, *args)
    assert end <= found.fun + 1e-15
    return optimize.OptimizeResult(x=c, fun=end)


@pytest.fixture
def finished(monkeypatch):
    """netcal's maximum-likelihood fits, with an optimiser that goes on to the end; as they come,
    too: finished(method, p, y) gives both."""

    def fit(method, p, y):
        plain = method("mle").fit(p, y, tensorboard=False)
        with monkeypatch.context() as patch:
            patch.setitem(scaling.AbstractLogisticRegression.convex.__globals__, "minimize", to_the_end)
            return plain, method("mle").fit(p, y, tensorboard=False)

    return fit


def likelihood(chances, y):
    return float(np.log(np.where(y == 1, chances, 1 - chances)).sum())


SCALING = {
    "temperature": (scaling.TemperatureScaling, lambda z: 0.6 * z),
    "platt": (scaling.LogisticCalibration, lambda z: 0.7 * z + 0.3),
    "beta": (scaling.BetaCalibration,
             lambda z: 0.4 + 1.3 * special.log_expit(z) - 0.4 * special.log_expit(-z)),
    "beta, a held at 0": (scaling.BetaCalibration,
                          lambda z: -1 - 0.8 * special.log_expit(z) - 1.2 * special.log_expit(-z)),
    "beta, b held at 0": (scaling.BetaCalibration,
                          lambda z: 1 + 1.2 * special.log_expit(z) + 0.5 * special.log_expit(-z)),
}


@pytest.mark.parametrize("n,seed", [(200, 1), (3000, 2)])
@pytest.mark.parametrize("name", SCALING)
def test_scaling_is_netcals(name, n, seed, finished):
    method, truth = SCALING[name]
    z, y = sample(n, seed, truth)
    at = np.concatenate([z, np.linspace(-9, 9, 61)])
    got = probes.ask("calibration", {"outlook": {
        "method": name.split(",")[0], "z": z.tolist(), "y": y.tolist(), "at": at.tolist()}})
    chances = np.array(got["outlook"]["chances"])
    plain, end = finished(method, special.expit(z), y)
    assert chances == pytest.approx(end.transform(special.expit(at)), abs=1e-6)
    ours = likelihood(chances[:n], y)
    assert ours == pytest.approx(likelihood(end.transform(special.expit(z)), y), abs=1e-6)
    # As netcal comes it stops a little short of that, never beyond.
    assert ours >= likelihood(plain.transform(special.expit(z)), y) - 1e-9


@pytest.mark.parametrize("n,seed", [(60, 3), (2000, 4)])
def test_isotonic_is_netcals(n, seed):
    """The plain fit, before its ends are brought inside and it is read off at quantiles."""
    z, y = sample(n, seed)
    p, at = special.expit(z), np.linspace(0, 1, 501)
    got = probes.ask("calibration", {"isotonic": {
        "x": p.tolist(), "y": y.tolist(), "w": [], "at": [*at, *p]}})["isotonic"]
    fit = binning.IsotonicRegression().fit(p, y)
    assert got["values"] == pytest.approx(fit.transform(np.concatenate([at, p])), abs=1e-6)


@pytest.mark.parametrize("n,bins,seed", [(300, 15, 5), (1500, 10, 6), (24, 3, 7)])
def test_bins_are_netcals_histogram(n, bins, seed):
    z, y = sample(n, seed)
    p = special.expit(z)
    got = probes.ask("reliability", {"reliability": {
        "p": p.tolist(), "y": y.tolist(), "bins": bins}})["reliability"]
    # Its transform of bins of equal mass is not written yet; the fit is.
    histogram = binning.HistogramBinning(bins=bins, equal_intervals=False).fit(p, y)
    assert [b["y"] for b in got["bins"]] == pytest.approx(histogram._bin_map, abs=1e-9)
    gaps = np.abs([b["p"] - b["y"] for b in got["bins"]])
    for figure, name in ((gaps.mean(), "ACE"), (gaps.max(), "MCE"), (got["ece"], "ECE")):
        theirs = getattr(metrics, name)(bins=bins, equal_intervals=False).measure(p, y)
        assert figure == pytest.approx(theirs, abs=1e-9), name
    assert got["ece_width"] == pytest.approx(metrics.ECE(bins=bins).measure(p, y), abs=1e-9)
