"""The model against transformers and against a dense one in PyTorch: hidden states, logits, the
gradient of every parameter, ten losses under AdamW, and the saved encoder.

Environment: ARCSAT_PROBES, the folder of arcsat_model_probe; ARCSAT_MINILM, the real MiniLM (those
cases are left out where it is absent).
"""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
import dense_model  # noqa: E402
import onnx_models  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

transformers.logging.set_verbosity_error()  # that heads are left out is what is wanted
PROBE = Path(os.environ.get("ARCSAT_PROBES", "")) / "arcsat_model_probe"
MINILM = onnx_models.MINILM
needs_minilm = pytest.mark.skipif(not (MINILM / "model.safetensors").exists(),
                                  reason="ARCSAT_MINILM names no folder with MiniLM")
pytestmark = pytest.mark.skipif(not PROBE.exists(), reason="ARCSAT_PROBES names what ctest builds")

SIZES = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 90,
         "intermediate_size": 80, "max_position_embeddings": 40, "attn_implementation": "eager"}
ROBERTA = {**SIZES, "layer_norm_eps": 1e-5, "type_vocab_size": 1, "pad_token_id": 1}
ENCODERS = {
    "bert": lambda: transformers.BertConfig(**SIZES),
    "bert-relu": lambda: transformers.BertConfig(**SIZES, hidden_act="relu", layer_norm_eps=1e-3),
    "bert-tiny": lambda: transformers.BertConfig(
        **{**SIZES, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}),
    "xlm-r": lambda: transformers.XLMRobertaConfig(**ROBERTA),
    "roberta": lambda: transformers.RobertaConfig(**ROBERTA, hidden_act="gelu_new"),
    "albert": lambda: transformers.AlbertConfig(**SIZES, embedding_size=24),
    "albert-2": lambda: transformers.AlbertConfig(
        **{**SIZES, "num_hidden_layers": 5}, embedding_size=24, num_hidden_groups=2,
        layer_norm_eps=1e-6),
}


def longest(config):
    offset = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    return config.max_position_embeddings - offset


def randomise(tensors, seed):
    """Values of a trained model's kind: no bias at zero, no norm at one."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in sorted(tensors.items()):
        noise = torch.randn(value.shape, generator=generator)
        if value.dim() > 1:
            noise = noise * (0.5 if "embeddings" in name else value.shape[-1] ** -0.5)
        else:
            noise = 0.2 * noise + (1 if "norm" in name.lower() and "weight" in name else 0)
        value.data.copy_(noise)


def make_encoder(folder, config, seed=3, head=False):
    """With `head` a masked language model, whose file has a prefix before the encoder's names."""
    kind = transformers.AutoModelForMaskedLM if head else transformers.AutoModel
    model = kind.from_config(config)
    randomise(dict(model.named_parameters()), seed)
    model.save_pretrained(folder)
    return folder


