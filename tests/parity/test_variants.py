"""The compressed graphs: what int8's weights are, that a conversation's scores stay its own, and that it is
published only where it decides as the fp32 graph does."""

import json
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from onnx_models import (ARCSAT, SOURCE, copy_bundle, export, make_model, manifest_of,  # noqa: E402
                         needs_program, run, write_json)

sys.path.insert(0, str(SOURCE / "scorers" / "python"))
from arcsat_scorer import Scorer  # noqa: E402

pytestmark = needs_program
FILE = "model.int8.onnx"
_ROUNDING = 5e-3


@pytest.fixture(scope="session")
def calls(tmp_path_factory):
    path = tmp_path_factory.mktemp("calls") / "calls.jsonl"
    made = run(ARCSAT, "simulate", "--out", path, "--simulate.conversations", 120,
               "--simulate.response_share", 0.5, "--quiet")
    assert made.returncode == 0, made.stderr
    return path


@pytest.fixture(scope="session", params=["bert", "albert", "minilm"])
def compressed(request, calls, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    model = make_model(folder, request.param)
    # Random weights put chances anywhere near the threshold; trained ones are measured elsewhere.
    made = export(model, folder / "bundle", "--int8", calls, "--fp16", calls,
                  "--moved-decisions", 1, "--auc-loss", 1)
    assert made.returncode == 0, made.stderr
    return folder / "bundle"


def constants(path):
    return {tensor.name: onnx.numpy_helper.to_array(tensor)
            for tensor in onnx.load(str(path)).graph.initializer}


def test_weights_are_the_nearest_whole_numbers(compressed):
    fp32, int8 = constants(compressed / "model.onnx"), constants(compressed / FILE)
    names = [name.removesuffix(".int8") for name in int8 if name.endswith(".int8")]
    assert len(names) >= 9, names  # a table and at least two layers of four products
    for name in names:
        whole, scale = int8[name + ".int8"], int8[name + ".scale"]
        table = name == "encoder/embeddings/words"
        if not table:
            whole = whole.T
        most = 127 if table else 64
        assert np.abs(whole.astype(int)).max(1).min() == np.abs(whole.astype(int)).max() == most
        apart = np.abs(whole * scale[:, None] - fp32[name])
        assert (apart <= 0.5001 * scale[:, None]).all(), name
        assert name not in int8  # kept once
    heads = {name for name in fp32 if name.startswith(("heads/", "conversation/"))}
    assert heads <= int8.keys()


def test_it_is_small_and_near(compressed):
    told = manifest_of(compressed)["variants"]["int8"]
    assert told["file"] == FILE
    measured = told["measured"]
    assert measured["conversations"] == 120
    assert 0 < measured["largest_difference"] < 0.5
    assert 40 < measured["surveyed"] < 80
    if (compressed / "model.onnx").stat().st_size > 50e6:  # MiniLM: most of it is the encoder
        assert (compressed / FILE).stat().st_size < 0.32 * (compressed / "model.onnx").stat().st_size
        assert measured["largest_difference"] < 0.1


def test_half_precision_is_nearer(compressed):
    told = manifest_of(compressed)["variants"]
    assert told["fp16"]["file"] == "model.fp16.onnx"
    fp16, int8 = (told[name]["measured"]["largest_difference"] for name in ("fp16", "int8"))
    assert 0 < fp16 < min(0.02, int8)
    half = {name.removesuffix(".fp16"): values
            for name, values in constants(compressed / "model.fp16.onnx").items()
            if name.endswith(".fp16")}
    assert len(half) >= 9
    for name, values in constants(compressed / "model.onnx").items():
        if name in half:
            assert np.array_equal(values.astype(np.float16), half[name])
    verified = run(ARCSAT, "verify", compressed)
    assert verified.returncode == 0, verified.stderr


def test_one_file_measures_both(calls, tmp_path):
    model = make_model(tmp_path, "bert")
    other = tmp_path / "other.jsonl"
    other.write_bytes(calls.read_bytes())
    refused = export(model, tmp_path / "bundle", "--int8", calls, "--fp16", other)
    assert refused.returncode == 2
    assert "one file to measure both on" in refused.stderr
    assert not (tmp_path / "bundle").exists()


def test_what_was_measured_is_what_the_scorers_say(compressed, calls):
    conversations = [json.loads(line) for line in calls.read_text().splitlines()]
    chances = {name: [score["p_satisfied"] for score in
                      Scorer(compressed, variant=name).score(conversations)]
               for name in ("fp32", "int8")}
    apart = np.abs(np.subtract(chances["fp32"], chances["int8"]))
    measured = manifest_of(compressed)["variants"]["int8"]["measured"]
    assert measured["largest_difference"] == pytest.approx(apart.max(), abs=1e-6)
    threshold = manifest_of(compressed)["scoring"]["threshold"]
    moved = (np.array(chances["fp32"]) >= threshold) != (np.array(chances["int8"]) >= threshold)
    assert measured["moved_decisions"] == moved.sum()


def test_batch_mates_and_later_turns_change_nothing(compressed, calls):
    """But for rounding: a float's last digit can make an activation another whole number. With a scale
    for a whole tensor instead of one a token this would be off by more."""
    scorer = Scorer(compressed, variant="int8")
    conversations = [json.loads(line) for line in calls.read_text().splitlines()[:12]]
    together = scorer.score(conversations)
    for conversation, mate in zip(conversations, together):
        alone = scorer.score([conversation])[0]
        assert alone["p_satisfied"] == pytest.approx(mate["p_satisfied"], abs=_ROUNDING)
        turns = conversation["turns"]
        prefix = scorer.score([{**conversation, "turns": turns[:len(turns) // 2]}])[0]
        for early, late in zip(prefix["turns"], alone["turns"]):
            assert early["state"] == pytest.approx(late["state"], abs=_ROUNDING)
            assert early["outlook"] == pytest.approx(late["outlook"], abs=_ROUNDING)


def test_verify_runs_it(compressed, tmp_path):
    assert run(ARCSAT, "verify", compressed).returncode == 0
    copy = copy_bundle(compressed, tmp_path)
    manifest = manifest_of(copy)
    manifest["variants"]["int8"]["golden_difference"] = -1  # nearer than it can be
    write_json(copy / "manifest.json", manifest)
    verified = run(ARCSAT, "verify", copy)
    assert verified.returncode == 1
    assert "int8: golden conversation" in verified.stderr
    del manifest["variants"]["int8"]["golden_difference"]
    write_json(copy / "manifest.json", manifest)
    verified = run(ARCSAT, "verify", copy)
    assert verified.returncode == 1
    assert "variants.int8 was not measured" in verified.stderr


def test_a_compressed_model_that_decides_otherwise_is_not_published(calls, tmp_path):
    """The threshold is put between what the two graphs say of one conversation of 120."""
    model = make_model(tmp_path, "bert")
    assert export(model, tmp_path / "first", "--int8", calls, "--moved-decisions", 1,
                  "--auc-loss", 1).returncode == 0
    conversations = [json.loads(line) for line in calls.read_text().splitlines()]
    fp32, int8 = (np.array([score["p_satisfied"] for score in
                            Scorer(tmp_path / "first", variant=name).score(conversations)])
                  for name in ("fp32", "int8"))
    at = np.abs(fp32 - int8).argmax()
    calibration = json.loads((model / "calibration.json").read_text())
    calibration["threshold"] = float(fp32[at] + int8[at]) / 2
    write_json(model / "calibration.json", calibration)
    refused = export(model, tmp_path / "second", "--int8", calls, "--auc-loss", 1)
    assert refused.returncode == 1
    assert "the compressed model int8" in refused.stderr
    assert "of 120 decisions" in refused.stderr and "at most 0.50% are allowed" in refused.stderr
    assert "export without --int8" in refused.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["encoder", "first", "model"]


@pytest.mark.parametrize("text", ["", "{\n"])
def test_a_sample_that_cannot_be_read_is_refused(text, tmp_path):
    model = make_model(tmp_path, "bert")
    (tmp_path / "calls.jsonl").write_text(text)
    refused = export(model, tmp_path / "bundle", "--int8", tmp_path / "calls.jsonl")
    assert refused.returncode == 1
    assert "calls.jsonl" in refused.stderr
    assert not (tmp_path / "bundle").exists()
