"""The model written again, densely, for test_model.py: PyTorch in double precision, one
conversation at a time, all its tokens in one row, and masks for who sees whom.

Parameters are a dict by the program's names: Hugging Face's for the encoder, with query, key and
value of a layer in one "attention.qkv", and "arcsat." before the rest.
"""

import math

import torch
from torch.nn import functional

# Smallest distance in turns of each row of the bias table.
BUCKETS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384]
ACTIVATIONS = {"gelu": functional.gelu, "relu": functional.relu,
               "gelu_new": lambda x: functional.gelu(x, approximate="tanh")}
BERT = {"out": "attention.output.dense", "norm1": "attention.output.LayerNorm",
        "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm"}
ALBERT = {"out": "attention.dense", "norm1": "attention.LayerNorm", "up": "ffn",
          "down": "ffn_output", "norm2": "full_layer_layer_norm"}
OURS = {"out": "attention.output", "norm1": "attention.norm", "up": "up", "down": "down",
        "norm2": "norm"}


def fuse(tensors):
    """Query, key and value under their Hugging Face names, joined."""
    out = dict(tensors)
    for name in tensors:
        for self in ("attention.self.query.", "attention.query."):
            if self in name:
                parts = [out.pop(name.replace("query", part)) for part in ("query", "key", "value")]
                out[name.replace(self, "attention.qkv.")] = torch.cat(parts)
    return out


def linear(x, p, name):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def norm(x, p, name, epsilon):
    spread = x - x.mean(-1, keepdim=True)
    return (spread / (spread.pow(2).mean(-1, keepdim=True) + epsilon).sqrt() * p[name + ".weight"]
            + p[name + ".bias"])


def attend(qkv, heads, visible, bias):
    """`visible` (T, T) says who sees whom; `bias` (T, T, heads) is added to the scores."""
    outputs = []
    q, k, v = qkv.chunk(3, -1)
    size = q.shape[1] // heads
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        if bias is not None:
            scores = scores + bias[:, :, head]
        weights = scores.masked_fill(~visible, -math.inf).softmax(-1)
        outputs.append(weights @ v[:, part])
    return torch.cat(outputs, -1)


def layer(x, p, base, names, heads, activation, epsilon, norm_first, visible, bias):
    def half1(t):
        qkv = linear(t, p, base + "attention.qkv")
        return linear(attend(qkv, heads, visible, bias), p, base + names["out"])

    def half2(t):
        return linear(activation(linear(t, p, base + names["up"])), p, base + names["down"])

    norms = [lambda t, n=n: norm(t, p, base + names[n], epsilon) for n in ("norm1", "norm2")]
    if norm_first:
        x = x + half1(norms[0](x))
        return x + half2(norms[1](x))
    x = norms[0](x + half1(x))
    return norms[1](x + half2(x))


def distance_bias(table, turn):
    """(T, T, heads) from the table's rows (20, heads)."""
    apart = (turn[:, None] - turn[None, :]).clamp(min=0)
    rows = torch.bucketize(apart, torch.tensor(BUCKETS), right=True) - 1
    return table[rows]


def encode(p, config, options, conversation):
    """Turn vectors (turns, H)."""
    turns = conversation["turns"]
    offset = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    epsilon, albert = config.layer_norm_eps, config.model_type == "albert"
    ids = torch.tensor([t for turn in turns for t in turn["tokens"]])
    place = torch.tensor([i for turn in turns for i in range(len(turn["tokens"]))])
    turn = torch.tensor([n for n, t in enumerate(turns) for _ in t["tokens"]])
    speaker = torch.tensor([t["speaker"] for t in turns])
    x = (p["embeddings.word_embeddings.weight"][ids]
         + p["embeddings.position_embeddings.weight"][place + offset]
         + p["embeddings.token_type_embeddings.weight"][0])
    x = norm(x, p, "embeddings.LayerNorm", epsilon)
    if albert:
        x = linear(x, p, "encoder.embedding_hidden_mapping_in")
    apart = turn[:, None] - turn[None, :]
    lower = config.num_hidden_layers - options["cross_turn_layers"]
    for i in range(config.num_hidden_layers):
        bias, visible = None, apart == 0
        if i == lower:
            x = x + p["arcsat.speaker"][speaker[turn]]
        if i >= lower:
            bias = distance_bias(p["arcsat.turn_distance"][i - lower], turn)
            visible = (apart >= 0) & (apart <= options["cross_turn_window"])
        base = f"encoder.layer.{i}."
        if albert:
            group = i * config.num_hidden_groups // config.num_hidden_layers
            base = f"encoder.albert_layer_groups.{group}.albert_layers.0."
        x = layer(x, p, base, ALBERT if albert else BERT, config.num_attention_heads,
                  ACTIVATIONS[config.hidden_act], epsilon, False, visible, bias)
    if options["pooling"] == "first":
        return x[place == 0]
    return torch.stack([x[turn == n].mean(0) for n in range(len(turns))])