def probe(folder, mode, encoder, request, *saved):
    (folder / "request.json").write_text(json.dumps(request))
    done = subprocess.run(
        [PROBE, mode, encoder, folder / "request.json", folder / "out.safetensors", *saved],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return load_file(folder / "out.safetensors")


def ragged_turns(config, seed):
    """Length 2, the longest, equal lengths, and one turn twice, in no order of length."""
    rng = random.Random(seed)
    most = longest(config)
    lengths = [7, 2, most, 7, 3, 2, most // 2, 12, 7]
    turns = [[rng.randrange(5, config.vocab_size) for _ in range(n)] for n in lengths]
    return [*turns, turns[4]]


def last_hidden_state(folder, turns):
    """(tokens, H) from transformers, as a padded batch with a mask."""
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager")
    model = model.double().eval()
    width, pad = max(map(len, turns)), model.config.pad_token_id
    ids = torch.tensor([t + [pad] * (width - len(t)) for t in turns])
    mask = torch.tensor([[1] * len(t) + [0] * (width - len(t)) for t in turns])
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]


def check_hidden(tmp_path, encoder, turns):
    theirs = last_hidden_state(encoder, turns)
    ours = probe(tmp_path, "hidden", encoder, {"turns": turns})["hidden"]
    assert ours.shape == theirs.shape == (sum(map(len, turns)), theirs.shape[1])
    assert theirs.std() > 0.1
    difference = (ours.double() - theirs).abs().max().item()
    print(f"hidden states differ by {difference:.2e}")
    assert difference < 1e-4
    return ours


@pytest.mark.parametrize("name", ENCODERS)
def test_hidden_states_equal_transformers(name, tmp_path):
    config = ENCODERS[name]()
    encoder = make_encoder(tmp_path / "encoder", config, head=name in ("roberta", "bert-relu"))
    check_hidden(tmp_path, encoder, ragged_turns(config, 1))


@needs_minilm
def test_hidden_states_of_minilm_equal_transformers(tmp_path):
    turns = ragged_turns(transformers.AutoConfig.from_pretrained(MINILM), 2)
    check_hidden(tmp_path, MINILM, turns)


@pytest.mark.parametrize("name", ENCODERS)
def test_masked_words_equal_transformers(name, tmp_path):
    """Logits, the loss, and the gradient of the embeddings, which are the output layer as well."""
    config = ENCODERS[name]()
    encoder = make_encoder(tmp_path / "encoder", config, head=True)
    turns = ragged_turns(config, 4)
    rng = random.Random(5)
    places = sorted(rng.sample(range(sum(map(len, turns))), 20))
    targets = [rng.randrange(config.vocab_size) for _ in places]
    ours = probe(tmp_path, "mlm", encoder, {"turns": turns, "places": places, "targets": targets})
    model = transformers.AutoModelForMaskedLM.from_pretrained(encoder, attn_implementation="eager")
    model = model.double().eval()
    every = torch.cat([model(input_ids=torch.tensor([turn])).logits[0] for turn in turns])
    logits = every[torch.tensor(places)]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets))
    loss.backward()
    gradient = model.get_input_embeddings().weight.grad
    assert logits.std() > 0.1 and gradient.abs().max() > 1e-3
    assert (ours["logits"].double() - logits).abs().max().item() < 1e-4
    assert abs(ours["loss"].item() - loss.item()) < 1e-5
    assert (ours["gradient"].double() - gradient).abs().max().item() < 1e-5


MODEL = {"cross_turn_layers": 2, "cross_turn_window": 2, "pooling": "mean",
         "conversation_layers": 1, "conversation_hidden": 24, "conversation_heads": 3,
         "conversation_window": 4, "boxes": 5}
# No, some and all layers across turns; windows that cut and that do not; both poolings; no, one and
# two conversation layers; every row of the distance table ("long").
SETTINGS = {
    "bert": ("bert", {}),
    "bert-flat": ("bert", {"cross_turn_layers": 0, "pooling": "first", "conversation_layers": 2,
                           "conversation_window": 3}),
    "bert-all": ("bert-relu", {"cross_turn_layers": 3, "cross_turn_window": 500, "boxes": 2,
                               "conversation_layers": 0}),
    "xlm-r": ("xlm-r", {"cross_turn_layers": 1, "cross_turn_window": 1, "pooling": "first",
                        "conversation_window": 1, "boxes": 11}),
    "roberta": ("roberta", {"cross_turn_window": 7, "conversation_layers": 2}),
    "albert": ("albert", {"conversation_heads": 1}),
    "albert-2": ("albert-2", {"cross_turn_layers": 3, "cross_turn_window": 3,
                              "conversation_window": 100}),
    "long": ("bert-tiny", {"cross_turn_layers": 1, "cross_turn_window": 400,
                           "conversation_window": 500}),
}
TRAIN = {"learning_rate": 1e-3, "head_learning_rate": 4e-3, "layer_decay": 0.8,
         "weight_decay": 0.05, "warmup": 0.3, "schedule": "linear", "clip": 1.5,
         "outlook_weight": 1.0, "state_weight": 0.6, "final_share": 0.55, "rating_weight": 0.8,
         "survey_weight": 1.3}
TEN_STEPS = [[0, 1, 3], [2, 4], [1, 5], [0, 4, 5], [3, 2], [0, 1, 2, 3, 4, 5], [5, 0], [1, 4],
             [2, 3, 5], [0, 1]]


