"""Exported graphs equal LibTorch for every family and size, and text is read alike."""

import json
import subprocess
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx_models import (ARCSAT, MODELS, SOURCE, TOKENIZE, WORDS, export, make_model,  # noqa: E402
                         manifest_of, needs_program, run)

sys.path.insert(0, str(SOURCE / "export" / "python"))
import check_bundle  # noqa: E402
from arcsat_scorer import text as arcsat_text  # noqa: E402

pytestmark = needs_program


@pytest.fixture(scope="session", params=MODELS)
def bundle(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    made = export(make_model(folder, request.param), folder / "bundle")
    assert made.returncode == 0, made.stderr
    return folder / "bundle"


def test_parity_was_shown_on_every_size_and_output(bundle):
    parity = manifest_of(bundle)["parity"]
    assert set(parity["cases"]) == {
        "one turn", "two customer turns", "agents only", "empty text", "longest turn", "300 turns",
        "several in one batch"}
    outputs = {"state", "outlook", "entry", "exit", "delta", "p_satisfied", "interval", "csat"}
    assert set(parity["max_abs_difference"]) - {"boxes"} == outputs
    told = [tensor["name"] for tensor in manifest_of(bundle)["graph"]["outputs"]]
    assert set(parity["max_abs_difference"]) == set(told)
    assert max(parity["max_abs_difference"].values()) <= 1e-5
    assert parity["golden_difference"] <= 1e-5


def test_scores_vary(bundle):
    """A model that says the same everywhere would pass parity whatever the graph does."""
    scores = [json.loads(line)["score"] for line in open(bundle / "golden.jsonl", encoding="utf-8")]
    states = [turn["state"] for score in scores for turn in score["turns"]]
    assert np.ptp(states) > 1e-3
    assert np.ptp([score["p_satisfied"] for score in scores]) > 1e-3


def random_feeds(bundle, shape, seed):
    """Random inputs with every size between nothing and all."""
    text = manifest_of(bundle)["text"]
    random = np.random.default_rng(seed)
    batch, turns, tokens = shape
    counts = random.integers(2, tokens + 1, (batch, turns))
    counts *= np.arange(turns) < random.integers(1, turns + 1, (batch, 1))
    return {
        "input_ids": random.integers(0, text["ids"], shape),
        "turn_tokens": counts,
        "speaker": random.integers(0, 3, (batch, turns)),
        "channel": random.integers(0, 3, batch),
        "gap_seconds": random.uniform(-20, 60, (batch, turns)).astype(np.float32),
    }


def session_of(bundle):
    return onnxruntime.InferenceSession(str(bundle / "model.onnx"),
                                        providers=["CPUExecutionProvider"])


def test_batch_mates_and_padding_change_nothing(bundle):
    session = session_of(bundle)
    feeds = random_feeds(bundle, (5, 9, 21), 1)
    names = [output.name for output in session.get_outputs()]
    together = dict(zip(names, session.run(names, feeds)))
    for row in range(5):
        turns = int((feeds["turn_tokens"][row] > 0).sum())
        tokens = int(feeds["turn_tokens"][row].max())
        one = {name: value[row:row + 1] for name, value in feeds.items()}
        for name in ("turn_tokens", "speaker", "gap_seconds"):
            one[name] = one[name][:, :turns]
        one["input_ids"] = np.full((1, turns + 3, tokens + 2), 1)
        one["input_ids"][:, :turns, :tokens] = feeds["input_ids"][row, :turns, :tokens]
        for name, otherwise in (("turn_tokens", 0), ("speaker", 2), ("gap_seconds", 5)):
            one[name] = np.pad(one[name], ((0, 0), (0, 3)), constant_values=otherwise)
        alone = dict(zip(names, session.run(names, one)))
        for name in names:
            wanted = together[name][row]
            got = alone[name][0]
            if name in ("state", "outlook"):
                wanted, got = wanted[:turns], got[:turns]
            assert check_bundle.difference(got, wanted) < 1e-6, name


def test_what_is_padded_has_no_say(bundle):
    session = session_of(bundle)
    feeds = random_feeds(bundle, (3, 6, 12), 2)
    other = {name: value.copy() for name, value in feeds.items()}
    absent = np.arange(12) >= feeds["turn_tokens"][:, :, None]
    other["input_ids"][absent] = 0
    for name, value in (("speaker", 0), ("gap_seconds", 1e6)):
        other[name][feeds["turn_tokens"] == 0] = value
    for one, two in zip(session.run(None, feeds), session.run(None, other)):
        np.testing.assert_array_equal(one, two)


def test_a_prefix_scores_the_same(bundle):
    session = session_of(bundle)
    feeds = random_feeds(bundle, (1, 30, 10), 3)
    feeds["turn_tokens"][:] = np.maximum(feeds["turn_tokens"], 2)
    whole = session.run(["state", "outlook"], feeds)
    cut = {name: value if name == "channel" else value[:, :11] for name, value in feeds.items()}
    for one, two in zip(whole, session.run(["state", "outlook"], cut)):
        assert check_bundle.difference(one[:, :11], two) < 1e-6


def test_nobody_at_all(bundle):
    session = session_of(bundle)
    feeds = random_feeds(bundle, (2, 1, 2), 4)
    feeds["turn_tokens"][:] = 0
    outputs = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    assert outputs["delta"].tolist() == [0, 0]
    assert outputs["state"].tolist() == [[0], [0]]
    assert np.isfinite(outputs["p_satisfied"]).all()


def test_shared_weights_are_stored_once(tmp_path):
    export(make_model(tmp_path, "albert"), tmp_path / "bundle")
    model = onnx.load(str(tmp_path / "bundle" / "model.onnx"))
    gelu_layers = [node for node in model.graph.node
                   if node.op_type == "Gelu" and node.name.startswith("encoder/")]
    assert len(gelu_layers) == 4
    shared = [node.input[1] for node in model.graph.node
              if node.op_type == "Gemm" and "encoder/" in node.name and "feed_forward" in node.name]
    assert len(shared) == 8 and len(set(shared)) == 4  # four layers of two products; two groups


def test_scorer_of_the_bundle_equals_the_program(bundle, tmp_path):
    model = bundle.parent / "model"
    if not (model / "calibration.json").exists():
        pytest.skip("arcsat score wants a calibrated model")
    golden = [json.loads(line) for line in open(bundle / "golden.jsonl", encoding="utf-8")]
    calls = [g["conversation"] for g in golden if g["conversation"]["turns"]]
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(c) + "\n" for c in calls))
    theirs = run(ARCSAT, "score", "--model", model, "--data", tmp_path / "calls.jsonl", "--quiet")
    assert theirs.returncode == 0, theirs.stderr
    ours = run(sys.executable, "-m", "arcsat_scorer.command", "--model", bundle, "--data",
               tmp_path / "calls.jsonl", "--quiet", cwd=SOURCE / "scorers" / "python")
    assert ours.returncode == 0, ours.stderr
    for one, two in zip(ours.stdout.splitlines(), theirs.stdout.splitlines(), strict=True):
        assert check_bundle.score_difference(json.loads(one), json.loads(two)) < 2e-5


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("bert-flat", "bert-wide")])
def test_python_reads_text_as_the_program_does(name, tmp_path):
    if not TOKENIZE:
        pytest.skip("ARCSAT_TOKENIZE names the helper that ctest builds")
    model = make_model(tmp_path, name)
    assert export(model, tmp_path / "bundle").returncode == 0
    texts = ["", " ", "the bill is wrong", "  two  spaces\t\nhere ", "[SEP] <s> </s> <unk> [MASK]",
             "Straße ÉTÉ été", "``quoted''", "10, 20,30 7,", "漢字かな交じり", "🙏🏽\u200d zero\u200bwidth",
             "ﬁ ligature \u00a0 nbsp", "x" * 150, "Ω≈ç√∫ \u0301combining", "\x00control\x07s", "½ ² ㌔"]
    texts += [" ".join(np.random.default_rng(i).choice(WORDS, 12)) for i in range(40)]
    data = b"".join(len(t.encode()).to_bytes(4, "little") + t.encode() for t in texts)
    told = subprocess.run([TOKENIZE, str(model)], input=data, capture_output=True, check=True)
    text = manifest_of(tmp_path / "bundle")["text"] | {"max_turn_tokens": 1000}
    ours = arcsat_text.TurnTokenizer(tmp_path / "bundle", text).encode_all(texts)
    for sentence, one, two in zip(texts, ours, told.stdout.decode().splitlines(), strict=True):
        assert one[1:-1] == json.loads(two), sentence


def test_verify_accepts_what_export_made(bundle):
    verified = run(ARCSAT, "verify", bundle)
    assert verified.returncode == 0, verified.stderr
    assert "golden conversations within" in verified.stdout
