"""Answers on the survey's scale against scikit-learn, scipy and numpy, to 1e-9, by the probe of
tests/parity/eval_main.cc."""

import json
from pathlib import Path

import numpy as np
import probes
import pytest

metrics = pytest.importorskip("sklearn.metrics")
jsonschema = pytest.importorskip("jsonschema")
from scipy import stats  # noqa: E402
from statsmodels.stats.proportion import proportion_confint  # noqa: E402

SCHEMA = Path(__file__).resolve().parents[2] / "data/schema/evaluation.schema.json"


def draw(n, seed, low=1, high=5):
    """Chances of boxes that move about with the conversation, and answers that nearly follow."""
    rng = np.random.default_rng(seed)
    boxes = np.arange(low, high + 1)
    middle = rng.uniform(low, high, n)
    chances = np.exp(-0.9 * np.abs(boxes - middle[:, None])) + 0.02 * rng.uniform(size=(n, len(boxes)))
    chances /= chances.sum(1, keepdims=True)
    truth = (chances**1.3).cumsum(1)
    answer = low + (rng.uniform(size=n)[:, None] * truth[:, -1:] > truth[:, :-1]).sum(1)
    return answer.astype(float), chances @ boxes, chances


def ask(answer, csat, boxes, low=1, high=5, bins=15, resamples=100, **more):
    boxes = [list(row) for row in boxes]
    return probes.ask("eval", {"answers": {
        "answer": list(answer), "csat": list(csat), "boxes": boxes, "low": low, "high": high,
        "bins": bins, "resamples": resamples, **more}})["answers"]


def values(figures):
    return {name: figure["value"] for name, figure in figures.items()}


SAMPLES = [(300, 1, 1, 5), (40, 2, 1, 3), (1200, 3, 0, 10), (500, 4, -2, 2)]


@pytest.mark.parametrize("n,seed,low,high", SAMPLES)
def test_expected_answers(n, seed, low, high):
    answer, csat, boxes = draw(n, seed, low, high)
    got = ask(answer, csat, boxes, low, high)["csat"]
    line = stats.linregress(csat, answer)
    expected = {
        "mae": metrics.mean_absolute_error(answer, csat),
        "rmse": np.sqrt(metrics.mean_squared_error(answer, csat)),
        "bias": np.mean(csat - answer),
        "spearman": stats.spearmanr(csat, answer).statistic,
        "skill": metrics.r2_score(answer, csat),
        "slope": line.slope,
        "intercept": line.intercept,
    }
    assert values(got["figures"]) == pytest.approx(expected, abs=1e-9)
    assert got["mean_answer"] == pytest.approx(answer.mean(), abs=1e-9)
    assert got["mean_csat"] == pytest.approx(csat.mean(), abs=1e-9)
    assert got["reference"] == {"mean": pytest.approx(answer.mean(), abs=1e-9), "from": "test"}


def test_skill_over_the_calibrations_mean():
    answer, csat, boxes = draw(200, 5)
    got = ask(answer, csat, boxes, mean=3.25)["csat"]
    expected = 1 - np.sum((csat - answer) ** 2) / np.sum((answer - 3.25) ** 2)
    assert got["figures"]["skill"]["value"] == pytest.approx(expected, abs=1e-9)
    assert got["reference"] == {"mean": 3.25, "from": "calibration"}


def ranked_probability_score(chances, box):
    """Normalised by the number of cuts; `box` counted from 0."""
    reached = np.arange(chances.shape[1] - 1) >= box[:, None]
    return ((chances.cumsum(1)[:, :-1] - reached) ** 2).mean(1).mean()


def calibration_errors(p, y, bins):
    """The definition of eval/metrics.h, written independently."""
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(p)
    bin_of = np.minimum((middle * bins).astype(int), bins - 1)[inverse]
    ece = squared = kept = 0.0
    for b in np.unique(bin_of):
        here = bin_of == b
        mass, gap, mean = here.sum(), p[here].mean() - y[here].mean(), y[here].mean()
        ece += mass * abs(gap) / len(p)
        if mass > 1:
            squared += mass * (gap**2 - mean * (1 - mean) / (mass - 1))
            kept += mass
    return ece, np.sqrt(max(0.0, squared / kept))


@pytest.mark.parametrize("n,seed,low,high", SAMPLES)
def test_chances_of_boxes(n, seed, low, high):
    answer, csat, boxes = draw(n, seed, low, high)
    got = ask(answer, csat, boxes, low, high, bins=10)["boxes"]
    box = (answer - low).astype(int)
    labels = range(high - low + 1)
    shares = np.bincount(box, minlength=len(labels)) / n
    rps = ranked_probability_score(boxes, box)
    always = ranked_probability_score(np.tile(shares, (n, 1)), box)
    up_to, reached = boxes.cumsum(1)[:, :-1], np.arange(len(labels) - 1) >= box[:, None]
    errors = [calibration_errors(np.clip(up_to[:, k], 0, 1), reached[:, k].astype(float), 10)
              for k in range(len(labels) - 1)]
    ece, debiased = np.mean(errors, axis=0)
    expected = {
        "rps": rps,
        "rps_skill": 1 - rps / always,
        "log_loss": metrics.log_loss(box, boxes, labels=list(labels)),
        "accuracy": metrics.accuracy_score(box, boxes.argmax(1)),
        "kappa_quadratic": metrics.cohen_kappa_score(
            box, boxes.argmax(1), weights="quadratic", labels=list(labels)),
        "ece": ece,
        "ece_debiased": debiased,
    }
    assert values(got["figures"]) == pytest.approx(expected, abs=1e-9)
    assert (got["n"], got["impossible"]) == (n, 0)