def make_conversations(config, boxes, counts, longest_turn, seed):
    """Labels of every kind, and none; times known and not; every speaker and channel."""
    rng = random.Random(seed)
    out = []
    for c, count in enumerate(counts):
        turns = []
        for i in range(count):
            length = longest_turn if i == 1 else rng.randint(2, min(9, longest_turn))
            tokens = [rng.randrange(5, config.vocab_size) for _ in range(length)]
            if i % 5 == 4:
                tokens = turns[-2]["tokens"]
            timed = rng.random() < 0.6
            shares = [rng.choice([0, 1 / 3, 2 / 3, 1]) for _ in range(boxes - 1)]
            turns.append({"tokens": tokens, "speaker": rng.randrange(3), "has_time": float(timed),
                          "gap": rng.uniform(0, 5) if timed else 0.0,
                          "rating_exceeds": sorted(shares)[::-1] if rng.random() < 0.3 else []})
        out.append({"channel": c % 3, "satisfied": [1, 0, 1, -1][c % 4], "turns": turns,
                    "survey": [1, 0.25, -1, 0.75, 0][c % 5], "weight": [1, 0.5, 2][c % 3]})
    out[0]["turns"][-1].update(speaker=0, rating_exceeds=[])  # the first step has a survey's label
    return out


def make_whole_model(folder, config, options, seed=4):
    """An encoder's file with the rest of the model in it; what starts at zero is not zero there."""
    make_encoder(folder, config, seed)
    hidden, width, layers = (config.hidden_size, options["conversation_hidden"],
                             options["conversation_layers"])
    shapes = {"input.weight": (width, hidden), "input.bias": (width,),
              "features.weight": (width, 3), "turn_speaker": (3, width), "channel": (3, width),
              "norm.weight": (width,), "norm.bias": (width,), "state.weight": (1, width),
              "state.bias": (1,), "state.thresholds": (options["boxes"] - 1,),
              "outlook.weight": (1, width), "outlook.bias": (1,)}
    for i in range(layers):
        for part, rows, columns in (("attention.qkv", 3 * width, width),
                                    ("attention.output", width, width),
                                    ("up", 4 * width, width), ("down", width, 4 * width)):
            shapes[f"conversation.{i}.{part}.weight"] = (rows, columns)
            shapes[f"conversation.{i}.{part}.bias"] = (rows,)
        for part in ("attention.norm", "norm"):
            shapes[f"conversation.{i}.{part}.weight"] = (width,)
            shapes[f"conversation.{i}.{part}.bias"] = (width,)
    if layers:
        shapes["conversation.turn_distance"] = (layers, 20, options["conversation_heads"])
    if options["cross_turn_layers"]:
        shapes["speaker"] = (3, hidden)
        shapes["turn_distance"] = (options["cross_turn_layers"], 20, config.num_attention_heads)
    ours = {"arcsat." + name: torch.empty(shape) for name, shape in shapes.items()}
    randomise(ours, seed + 1)
    encoder = load_file(folder / "model.safetensors")
    save_file({**encoder, **ours}, folder / "model.safetensors", metadata={"format": "pt"})
    used = {name: value for name, value in encoder.items() if not name.startswith("pooler.")}
    return {name: value.double().requires_grad_()
            for name, value in dense_model.fuse({**used, **ours}).items()}


@pytest.fixture(scope="module", params=SETTINGS)
def case(request, tmp_path_factory):
    """Our results, the dense model's parameters as they began, and what both were given."""
    encoder, changes = SETTINGS[request.param]
    options, config = {**MODEL, **changes}, ENCODERS[encoder]()
    folder = tmp_path_factory.mktemp(request.param)
    parameters = make_whole_model(folder / "encoder", config, options)
    is_long = request.param == "long"
    counts, most = ([430, 1], 3) if is_long else ([9, 1, 14, 4, 7, 11], longest(config))
    conversations = make_conversations(config, options["boxes"], counts, most, 6)
    given = {"model": options, "train": TRAIN, "conversations": conversations,
             "steps": [[0, 1]] if is_long else TEN_STEPS}
    return probe(folder, "model", folder / "encoder", given), parameters, config, given


def test_logits_equal_the_dense_model(case):
    ours, parameters, config, given = case
    with torch.no_grad():
        theirs = [dense_model.forward(parameters, config, given["model"], conversation)
                  for conversation in given["conversations"]]
    for at, name in enumerate(("state", "outlook")):
        wanted = torch.cat([pair[at] for pair in theirs])
        assert ours[name].shape == wanted.shape
        assert wanted.std(0).min() > 0.1  # turns differ
        difference = (ours[name].double() - wanted).abs().max().item()
        print(f"{name} logits differ by {difference:.2e}")
        assert difference < 1e-4


