"""`arcsat calibrate`: what each option changes in calibration.json and conformal.json, and whom the
sets of answers hold for, on simulated conversations whose truth is known."""

import json
import math
import shutil

import jsonschema
import pytest
import tiny

OUTLOOKS = ("temperature", "platt", "beta", "spline", "isotonic")
LEVEL = 0.9


def simulate(run, path, seed, conversations, **options):
    options = {"conversations": conversations, "seed": seed, "response_share": 0.3,
               "rated_share": 0.1} | options
    run("simulate", *(word for name, value in options.items() for word in (f"--simulate.{name}", value)),
        "--out", path)
    return path


@pytest.fixture(scope="module")
def model(run, encoder, tmp_path_factory):
    """A small model that has learned a little, never calibrated. Not to be changed: copy it."""
    folder = tmp_path_factory.mktemp("model")
    told = {"response_share": 0.9, "response_bias": 0, "rated_share": 1}
    learned = simulate(run, folder / "train.jsonl", 11, 800, **told)
    chosen = simulate(run, folder / "validation.jsonl", 12, 100, **told)
    run("train", "--encoder", encoder, "--data", learned, "--validation", chosen, "--out", folder / "run",
        *tiny.TRAINING, "--train.epochs", 1)
    return folder / "run" / "model"


@pytest.fixture(scope="module")
def side(run, tmp_path_factory):
    """Conversations to calibrate on: three in ten answered, the satisfied ones more often."""
    return simulate(run, tmp_path_factory.mktemp("side") / "calibration.jsonl", 13, 700)


@pytest.fixture
def calibrate(run, model, side, schema, tmp_path):
    """calibrate("--calibrate.outlook", "beta"): what calibration.json and conformal.json say then."""
    own = tmp_path / "model"
    shutil.copytree(model, own)

    def call(*options, data=side):
        told = json.loads(run("calibrate", "--model", own, "--data", data, *options, "--json").stdout)
        written = json.loads((own / "calibration.json").read_text())
        assert written == told
        jsonschema.Draft202012Validator(schema("calibration")).validate(written)
        sets = own / "conformal.json"
        return written, json.loads(sets.read_text()) if sets.exists() else None

    call.model = own
    return call


def scored(run, calibrate, data, tmp_path):
    run("score", "--model", calibrate.model, "--data", data, "--out", tmp_path / "scores.jsonl")
    return tiny.records(tmp_path / "scores.jsonl")


def test_the_defaults_choose_by_log_loss(calibrate, side):
    found, sets = calibrate()
    answered = [r["survey"]["score"] for r in tiny.records(side) if r["survey"]["score"] is not None]
    assert found["labels"] == len(answered)
    assert found["base_rate"] == pytest.approx(sum(a >= 4 for a in answered) / len(answered))
    loss = found["log_loss"]
    assert set(loss) == {"uncalibrated", "arc", *OUTLOOKS}
    assert found["outlook"]["method"] in OUTLOOKS
    assert found["chosen"] == ("arc" if loss["arc"] < loss[found["outlook"]["method"]] else "outlook")
    assert (found["threshold"], found["threshold_rule"]) == (0.5, "half")
    assert (sets["level"], sets["shape"], sets["weighted"], sets["boxes"]) == (0.9, "set", False, 5)
    assert sets["everyone"]["n"] == len(answered)


def test_the_same_call_gives_the_same_file_and_seed_and_folds_only_cut_anew(calibrate):
    first, _ = calibrate("--calibrate.outlook", "platt")
    assert calibrate("--calibrate.outlook", "platt")[0] == first
    for option in (("--calibrate.seed", 2), ("--calibrate.folds", 4)):
        other, _ = calibrate("--calibrate.outlook", "platt", *option)
        assert other["outlook"] == first["outlook"] and other["state"] == first["state"]
        assert other["log_loss"]["uncalibrated"] == pytest.approx(first["log_loss"]["uncalibrated"])
        assert other["log_loss"]["platt"] != first["log_loss"]["platt"]


