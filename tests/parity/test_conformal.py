"""Conformal sets against MAPIE, crepes and numpy, by the probe of tests/parity/reliability_main.cc."""

import json
import warnings
from pathlib import Path

import numpy as np
import probes
import pytest

pytest.importorskip("statsmodels")
from statsmodels.stats.proportion import proportion_confint  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]


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
    request = {"fit": side(fit), "test": side(test), "level": level, **options}
    return probes.ask("reliability", {"conformal": request})["conformal"]


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