def test_gradients_equal_the_dense_model(case):
    ours, parameters, config, given = case
    batch = [given["conversations"][i] for i in given["steps"][0]]
    total = dense_model.losses(parameters, config, given["model"], given["train"], batch)[2]
    wanted = dict(zip(parameters, torch.autograd.grad(total, parameters.values())))
    got = {name.removeprefix("gradient."): value for name, value in ours.items()
           if name.startswith("gradient.")}
    assert got.keys() == wanted.keys()
    norm = torch.stack([g.norm() for g in wanted.values()]).norm()
    assert abs(ours["norms"][0] - norm) < 1e-4 * norm
    worst = {}
    for name, gradient in wanted.items():
        assert gradient.norm() > 1e-6 * norm, name  # else the comparison would show nothing
        worst[name] = ((got[name] - gradient).norm() / gradient.norm()).item()
    name = max(worst, key=worst.get)
    print(f"{len(worst)} gradients; the worst, {name}, differs by {worst[name]:.2e}")
    assert worst[name] < 1e-4
    if len(given["conversations"][0]["turns"]) > 384:
        assert (wanted["arcsat.turn_distance"].abs().sum((0, 2)) > 0).all()  # every row was used


def test_training_equals_torch_adamw(case):
    ours, parameters, config, given = case
    train, steps = given["train"], given["steps"]
    p = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    optimizer = dense_model.adamw(p, config, train)
    rise = train["warmup"] * len(steps)
    clipped, worst = 0, 0.0
    for step, (indices, got) in enumerate(zip(steps, ours["losses"], strict=True)):
        batch = [given["conversations"][i] for i in indices]
        wanted = dense_model.losses(p, config, given["model"], train, batch)
        for mine, reference in zip(got.tolist(), wanted, strict=True):
            worst = max(worst, abs(mine / reference.item() - 1))
            assert worst < 1e-4, f"step {step}"
        optimizer.zero_grad()
        wanted[2].backward()
        norm = torch.nn.utils.clip_grad_norm_(p.values(), train["clip"])
        clipped += int(norm > train["clip"])
        fallen = max(0, step - rise) / (len(steps) - rise)
        factor = (step + 1) / rise if step + 1 < rise else 1 - fallen
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        optimizer.step()
    assert clipped > 0
    # A key's bias has no effect and no gradient but rounding, which Adam makes large.
    learned = {name: value - parameters[name] for name, value in p.items()
               if not name.endswith("attention.qkv.bias")}
    apart = {name: ((ours["value." + name] - p[name]).norm() / change.norm()).item()
             for name, change in learned.items()}
    name = max(apart, key=apart.get)
    print(f"losses differ by {worst:.2e}, {clipped} of {len(steps)} updates clipped; what {name} "
          f"learned, by {apart[name]:.2e}")
    assert apart[name] < 2e-3


def tiny_bert(folder):
    folder.mkdir()
    onnx_models.make_bert(folder)
    config = transformers.AutoConfig.from_pretrained(folder)
    return make_encoder(folder, config), 10


@pytest.mark.parametrize("name", ["tiny", pytest.param("minilm", marks=needs_minilm)])
def test_a_trained_encoder_opens_in_transformers(name, tmp_path):
    encoder, steps = tiny_bert(tmp_path / "encoder") if name == "tiny" else (MINILM, 2)
    config = transformers.AutoConfig.from_pretrained(encoder)
    options = {**MODEL, "max_turn_tokens": 40}
    given = {"model": options, "train": TRAIN, "steps": TEN_STEPS[:steps],
             "conversations": make_conversations(config, 5, [9, 1, 14, 4, 7, 11], 30, 8)}
    trained = probe(tmp_path, "model", encoder, given, tmp_path / "saved")

    _, loading = transformers.AutoModel.from_pretrained(tmp_path / "saved",
                                                        output_loading_info=True)
    assert not loading["missing_keys"] and not loading["mismatched_keys"]
    assert all(key.startswith("arcsat.") for key in loading["unexpected_keys"])
    turns = ragged_turns(config, 9)
    after = check_hidden(tmp_path, tmp_path / "saved", turns)
    before = probe(tmp_path, "hidden", encoder, {"turns": turns})["hidden"]
    assert (after - before).abs().max() > 1e-2  # it is the trained one
    saved = dense_model.fuse(load_file(tmp_path / "saved" / "model.safetensors"))
    for name, value in trained.items():
        if name.startswith("value."):
            assert torch.equal(saved[name.removeprefix("value.")], value), name