@pytest.mark.parametrize("method", [*OUTLOOKS, "identity"])
def test_a_map_of_the_outlook_is_taken_as_told(run, calibrate, side, tmp_path, method):
    found, _ = calibrate("--calibrate.outlook", method, "--calibrate.final", "outlook")
    outlook = found["outlook"]
    assert (outlook["method"], found["chosen"]) == (method, "outlook")
    sizes = {"beta": (3, 0), "spline": (6, 4), "isotonic": (0, len(outlook["chances"]))}
    assert (len(outlook["coefficients"]), len(outlook["knots"])) == sizes.get(method, (2, 0))
    if method == "identity":
        assert outlook["coefficients"] == [0, 1]
    if method == "temperature":
        assert outlook["coefficients"][0] == 0 < outlook["coefficients"][1]
    # A likelihood's score for an intercept is 0: chances are right on average where there is one.
    answers = {r["id"]: r["survey"]["score"] for r in tiny.records(side)}
    chances = [s["p_satisfied"] for s in scored(run, calibrate, side, tmp_path)
               if answers[s["id"]] is not None]
    if method in ("platt", "beta"):
        assert sum(chances) / len(chances) == pytest.approx(found["base_rate"], abs=1e-5)


def log_odds(chance):
    return math.log(chance / (1 - chance))


def test_what_gives_the_chance_is_taken_as_told(run, calibrate, side, tmp_path):
    platt = ("--calibrate.outlook", "platt", "--calibrate.final")
    found, _ = calibrate(*platt, "outlook")
    assert found["chosen"] == "outlook"
    b, a = found["outlook"]["coefficients"]
    raw = [(log_odds(s["p_satisfied"]) - b) / a for s in scored(run, calibrate, side, tmp_path)]
    again, _ = calibrate(*platt, "arc")
    assert again["chosen"] == "arc" and again["outlook"] == found["outlook"]
    c = again["arc"]["coefficients"]
    for z, score in zip(raw, scored(run, calibrate, side, tmp_path), strict=True):
        expected = c[0] + c[1] * score["entry"] + c[2] * score["delta"] + c[3] * z
        assert log_odds(score["p_satisfied"]) == pytest.approx(expected, abs=1e-3)


def test_the_ridge_draws_the_arc_to_nothing(calibrate):
    weak, strong = (calibrate("--calibrate.ridge", ridge)[0]["arc"] for ridge in (0.01, 1000))
    assert (weak["ridge"], strong["ridge"]) == (0.01, 1000)
    assert sum(abs(b) for b in strong["coefficients"][1:]) < 0.5 * sum(
        abs(b) for b in weak["coefficients"][1:])


@pytest.mark.parametrize("rule", ["accuracy", "balanced"])
def test_the_threshold_is_the_best_by_its_rule(run, run_json, calibrate, side, tmp_path, rule):
    # Chances as the network gives them: what the threshold was chosen on is what `score` says.
    found, _ = calibrate("--calibrate.outlook", "identity", "--calibrate.final", "outlook",
                         "--calibrate.threshold", rule)
    assert found["threshold_rule"] == rule
    answers = {r["id"]: r["survey"]["score"] for r in tiny.records(side)}
    pairs = [(s["p_satisfied"], answers[s["id"]] >= 4) for s in scored(run, calibrate, side, tmp_path)
             if answers[s["id"]] is not None]
    yes = sum(satisfied for _, satisfied in pairs)

    def worth(threshold):
        right = [sum((p >= threshold) == satisfied == wanted for p, satisfied in pairs)
                 for wanted in (True, False)]
        return sum(right) if rule == "accuracy" else right[0] / yes + right[1] / (len(pairs) - yes)

    # `score` rounds: a conversation that lies at the threshold may fall on either side.
    near = 1 if rule == "accuracy" else 1 / min(yes, len(pairs) - yes)
    assert worth(found["threshold"]) >= max(map(worth, [0.5, *(p for p, _ in pairs)])) - near - 1e-9
    evaluation = run_json("evaluate", "--model", calibrate.model, "--data", side, "--labelled-only",
                          "--evaluate.resamples", 100)
    assert evaluation["options"]["threshold"] == pytest.approx(found["threshold"])


