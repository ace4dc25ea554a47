"""The mixed model of `arcsat agents`: variance components, coefficients, log-likelihood and
predicted effects against statsmodels' MixedLM; prediction errors against Henderson's equations
written out in full.

The probe is built from tests/parity/agents_main.cc.
"""

import numpy as np
import probes
import pytest
from scipy import optimize

pd = pytest.importorskip("pandas")
smf = pytest.importorskip("statsmodels.formula.api")


def data(seed, agents, problems, n, sds=(0.4, 0.3, 0.8)):
    """An unbalanced design: some pairs are missing, some have many observations."""
    rng = np.random.default_rng(seed)
    agent, problem = rng.integers(0, agents, n), rng.integers(0, problems, n)
    keep = (agent * 7 + problem * 3) % 5 != 0
    agent, problem = agent[keep], problem[keep]
    n = len(agent)
    x = np.column_stack([rng.normal(size=n) + 0.2 * agent / agents, rng.integers(0, 2, n)])
    u, v = rng.normal(0, sds[0], agents), rng.normal(0, sds[1], (agents, problems))
    y = x @ [0.5, -0.3] + 0.2 * problem + u[agent] + v[agent, problem] + rng.normal(0, sds[2], n)
    return {"x": x, "y": y, "agent": agent, "problem": problem, "agents": agents, "problems": problems}


def fit(d, random, **more):
    plain = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in d.items()}
    return probes.ask("agents", {**plain, "random": random, **more})


def frame(d):
    return pd.DataFrame({"y": d["y"], "x0": d["x"][:, 0], "x1": d["x"][:, 1], "agent": d["agent"],
                         "problem": d["problem"], "all": 1})


def statsmodels_fit(d, random):
    table = frame(d)
    if random:
        parts = {"agent": "0 + C(agent)", "problem": "0 + C(problem)",
                 "pair": "0 + C(agent):C(problem)"}
        model = smf.mixedlm("y ~ x0 + x1", table, groups="all", vc_formula=parts, re_formula="0")
    else:
        model = smf.mixedlm("y ~ 0 + x0 + x1 + C(problem)", table, groups="agent",
                            re_formula="1", vc_formula={"pair": "0 + C(problem)"})
    found = model.fit(reml=True, method=["bfgs", "powell"], gtol=1e-8)
    # It stops three to four digits in: on to where its own score is 0.
    start = found.params_object.get_packed(model.use_sqrt, has_fe=False)
    best = optimize.root(model.score, start, options={"xtol": 1e-14}).x
    assert np.abs(model.score(best)).max() < 1e-9 and np.abs(best - start).max() < 1e-3
    return model.fit(start_params=best, reml=True, method="bfgs", gtol=1e-8)


def errors_given_variances(fit):
    """Standard errors of the coefficients with the variances taken as known, as ours are; `bse_fe`
    allows for both at once, and is larger by up to 3 in 1,000 here."""
    information = -fit.model.hessian(fit.params_object)[0][:fit.k_fe, :fit.k_fe]
    return dict(zip(fit.fe_params.index, np.sqrt(np.linalg.inv(information).diagonal())))


@pytest.mark.parametrize("seed", [1, 2])
def test_fixed_problems_equal_statsmodels(seed):
    d = data(seed, agents=25, problems=4, n=700)
    ours, theirs = fit(d, random=False), statsmodels_fit(d, random=False)
    agent, pair, _, residual = ours["variances"]
    assert agent == pytest.approx(theirs.cov_re.iloc[0, 0], abs=1e-6)
    assert pair == pytest.approx(theirs.vcomp[0], abs=1e-6)
    assert residual == pytest.approx(theirs.scale, abs=1e-6)
    assert ours["log_likelihood"] == pytest.approx(theirs.llf, abs=1e-6)
    named = {"x0": 0, "x1": 1, **{f"C(problem)[{k}]": 2 + k for k in range(4)}}
    errors = errors_given_variances(theirs)
    for name, place in named.items():
        assert ours["coefficients"][place] == pytest.approx(theirs.fe_params[name], abs=1e-6)
        assert ours["errors"][place] == pytest.approx(errors[name], abs=1e-6)
        assert errors[name] <= theirs.bse_fe[name] < 1.004 * errors[name]
    effects = theirs.random_effects
    for i in range(25):
        known = effects[i]["Group" if "Group" in effects[i] else "agent"]
        assert ours["agent"][i][0] == pytest.approx(known, abs=1e-6)
    for (i, k), (value, _) in zip(ours["codes"], ours["pair"], strict=True):
        assert value == pytest.approx(effects[i][f"pair[C(problem)[{k}]]"], abs=1e-6)


