"""The peer that bench.py runs: a training loop in `transformers` as one would write it.

Every turn of the batch's conversations is encoded by itself; a turn's vector is the mean of its
tokens, a conversation's the mean over its turns, and a linear layer reads it (BCE). "padded" pads
all turns to the batch's longest; "sorted" sorts them by length and cuts chunks of CHUNK turns, each
padded to its own longest. Tokens are made before the clock starts, as arcsat's are.

Writes JSON lines: first what is known of the data and the machine, then one an update.
"""

import argparse
import collections
import importlib.util
import json
import pathlib
import random
import statistics
import time

import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoTokenizer

CHUNK = 64
MAX_TOKENS = 128
WINDOW = 32


def gemm_rate(device, times=5):
    """FLOP/s of a matrix product (fp32, on a GPU bf16), the median of some."""
    gpu = device == "cuda"
    size = 8192 if gpu else 2048
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16 if gpu else None) for _ in range(2))
    seconds = []
    for _ in range(times + 1):  # the first warms up
        begin = time.perf_counter()
        torch.mm(a, b)
        if gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    seconds = seconds[1:]
    return 2 * size**3 / statistics.median(seconds)


def read(path, tokenizer):
    """[(token ids of each turn, label)]"""
    conversations = []
    for line in path.open(encoding="utf-8"):
        record = json.loads(line)
        texts = [turn["text"] for turn in record["turns"]]
        ids = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        survey = record["survey"]
        conversations.append((ids, float(survey["score"] == survey["scale"][1])))
    return conversations


def attention_pairs(lengths, window):
    """Pairs of tokens that attend: a turn's with its own and those of `window` turns before."""
    return sum(
        n * sum(lengths[max(0, i - window) : i + 1]) for i, n in enumerate(lengths)
    )


def flops(batches, encoder, cross):
    """Training FLOPs (forward and twice that backward) of an encoder with `cross` upper layers.

    `every_token`: as if each real token were computed in each layer. `computed`: turns that repeat
    in a batch count once in the lower layers.
    """
    config = encoder.config
    layer_parameters = sum(p.numel() for p in encoder.encoder.layer[0].parameters())
    local = config.num_hidden_layers - cross
    every = computed = 0
    for batch in batches:
        turns = [len(turn) for ids, _ in batch for turn in ids]
        distinct = [len(turn) for turn in {tuple(turn) for ids, _ in batch for turn in ids}]

        def in_turn(lengths):
            squares = sum(n * n for n in lengths)
            return 6 * layer_parameters * sum(lengths) + 12 * config.hidden_size * squares

        pairs = sum(attention_pairs([len(turn) for turn in ids], WINDOW) for ids, _ in batch)
        upper = cross * (6 * layer_parameters * sum(turns) + 12 * config.hidden_size * pairs)
        every += local * in_turn(turns) + upper
        computed += local * in_turn(distinct) + upper
    return {"every_token": every, "computed": computed}


def encode(encoder, turns, pad):
    """Mean vector of each turn. turns: N lists of ids -> (N, hidden)"""
    longest = max(len(turn) for turn in turns)
    device = encoder.device
    ids = torch.tensor([turn + [pad] * (longest - len(turn)) for turn in turns]).to(device)  # (N, longest)
    lengths = torch.tensor([len(turn) for turn in turns]).to(device)
    mask = (torch.arange(longest, device=device) < lengths[:, None]).long()  # (N, longest)
    hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state  # (N, longest, hidden)
    return (hidden * mask[..., None]).sum(1) / lengths[:, None]


def encode_sorted(encoder, turns, pad):
    """The same, in chunks of turns of like length. -> (N, hidden)"""
    order = sorted(range(len(turns)), key=lambda i: len(turns[i]))
    parts = [
        encode(encoder, [turns[i] for i in order[at : at + CHUNK]], pad)
        for at in range(0, len(order), CHUNK)
    ]
    return torch.cat(parts)[torch.tensor(order).argsort().to(encoder.device)]


def train(batches, encoder, pad, by_length, log):
    device = encoder.device
    head = torch.nn.Linear(encoder.config.hidden_size, 1).to(device)
    parameters = [
        {"params": list(encoder.parameters()), "lr": 1e-4},
        {"params": list(head.parameters()), "lr": 1e-3},
    ]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)
    everything = [p for group in parameters for p in group["params"]]
    encoder.train()
    tokens = 0
    for update, batch in enumerate(batches, 1):
        turns = [turn for ids, _ in batch for turn in ids]
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
            vectors = (encode_sorted if by_length else encode)(encoder, turns, pad).float()
        of = torch.arange(len(batch)).repeat_interleave(torch.tensor([len(c[0]) for c in batch]))
        counts = of.bincount().to(device)
        sums = torch.zeros(len(batch), vectors.shape[1], device=device).index_add(0, of.to(device), vectors)
        logits = head(sums / counts[:, None]).squeeze(1)  # (conversations)
        labels = torch.tensor([label for _, label in batch], device=device)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(map(len, turns))
        line = {"kind": "train", "update": update, "loss": loss.item(), "tokens": tokens}
        print(json.dumps(line), file=log, flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("encoder", "data", "log"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--kind", choices=["padded", "sorted"], required=True)
    for name in ("batch", "threads", "seed"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    call = parser.parse_args()
    torch.set_num_threads(call.threads)
    torch.manual_seed(call.seed)
    # arcsat drops hidden states alone; dropping attention weights too would cost the peer its fused
    # attention.
    flash = call.device == "cuda" and importlib.util.find_spec("flash_attn") is not None
    config = AutoConfig.from_pretrained(
        call.encoder, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.0,
        attn_implementation="flash_attention_2" if flash else "sdpa",
    )
    if (call.encoder / "model.safetensors").exists():
        encoder = AutoModel.from_pretrained(call.encoder, config=config, add_pooling_layer=False)
    else:
        encoder = AutoModel.from_config(config, add_pooling_layer=False)
    encoder = encoder.to(call.device)
    tokenizer = AutoTokenizer.from_pretrained(call.encoder)
    conversations = read(call.data, tokenizer)
    random.Random(call.seed).shuffle(conversations)
    batches = [
        conversations[at : at + call.batch] for at in range(0, len(conversations), call.batch)
    ]
    lengths = collections.Counter(len(turn) for ids, _ in conversations for turn in ids)
    facts = {
        "kind": "facts",
        "gemm": gemm_rate(call.device),
        "device": torch.cuda.get_device_name() if call.device == "cuda" else "CPU",
        "precision": "bf16" if call.device == "cuda" else "fp32",
        "encoder": f"{config.num_hidden_layers} layers of {config.hidden_size}",
        "torch": torch.__version__,
        "torch_lib": str((pathlib.Path(torch.__file__).parent / "lib").resolve()),
        "transformers": transformers.__version__,
        "attention": encoder.config._attn_implementation,
        "conversations": len(conversations),
        "turns": sum(lengths.values()),
        "tokens": sum(n * count for n, count in lengths.items()),
        "longest_turn": max(lengths),
        "flops": {str(cross): flops(batches, encoder, cross) for cross in (0, 3)},
    }
    with call.log.open("w") as log:
        print(json.dumps(facts), file=log, flush=True)
        train(batches, encoder, tokenizer.pad_token_id, call.kind == "sorted", log)


if __name__ == "__main__":
    main()
