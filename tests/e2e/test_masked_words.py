"""`train --task mlm`: an encoder learns from conversations without surveys, and is a start for a
model as well as for transformers."""

import json
import os

import pytest
import tiny

#: Of the encoder alone; as tiny.TRAINING, without what concerns heads.
LEARNING = ("--train.batch 8 --train.threads 1 --train.device cpu --train.seed 3 "
            "--train.head_learning_rate 0.005 --train.learning_rate 0.005 "
            "--model.max_turn_tokens 32").split()


@pytest.fixture(scope="module")
def unsurveyed(calls, tmp_path_factory):
    """The conversations without their surveys and ratings."""
    records = tiny.records(calls)
    for record in records:
        del record["survey"]
        for turn in record["turns"]:
            turn.pop("satisfaction", None)
    return tiny.write_records(tmp_path_factory.mktemp("mlm") / "plain.jsonl", records)


@pytest.fixture(scope="module")
def learn(run, unsurveyed):
    """learn(encoder, out): a run on masked words. Its figures by update."""

    def call(encoder, out, *arguments, layers=1, epochs=3):
        done = run("train", "--task", "mlm", "--encoder", encoder, "--data", unsurveyed, "--out", out,
                   "--train.epochs", epochs, "--model.cross_turn_layers", layers, *LEARNING,
                   *arguments)
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return done, [line for line in lines if "masked_loss" in line]

    return call


@pytest.fixture(scope="module")
def words(learn, encoder, tmp_path_factory):
    """A run of one layer across turns, and its figures."""
    out = tmp_path_factory.mktemp("words") / "words"
    return out, learn(encoder, out)


def test_words_are_learned_without_a_survey(words):
    out, (done, figures) = words
    assert f"encoder: {out / 'encoder'}" in done.stdout
    assert [f["best"] for f in figures] == [True, True, True]
    assert figures[-1]["masked_loss"] < figures[0]["masked_loss"] - 0.1
    assert figures[-1]["masked_accuracy"] > figures[0]["masked_accuracy"] > 0
    assert not (out / "model").exists()
    assert not tiny.half_written(out)


def test_a_model_is_trained_from_what_was_learned(run, sides, words, tmp_path):
    out, _ = words
    run("train", "--encoder", out, "--data", sides / "train.jsonl", "--out", tmp_path / "run",
        "--train.epochs", 1, *tiny.TRAINING)
    assert (tmp_path / "run/model/model.safetensors").exists()


def test_masked_words_may_go_on_from_a_trained_model(learn, trained, tmp_path):
    _, figures = learn(trained, tmp_path / "out", epochs=1)
    assert figures
    config = json.loads((tmp_path / "out/encoder/config.json").read_text())
    assert "arcsat" not in config


@pytest.mark.parametrize("family", ["bert", "xlm-roberta", "albert"])
def test_transformers_opens_the_encoder_and_its_head(run, learn, unsurveyed, encoder, family,
                                                     tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    start = encoder
    if family != "bert":
        start = tmp_path / "start"
        run("tokenizer", "--data", unsurveyed, "--out", start, "--tokenizer.layout", family,
            "--tokenizer.vocab_size", 1200, "--encoder.hidden", 32, "--encoder.layers", 2,
            "--encoder.heads", 2, "--encoder.intermediate", 64, "--encoder.max_length", 64)
    out = tmp_path / "words"
    _, figures = learn(start, out, layers=0, epochs=1)
    model, info = transformers.AutoModelForMaskedLM.from_pretrained(
        out / "encoder", output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    assert type(model).__name__.lower().startswith(family.replace("-", ""))
    # The same weights: told at every place without masks, the loss is far below chance.
    config = json.loads((out / "encoder/config.json").read_text())
    ids = torch.randint(10, config["vocab_size"] - 10, (1, 12))
    with torch.no_grad():
        assert torch.isfinite(model.eval()(input_ids=ids).logits).all()
    assert figures[0]["masked"] > 50


def test_what_cannot_be(run, unsurveyed, encoder, tmp_path):
    done = run("train", "--task", "mlm", "--encoder", encoder, "--data", unsurveyed, "--out",
               tmp_path / "out", "--train.epochs", 0, code=2)
    assert "train.epochs" in done.stderr
    done = run("train", "--task", "csat", "--encoder", encoder, "--data", unsurveyed, "--out",
               tmp_path / "out", *LEARNING, code=1)
    assert "no conversation has a survey answer" in done.stderr
    done = run("train", "--task", "words", "--encoder", encoder, "--data", unsurveyed, "--out",
               tmp_path / "out", code=2)
    assert "csat" in done.stderr and "mlm" in done.stderr
    assert not os.path.exists(tmp_path / "out")