def test_crossed_problems_equal_statsmodels():
    d = data(5, agents=12, problems=6, n=330)
    d["y"] = d["y"] + np.random.default_rng(3).normal(0, 0.5, 6)[d["problem"]]
    ours, theirs = fit(d, random=True), statsmodels_fit(d, random=True)
    found = dict(zip(theirs.model.exog_vc.names, theirs.vcomp, strict=True))
    agent, pair, problem, residual = ours["variances"]
    assert agent == pytest.approx(found["agent"], abs=1e-6)
    assert pair == pytest.approx(found["pair"], abs=1e-6)
    assert problem == pytest.approx(found["problem"], abs=1e-6)
    assert residual == pytest.approx(theirs.scale, abs=1e-6)
    assert ours["log_likelihood"] == pytest.approx(theirs.llf, abs=1e-6)


def henderson(d, random, variances):
    """(W'R^-1 W + G^-1) over coefficients, problems, agents and all pairs, dense."""
    agent, pair, problem, residual = variances
    n, agents, problems = len(d["y"]), d["agents"], d["problems"]
    eye = np.eye
    problem_part = eye(problems)[d["problem"]]
    blocks = [d["x"]] + ([np.ones((n, 1))] if random else []) + [problem_part]
    penalties = [np.zeros(b.shape[1]) for b in blocks]
    if random:
        penalties[-1] = np.full(problems, 1 / problem)
    blocks += [eye(agents)[d["agent"]], eye(agents * problems)[d["agent"] * problems + d["problem"]]]
    penalties += [np.full(agents, 1 / agent), np.full(agents * problems, 1 / pair)]
    w = np.hstack(blocks)
    left = np.linalg.inv(w.T @ w / residual + np.diag(np.concatenate(penalties)))
    solution = left @ w.T @ d["y"] / residual
    return solution, left, w.shape[1] - agents - agents * problems


@pytest.mark.parametrize("random", [False, True])
def test_predictions_and_their_errors_equal_hendersons_equations(random):
    d = data(8, agents=9, problems=5, n=160)
    variances = [0.15, 0.08, 0.2 if random else 0, 0.6]
    ours = fit(d, random, variances=variances)
    solution, inverse, first = henderson(d, random, variances)
    agents, problems = d["agents"], d["problems"]

    def expect(weights, got):
        assert got[0] == pytest.approx(weights @ solution, abs=1e-9)
        assert got[1] == pytest.approx(np.sqrt(weights @ inverse @ weights), abs=1e-9)

    def weights_of(agent, agent_weight, pair_weights):
        weights = np.zeros(len(solution))
        weights[first + agent] = agent_weight
        for k, weight in pair_weights.items():
            weights[first + agents + agent * problems + k] = weight
        return weights

    np.testing.assert_allclose(ours["coefficients"], solution[:first], atol=1e-9)
    for i in range(agents):
        expect(weights_of(i, 1, {}), ours["agent"][i])
        expect(weights_of(i, 1, {k: 1 / problems for k in range(problems)}), ours["over"][i])
    seen = {tuple(code) for code in ours["codes"]}
    for (i, k), pair, at in zip(ours["codes"], ours["pair"], ours["at"], strict=True):
        expect(weights_of(i, 0, {k: 1}), pair)
        expect(weights_of(i, 1, {k: 1}), at)
    unseen = [(i, k) for i in range(agents) for k in range(problems) if (i, k) not in seen]
    assert unseen, "the design leaves pairs out"
    for i, k in unseen:
        expect(weights_of(i, 1, {k: 1}), ours["unseen"][i])


def test_no_variance_between_agents_gives_no_effects():
    d = data(4, agents=20, problems=3, n=4000, sds=(0.0, 0.0, 1.0))
    ours = fit(d, random=False)
    assert ours["variances"][0] < 0.02 and ours["variances"][1] < 0.05
    assert max(abs(value) for value, _ in ours["agent"]) < 0.15


def test_too_few_observations_are_refused():
    d = data(4, agents=2, problems=2, n=6)
    for key in ("x", "y", "agent", "problem"):
        d[key] = d[key][:3]
    done = probes.run("agents", {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in d.items()} | {"random": False})
    assert done.returncode == 1 and "too few conversations" in done.stderr