def forward(p, config, options, conversation):
    """State (turns, K-1) and outlook (turns) logits."""
    turns = conversation["turns"]
    number = torch.arange(len(turns))
    features = torch.tensor([[t["gap"], t["has_time"], math.log(1 + i)]
                             for i, t in enumerate(turns)], dtype=torch.float64)
    x = (linear(encode(p, config, options, conversation), p, "arcsat.input")
         + features @ p["arcsat.features.weight"].T
         + p["arcsat.turn_speaker"][torch.tensor([t["speaker"] for t in turns])]
         + p["arcsat.channel"][conversation["channel"]])
    apart = number[:, None] - number[None, :]
    visible = (apart >= 0) & (apart <= options["conversation_window"])
    for i in range(options["conversation_layers"]):
        bias = distance_bias(p["arcsat.conversation.turn_distance"][i], number)
        x = layer(x, p, f"arcsat.conversation.{i}.", OURS, options["conversation_heads"],
                  functional.gelu, 1e-5, True, visible, bias)
    x = norm(x, p, "arcsat.norm", 1e-5)
    steps = p["arcsat.state.thresholds"]
    thresholds = [steps[0]]
    for step in steps[1:]:
        thresholds.append(thresholds[-1] + torch.log1p(step.exp()))
    return (linear(x, p, "arcsat.state") - torch.stack(thresholds),
            linear(x, p, "arcsat.outlook")[:, 0])


def cross_entropy(logit, target):
    probability = torch.sigmoid(logit)
    return -(target * probability.log() + (1 - target) * (1 - probability).log())


def losses(p, config, options, train, conversations):
    """Outlook, state and total loss of a batch."""
    outlook, outlook_weight, state, state_weight = 0, 0, 0, 0
    boxes = options["boxes"]
    for conversation in conversations:
        turns, weight = conversation["turns"], conversation["weight"]
        state_logits, outlook_logits = forward(p, config, options, conversation)
        before = sum(range(1, len(turns)))
        customers = [i for i, t in enumerate(turns) if t["speaker"] == 0]
        for i, turn in enumerate(turns):
            if conversation["satisfied"] >= 0:
                final = train["final_share"] if len(turns) > 1 else 1
                last = i == len(turns) - 1
                share = weight * (final if last else (1 - final) * (i + 1) / before)
                target = conversation["satisfied"]
                outlook = outlook + share * cross_entropy(outlook_logits[i], target)
                outlook_weight += share
            if turn["rating_exceeds"]:
                targets, share = turn["rating_exceeds"], train["rating_weight"]
            elif conversation["survey"] >= 0 and customers and i == customers[-1]:
                level = conversation["survey"] * (boxes - 1)
                targets = [float(level >= k + 0.5) for k in range(boxes - 1)]  # between boxes: up
                share = train["survey_weight"] * weight
            else:
                continue
            per_box = [cross_entropy(state_logits[i, k], targets[k]) for k in range(boxes - 1)]
            state = state + share * sum(per_box) / (boxes - 1)
            state_weight += share
    outlook, state = outlook / outlook_weight, state / state_weight
    return outlook, state, train["outlook_weight"] * outlook + train["state_weight"] * state


def depth_of(name, config):
    """Encoder layers from the top down: 1 is the last layer, the embeddings lie below the first."""
    layers = config.num_hidden_layers
    if name.startswith("encoder.layer."):
        return layers - int(name.split(".")[2])
    if "albert_layer_groups" in name:  # a shared layer learns at the pace of its lowest use
        group = int(name.split(".")[2])
        used = [i for i in range(layers) if i * config.num_hidden_groups // layers == group]
        return layers - used[0]
    return layers + 1


def adamw(p, config, train):
    """PyTorch's own AdamW with a group for each parameter."""
    starts_at_zero = ("arcsat.speaker", "arcsat.channel", "turn_distance")
    groups = []
    for name, value in p.items():
        decays = value.dim() > 1 and not name.endswith(starts_at_zero)
        rate = train["head_learning_rate"]
        if not name.startswith("arcsat."):
            rate = train["learning_rate"] * train["layer_decay"] ** (depth_of(name, config) - 1)
        groups.append({"params": [value], "lr": rate, "peak": rate,
                       "weight_decay": train["weight_decay"] if decays else 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)