@pytest.mark.parametrize("rule,neutral", [("middle", (3, 3)), ("rounded", (2.5, 3.4999))])
def test_the_rating_rule_decides_which_turns_are_neutral(run, calibrate, side, tmp_path, rule, neutral):
    found, _ = calibrate("--calibrate.rating_rule", rule)
    cuts = found["turn_classes"]
    assert cuts["rule"] == rule and found["state"]["target"] == "turn_ratings"
    ratings = {(r["id"], i): sum(turn["satisfaction"]) / len(turn["satisfaction"])
               for r in tiny.records(side) for i, turn in enumerate(r["turns"]) if "satisfaction" in turn}
    states = {(s["id"], turn["i"]): turn["state"]
              for s in scored(run, calibrate, side, tmp_path) for turn in s["turns"]}
    assert cuts["turns"] == len(ratings) > 200
    turns = sorted((states[key], (rating >= neutral[0]) + (rating > neutral[1]))
                   for key, rating in ratings.items())

    def agree(low, high):
        return sum((state >= low) + (state >= high) == kind for state, kind in turns)

    # Of all pairs of cuts none has more turns on the right side (`score` rounds: two may differ).
    rising = [0]  # turns that lie in the first classes where the first i states do
    falling = [sum(kind == 2 for _, kind in turns)]
    for _, kind in turns:
        rising.append(rising[-1] + (kind == 0) - (kind == 1))
        falling.append(falling[-1] + (kind == 1) - (kind == 2))
    best = max(max(rising[:i + 1]) + falling[i] for i in range(len(turns) + 1))
    assert best - 2 <= agree(cuts["low"], cuts["high"]) <= best + 2


def test_too_few_answers_are_an_error_or_left_as_they_are(run, calibrate, side):
    labels = calibrate()[0]["labels"]
    before = tiny.sha256(calibrate.model / "calibration.json")
    done = run("calibrate", "--model", calibrate.model, "--data", side, "--json",
               "--calibrate.min_labels", labels + 1, code=1)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert f"{labels} survey answers" in error["found"] and "identity_if_few" in error["remedy"]
    assert tiny.sha256(calibrate.model / "calibration.json") == before
    assert calibrate("--calibrate.min_labels", labels)[0]["outlook"]["method"] in OUTLOOKS
    left, _ = calibrate("--calibrate.min_labels", labels + 1, "--calibrate.identity_if_few")
    assert left["outlook"]["method"] == "identity" and left["warnings"]


def test_a_config_file_says_the_same_and_the_command_line_goes_before_it(calibrate, tmp_path):
    config = tmp_path / "calibrate.cfg"
    config.write_text("[calibrate]\noutlook = beta\nfinal = outlook\nthreshold = balanced\n"
                      "[conformal]\nlevel = 0.8\nshape = interval\n")
    told = calibrate("--calibrate.outlook", "beta", "--calibrate.final", "outlook",
                     "--calibrate.threshold", "balanced", "--conformal.level", 0.8,
                     "--conformal.shape", "interval")
    assert calibrate("--config", config) == told
    found, sets = calibrate("--config", config, "--calibrate.outlook", "platt")
    assert (found["outlook"]["method"], found["threshold_rule"], sets["level"]) == (
        "platt", "balanced", 0.8)


