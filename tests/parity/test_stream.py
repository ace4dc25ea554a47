"""The graphs of running conversations: turn by turn they say what the whole graph says, at the price of
a turn."""

import copy
import json
import pickle
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from onnx_models import (ARCSAT, MODELS, SOURCE, copy_bundle, export, make_model,  # noqa: E402
                         manifest_of, needs_program, run, write_json)

sys.path.insert(0, str(SOURCE / "scorers" / "python"))
from arcsat_scorer import BundleError, RecordError, Running, Scorer, StreamScorer  # noqa: E402

pytestmark = needs_program
FILES = ["conversation_step.onnx", "turn_encoder.onnx"]


@pytest.fixture(scope="session")
def calls(tmp_path_factory):
    path = tmp_path_factory.mktemp("calls") / "calls.jsonl"
    made = run(ARCSAT, "simulate", "--out", path, "--simulate.conversations", 12, "--quiet")
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="session", params=sorted(MODELS))
def bundle(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    made = export(make_model(folder, request.param), folder / "bundle", "--stream")
    assert made.returncode == 0, made.stderr
    return folder / "bundle"


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    made = export(make_model(folder, "bert"), folder / "bundle", "--stream")
    assert made.returncode == 0, made.stderr
    return folder / "bundle"


def figures(score):
    names = ("entry", "exit", "delta", "p_satisfied", "csat")
    return [score[name] for name in names if name in score] + score.get("interval", []) + \
        score.get("boxes", []) + [turn[name] for turn in score["turns"]
                                  for name in ("state", "outlook")]


def test_every_turn_says_what_the_whole_conversation_so_far_says(bundle, calls):
    whole, stream = Scorer(bundle), StreamScorer(bundle)
    for conversation in calls[:4]:
        running = stream.begin(conversation["id"], conversation.get("channel"))
        for count, turn in enumerate(conversation["turns"], 1):
            got = stream.add(running, turn)
            wanted = whole.score([{**conversation, "turns": conversation["turns"][:count]}])[0]
            assert got.keys() == wanted.keys()
            assert [t["i"] for t in got["turns"]] == [t["i"] for t in wanted["turns"]]
            assert figures(got) == pytest.approx(figures(wanted), abs=1e-5)


def test_what_was_shown_is_in_the_manifest(bundle):
    told = manifest_of(bundle)["stream"]
    # 300 turns and more, past every window.
    assert told["turns"] > 400
    assert 0 <= told["golden_difference"] <= 1e-5
    outputs = {tensor["name"] for tensor in manifest_of(bundle)["graph"]["outputs"]}
    assert told["max_abs_difference"].keys() == outputs
    assert max(told["max_abs_difference"].values()) <= 1e-5
    for name in ("turn_encoder", "conversation_step"):
        model = onnx.load(str(bundle / told[name]["file"]))
        onnx.checker.check_model(model, full_check=True)
        for part, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
            assert [tensor["name"] for tensor in told[name][part]] == [v.name for v in values]
            assert all(tensor["meaning"] for tensor in told[name][part])
    verified = run(ARCSAT, "verify", bundle)
    assert verified.returncode == 0, verified.stderr


def test_memory_stops_growing_at_the_window(bert):
    stream = StreamScorer(bert)
    running = stream.begin("long")
    sizes = []
    for i in range(300):
        stream.step(running, [2, 7, 3], i % 3, 1.0)
        sizes.append(sum(array.nbytes for name, array in running.memory.items()
                         if name != "past_words"))
    assert sizes[0] < sizes[1]
    assert sizes[200] < sizes[260] == sizes[-1]  # past the conversation encoder's 256 turns
    assert running.memory["past_count"].tolist() == [300]


def test_a_running_conversation_can_be_copied_and_pickled(bert, calls):
    stream, turns = StreamScorer(bert), calls[0]["turns"]
    running = stream.begin("c", "chat")
    stream.add(running, turns[0])
    other = copy.deepcopy(running)
    kept = pickle.loads(pickle.dumps(running))
    first = stream.add(running, turns[1])
    stream.add(other, {"speaker": "customer", "text": "Nothing of this works!"})
    assert figures(stream.add(kept, turns[1])) == figures(first)


def test_a_turn_that_cannot_be_read_changes_nothing(bert, calls):
    stream, turns = StreamScorer(bert), calls[0]["turns"]
    running, again = stream.begin("c"), stream.begin("c")
    stream.add(running, turns[0]), stream.add(again, turns[0])
    for turn in ({"speaker": "nobody", "text": ""}, {"speaker": "agent"}, {"text": "x"}, 7,
                 {"speaker": "agent", "text": "x", "at": "noon"}):
        with pytest.raises(RecordError):
            stream.add(running, turn)
    assert figures(stream.add(running, turns[1])) == figures(stream.add(again, turns[1]))
    with pytest.raises(RecordError, match="channel"):
        stream.begin("c", "post")


def test_a_bundle_without_them_says_so(tmp_path):
    assert export(make_model(tmp_path, "bert"), tmp_path / "bundle").returncode == 0
    assert "stream" not in manifest_of(tmp_path / "bundle")
    assert not [name for name in FILES if (tmp_path / "bundle" / name).exists()]
    with pytest.raises(BundleError, match="--stream"):
        StreamScorer(tmp_path / "bundle")


@pytest.mark.parametrize("name", FILES)
def test_a_changed_graph_is_refused(bert, tmp_path, name):
    target = copy_bundle(bert, tmp_path)
    data = bytearray((target / name).read_bytes())
    data[len(data) // 2] ^= 1
    (target / name).write_bytes(bytes(data))
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert name in verified.stderr and "was changed" in verified.stderr
    with pytest.raises(BundleError, match=name):
        StreamScorer(target)


def _unlist(manifest):
    manifest["stream"]["turn_encoder"]["file"] = "other.onnx"


def _rename(manifest):
    manifest["stream"]["conversation_step"]["inputs"][0]["name"] = "round"


def _reshape(manifest):
    manifest["stream"]["turn_encoder"]["inputs"][-1]["shape"] = [3, 4]


def _lose(manifest):
    del manifest["stream"]["turn_encoder"]


@pytest.mark.parametrize("change", [_unlist, _rename, _reshape, _lose,
                                    lambda manifest: manifest.update(stream=[])])
def test_a_manifest_that_lies_is_refused(bert, tmp_path, change):
    target = copy_bundle(bert, tmp_path)
    manifest = manifest_of(target)
    change(manifest)
    write_json(target / "manifest.json", manifest)
    with pytest.raises(BundleError, match="stream|not listed"):
        StreamScorer(target)


def test_verify_wants_the_parity_turn_by_turn(bert, tmp_path):
    target = copy_bundle(bert, tmp_path)
    manifest = manifest_of(target)
    manifest["stream"]["max_abs_difference"]["exit"] = 1e-3
    write_json(target / "manifest.json", manifest)
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert "turn-by-turn parity of \"exit\" is 0.001" in verified.stderr


def test_steps_of_a_padded_case_are_numbers(bert):
    """The lowest level: ids in, arrays out, in single precision."""
    stream = StreamScorer(bert)
    out = stream.step(Running("c", "voice"), [2, 3], 0, -1.0)
    assert out["interval"].shape == (1, 2)
    assert out["state"].dtype == np.float32
    assert 0 < float(out["p_satisfied"][0]) < 1