def test_shares_of_boxes():
    answer, csat, boxes = draw(300, 6)
    got = ask(answer, csat, boxes)["boxes"]
    hit = answer[:, None] == np.arange(1, 6)
    for shares, chance, reached in [
            (got["each"], boxes, hit),
            (got["up_to"], boxes.cumsum(1)[:, :4], hit.cumsum(1)[:, :4])]:
        assert [s["answer"] for s in shares] == list(range(1, chance.shape[1] + 1))
        assert [s["chance"] for s in shares] == pytest.approx(chance.mean(0), abs=1e-9)
        assert [s["share"] for s in shares] == pytest.approx(reached.mean(0), abs=1e-9)
        for share, n in zip(shares, reached.sum(0)):
            wilson = proportion_confint(n, 300, method="wilson")
            assert share["interval"] == pytest.approx(wilson, abs=1e-9)


def test_groups():
    answer, csat, boxes = draw(90, 7)
    got = ask(answer, csat, boxes)["slices"]
    voice = np.arange(90) % 3 == 0
    expected = {("channel", "chat"): ~voice, ("channel", "voice"): voice,
                ("length", "1-8"): np.ones(90, bool)}
    assert [(s["by"], s["value"]) for s in got] == list(expected)
    for one, here in zip(got, expected.values()):
        assert (one["n"], one["boxed"]) == (here.sum(), here.sum())
        assert values(one["figures"]) == pytest.approx({
            "mae": np.abs(csat - answer)[here].mean(), "bias": (csat - answer)[here].mean(),
            "rps": ranked_probability_score(boxes[here], (answer[here] - 1).astype(int))}, abs=1e-9)


def test_a_box_without_a_chance_is_floored_as_scikit_learn_does():
    boxes = np.array([[0.0, 0.4, 0.6], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
    answer = [1.0, 1.0, 3.0]
    got = ask(answer, boxes @ [1, 2, 3], boxes, 1, 3)["boxes"]
    expected = metrics.log_loss([0, 0, 2], boxes, labels=[0, 1, 2])
    assert got["figures"]["log_loss"]["value"] == pytest.approx(expected, abs=1e-9)
    assert got["impossible"] == 1


@pytest.mark.parametrize("name", ["mae", "bias", "spearman", "skill"])
def test_intervals_are_near_numpys(name):
    answer, csat, boxes = draw(300, 8)
    got = ask(answer, csat, boxes, resamples=2000)["csat"]["figures"]
    statistic = {
        "mae": lambda a, c: np.abs(c - a).mean(),
        "bias": lambda a, c: (c - a).mean(),
        "spearman": lambda a, c: stats.spearmanr(a, c).statistic,
        "skill": metrics.r2_score,
    }[name]
    rng = np.random.default_rng(2)
    draws = [statistic(answer[i], csat[i]) for i in rng.integers(0, 300, (2000, 300))]
    wanted = np.quantile(draws, [0.025, 0.975])
    assert got[name]["interval"] == pytest.approx(wanted, abs=0.1 * (wanted[1] - wanted[0]))


@pytest.mark.parametrize("kind", ["boxes", "none", "one answer", "one conversation"])
def test_the_section_follows_its_schema(kind):
    answer, csat, boxes = draw(1 if kind == "one conversation" else 60, 9)
    if kind == "one answer":
        answer[:] = 4
    if kind == "none":
        boxes = [[]] * 60
    got = ask(answer, csat, boxes)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    section = {**schema["properties"]["answers"], "$defs": schema["$defs"]}
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(section)
    validator.validate(got)
    assert (got["boxes"] is None) == (kind == "none")
    for damage in ({"csat": None}, {"scale": [1]}, {"slices": [{"by": "channel"}]}):
        assert list(validator.iter_errors({**got, **damage}))


@pytest.mark.parametrize("damage", [
    {"answer": [6.0]}, {"answer": [0.0]}, {"csat": [5.5]}, {"boxes": [[0.5, 0.5]]},
    {"boxes": [[0.2, 0.2, 0.2, 0.2, 0.3]]}, {"boxes": [[1.5, -0.5, 0, 0, 0]]}, {"low": 5},
    {"bins": 0}, {"answer": [], "csat": [], "boxes": []},
])
def test_what_cannot_be_is_refused(damage):
    asked = {"answer": [4.0], "csat": [3.5], "boxes": [[0.1, 0.2, 0.2, 0.2, 0.3]], "low": 1,
             "high": 5, "bins": 15, "resamples": 100}
    done = probes.run("eval", {"answers": asked | damage})
    assert done.returncode == 1 and "expected" in done.stderr
