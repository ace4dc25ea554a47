"""Models and bundles for test_onnx.py and test_bundle.py.

Models are small and random, every parameter away from its start (arcsat_export_probe), and the real
MiniLM where it is at hand (ARCSAT_MINILM, else .deps/minilm).
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
ARCSAT = os.environ.get("ARCSAT_BIN", "")
PROBE = Path(os.environ.get("ARCSAT_PROBES", "")) / "arcsat_export_probe"
TOKENIZE = os.environ.get("ARCSAT_TOKENIZE", "")
MINILM = Path(os.environ.get("ARCSAT_MINILM", SOURCE / ".deps" / "minilm"))
needs_program = pytest.mark.skipif(not ARCSAT or not PROBE.exists(),
                                   reason="ARCSAT_BIN and ARCSAT_PROBES name what ctest builds")

WORDS = ("the a my your bill router order refund delay agent help please thanks wrong late twice "
         "fixed broken wait hold transfer again sorry done good bad is was not no yes i you it").split()
SIZES = {"hidden_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4,
         "intermediate_size": 96, "max_position_embeddings": 96, "type_vocab_size": 2}


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")


def make_bert(folder):
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"[].,!?'`/<>", *letters,
                  *("##" + letter for letter in letters), *(w for w in WORDS if len(w) > 1)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    write_json(folder / "config.json", {"model_type": "bert", "vocab_size": len(vocabulary) + 3,
                                        "hidden_act": "gelu", **SIZES})


def make_sentencepiece(folder, name, layout, algorithm):
    sentencepiece = pytest.importorskip("sentencepiece")
    text = [" ".join(WORDS[(i * 7 + j * j) % len(WORDS)] for j in range(9)) + f" {i}, été Straße"
            for i in range(400)]
    options = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": -1}
    if layout == "albert":
        options = {"unk_id": 1, "bos_id": -1, "eos_id": -1, "pad_id": 0,
                   "control_symbols": ["[CLS]", "[SEP]"], "user_defined_symbols": ["[MASK]"]}
    with open(folder / name, "wb") as out:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text), model_writer=out, vocab_size=150, model_type=algorithm,
            hard_vocab_limit=False, minloglevel=2, **options)
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / name)).vocab_size()


def make_xlmr(folder, algorithm="unigram"):
    size = make_sentencepiece(folder, "sentencepiece.bpe.model", "xlm-roberta", algorithm)
    write_json(folder / "config.json", {"model_type": "xlm-roberta", "vocab_size": size + 2,
                                        "pad_token_id": 1, "layer_norm_eps": 1e-5, **SIZES})


def make_albert(folder):
    size = make_sentencepiece(folder, "spiece.model", "albert", "unigram")
    write_json(folder / "config.json", {"model_type": "albert", "vocab_size": size,
                                        "embedding_size": 24, "hidden_act": "gelu_new", **SIZES,
                                        "num_hidden_groups": 2})


def make_xlmr_bpe(folder):
    make_xlmr(folder, "bpe")


def make_minilm(folder):
    if not (MINILM / "model.safetensors").exists():
        pytest.skip("ARCSAT_MINILM names no folder with MiniLM")
    for path in MINILM.iterdir():
        if path.name != ".complete":
            (folder / path.name).symlink_to(path)


SMALL = ["max_turn_tokens=40", "conversation_hidden=32", "noise=0.15"]
# Every branch of the graph is in one of these: no, some and all layers across turns; windows that
# cut and that go past the last distance bucket; both poolings; no and two conversation layers. Of
# the calibration those that only a whole model tells of (test_calibration.py has them all): with
# and without the chances of boxes, and the map that is steepest. With and without words beside the
# network.
MODELS = {
    "bert": (make_bert, "platt", [*SMALL, "cross_turn_layers=2", "cross_turn_window=3",
                                   "lexical=1"]),
    "bert-flat": (make_bert, "none", [*SMALL, "cross_turn_layers=0", "pooling=first",
                                      "conversation_layers=2", "conversation_window=5"]),
    "bert-wide": (make_bert, "identity", [*SMALL, "cross_turn_layers=4", "cross_turn_window=500",
                                          "conversation_layers=0", "boxes=2"]),
    "xlmr": (make_xlmr, "arc", [*SMALL, "cross_turn_layers=1", "boxes=11", "lexical=1"]),
    "xlmr-bpe": (make_xlmr_bpe, "beta", [*SMALL, "pooling=first", "cross_turn_window=1"]),
    "albert": (make_albert, "isotonic", [*SMALL, "cross_turn_layers=2", "conversation_window=1"]),
    "minilm": (make_minilm, "platt", ["noise=0.02", "lexical=1"]),
}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, **options)


def make_model(folder, name):
    make, calibration, options = MODELS[name]
    encoder = folder / "encoder"
    encoder.mkdir()
    make(encoder)
    made = run(PROBE, encoder, folder / "model", calibration, *options)
    assert made.returncode == 0, made.stderr
    return folder / "model"


def export(model, out, *options, **others):
    return run(ARCSAT, "export", "--model", model, "--out", out, "--quiet", *options, **others)


def copy_bundle(bundle, folder):
    """A copy of the bundle in the folder, to be spoilt."""
    target = folder / "copy"
    target.mkdir()
    for path in bundle.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def manifest_of(bundle):
    return json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
