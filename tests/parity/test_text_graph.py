"""The graph that takes texts: the same figures as from the model's own tokenizer, whatever the batch."""

import json
import os
import sys

import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime_extensions")
from onnx_models import (ARCSAT, SOURCE, export, make_model, manifest_of, needs_program,  # noqa: E402
                         run)

for part in ("scorers/python", "export/python"):
    sys.path.insert(0, str(SOURCE / part))
import numpy as np  # noqa: E402
from arcsat_scorer import Scorer  # noqa: E402
from check_text import TextGraph  # noqa: E402

pytestmark = needs_program
CALLS = [
    {"id": "plain", "channel": "chat", "turns": [
        {"speaker": "customer", "text": "My router is broken, please help!", "at": 0.0},
        {"speaker": "agent", "text": "Sorry. It's FIXED now; was it the 2nd time?", "at": 12.5},
        {"speaker": "customer", "text": "Café naïve, Ångström (20%)", "at": 11.0}]},
    {"id": "empty text", "turns": [{"speaker": "customer", "text": ""},
                                   {"speaker": "bot", "text": "   "}]},
    {"id": "special tokens are text", "channel": "voice", "turns": [
        {"speaker": "customer", "text": "[SEP] done [CLS] ##ing </s> <s> [MASK]"}]},
    # Past max_turn_tokens (40) by little, by one and by much.
    {"id": "long", "turns": [{"speaker": "customer", "text": " ".join(["wait", "hold"] * count)}
                             for count in (18, 19, 20, 400)]},
]


@pytest.fixture(scope="session", params=["bert", "bert-flat", "xlmr", "xlmr-bpe", "minilm"])
def bundle(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("text-" + request.param)
    made = export(make_model(folder, request.param), folder / "bundle", "--text")
    assert made.returncode == 0, made.stderr
    return folder / "bundle"


def close(got, wanted):
    return {key: pytest.approx(value, abs=1e-5) if isinstance(value, float) else value
            for key, value in wanted.items()} == got


def test_texts_get_the_scores_of_their_ids(bundle):
    graph = TextGraph(bundle / "model.text.onnx")
    for call, wanted in zip(CALLS, Scorer(bundle).score(CALLS), strict=True):
        got = graph.score(call, wanted)
        for key in ("entry", "exit", "delta", "p_satisfied"):
            assert got[key] == pytest.approx(wanted[key], abs=1e-5), (call["id"], key)
        assert all(close(a, b) for a, b in zip(got["turns"], wanted["turns"], strict=True))


def test_padding_and_batch_mates_change_nothing(bundle):
    graph = TextGraph(bundle / "model.text.onnx")
    longest = max(len(call["turns"]) for call in CALLS)
    feeds = {"text": np.full((len(CALLS), longest), "wrong", object),
             "turn_count": np.array([len(call["turns"]) for call in CALLS]),
             "speaker": np.zeros((len(CALLS), longest), np.int64),
             "channel": np.zeros(len(CALLS), np.int64),
             "gap_seconds": np.full((len(CALLS), longest), np.nan, np.float32)}
    alone = []
    for row, call in enumerate(CALLS):
        turns = [{"speaker": "customer", "text": turn["text"]} for turn in call["turns"]]
        feeds["text"][row, :len(turns)] = [turn["text"] for turn in turns]
        alone.append(graph.run({"id": "", "turns": turns}))
    names = [output.name for output in graph.session.get_outputs()]
    together = dict(zip(names, graph.session.run(names, feeds)))
    for row, one in enumerate(alone):
        turns = len(CALLS[row]["turns"])
        assert together["p_satisfied"][row] == pytest.approx(one["p_satisfied"][0], abs=1e-6)
        assert together["state"][row, :turns] == pytest.approx(one["state"][0], abs=1e-6)
        assert together["state"][row, turns:] == pytest.approx(0)


def test_the_manifest_says_what_was_shown_and_verify_shows_it_again(bundle):
    told = manifest_of(bundle)["text_graph"]
    assert told["golden_difference"] <= 1e-5
    assert told["scripts"]["Latin"] is True
    assert [tensor["name"] for tensor in told["inputs"]] == [
        "text", "turn_count", "speaker", "channel", "gap_seconds"]
    assert told["inputs"][0]["type"] == "string"
    assert run(ARCSAT, "verify", bundle).returncode == 0


def test_verify_says_what_is_missing_where_the_operators_are(bundle, tmp_path):
    (tmp_path / "onnxruntime_extensions.py").write_text("raise ImportError('hidden')\n")
    failed = run(ARCSAT, "verify", bundle, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert failed.returncode == 1
    assert "pip install onnxruntime-extensions" in failed.stdout + failed.stderr


def test_a_tokenizer_that_the_operators_are_not_is_refused(tmp_path):
    failed = export(make_model(tmp_path, "albert"), tmp_path / "bundle", "--text")
    assert failed.returncode == 1
    assert "ALBERT" in failed.stderr and "without --text" in failed.stderr
    assert not (tmp_path / "bundle").exists()


def test_without_the_option_there_is_no_such_graph(tmp_path):
    made = export(make_model(tmp_path, "bert"), tmp_path / "bundle", "--json")
    assert made.returncode == 0, made.stderr
    assert "text_graph" not in json.loads(made.stdout)["manifest"]
    assert not (tmp_path / "bundle" / "model.text.onnx").exists()