def test_level_shape_and_groups_of_the_sets(run, calibrate, side, tmp_path):
    sizes = []
    for level in (0.6, 0.9, 0.99):
        _, sets = calibrate("--conformal.level", level)
        assert (sets["level"], sets["groups"].keys()) == (level, {"chat", "voice"})
        own = [score["set"] for score in scored(run, calibrate, side, tmp_path)]
        assert {s["level"] for s in own} == {level}
        sizes.append(sum(len(s["answers"]) for s in own) / len(own))
    assert 1 <= sizes[0] < sizes[1] < sizes[2] <= 5
    _, sets = calibrate("--conformal.shape", "interval", "--conformal.min_group", 10**6)
    assert sets["shape"] == "interval" and sets["groups"] == {} and len(sets["notes"]) == 2
    for score in scored(run, calibrate, side, tmp_path):
        answers = score["set"]["answers"]
        assert answers == list(range(answers[0], answers[-1] + 1))


@pytest.fixture(scope="module")
def everybody(run, tmp_path_factory):
    """Conversations that nothing was fitted to, and what each customer would have answered."""
    path = simulate(run, tmp_path_factory.mktemp("everybody") / "test.jsonl", 14, 1000)
    return path, {r["id"]: r["attributes"]["truth"]["score"] for r in tiny.records(path)}


@pytest.mark.parametrize("bias", [0, 1])
def test_weighted_sets_hold_for_those_who_do_not_answer(run, calibrate, everybody, tmp_path, bias):
    """Without a bias who answers goes by channel, length and escalation alone, which the weights know:
    the share stated is held. With it the satisfied answer more often, which no column tells whole: the
    sets hold more of everybody than without weights."""
    path, truth = everybody
    data = simulate(run, tmp_path / "biased.jsonl", 15, 700, response_bias=bias)

    def coverage():
        own = scored(run, calibrate, path, tmp_path)
        held = sum(truth[score["id"]] in score["set"]["answers"] for score in own) / len(own)
        return held, sum(len(score["set"]["answers"]) for score in own) / len(own)

    plain, sets = calibrate(data=data)
    assert not sets["weighted"] and sets["everyone"]["largest_weight"] == 1
    without, narrow = coverage()
    weighed, sets = calibrate("--weigh-response", data=data)
    everyone = sets["everyone"]
    assert sets["weighted"] and everyone["largest_weight"] > 1 and len(everyone["steps"]) > 1
    assert everyone["effective"] < everyone["n"]
    # Only the sets are weighed: chances stay those of the answers, but for batch mates' rounding.
    assert weighed["labels"] == plain["labels"]
    assert weighed["log_loss"] == pytest.approx(plain["log_loss"], abs=1e-5)
    held, wide = coverage()
    assert wide > narrow and held > without
    # Less three standard errors of these conversations and of this calibration.
    error = math.sqrt(LEVEL * (1 - LEVEL) * (1 / len(truth) + 1 / everyone["effective"]))
    assert held >= LEVEL - 3 * error if bias == 0 else held > without + error


def test_weights_need_silences_as_well(calibrate, side, tmp_path):
    answered = [r for r in tiny.records(side) if r["survey"]["score"] is not None]
    found, sets = calibrate("--weigh-response", data=tiny.write_records(tmp_path / "all.jsonl", answered))
    assert not sets["weighted"]
    assert "too few answers, or silences, to weigh by response" in found["warnings"]


@pytest.mark.parametrize("option,value", [
    ("calibrate.outlook", "cubic"), ("calibrate.final", "both"), ("calibrate.threshold", "0.4"),
    ("calibrate.rating_rule", "nearest"), ("calibrate.ridge", "0"), ("calibrate.folds", "1"),
    ("calibrate.min_labels", "1"), ("calibrate.seed", "x"), ("conformal.level", "1"),
    ("conformal.shape", "round"), ("conformal.min_group", "0"), ("calibrate.outlok", "beta")])
def test_bad_values_are_refused_before_the_work(run, model, side, option, value):
    done = run("calibrate", "--model", model, "--data", side, f"--{option}", value, "--json", code=2)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert option in error["place"] + error["found"]
    assert value in error["found"] + error["place"] or option == "calibrate.outlok"
    assert option != "calibrate.outlok" or "calibrate.outlook" in error["expected"] + error["remedy"]
    assert done.stdout == "" and not (model / "calibration.json").exists()
