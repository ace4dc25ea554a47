"""A run small enough for a test: an encoder folder from scratch and the options that go with it."""

import collections
import hashlib
import json
import os
import pathlib
import re
import sys

#: Of a training that takes seconds: two encoder layers of 32, one thread, so that the machine's load
#: changes no sum.
TRAINING = (
    "--train.batch 8 --train.threads 1 --train.device cpu --train.seed 3 "
    "--model.cross_turn_layers 1 --model.conversation_hidden 32 --model.conversation_heads 2 "
    "--model.max_turn_tokens 32 --train.head_learning_rate 0.003 --train.learning_rate 0.003"
).split()


def records(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def records_so_far(path):
    """Those that a run has written until now or until it was killed: the last may be half a line."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines]


def updates_done(run):
    """Updates that a run has logged until now."""
    path = run / "metrics.jsonl"
    return path.read_text().count('"loss"') if path.exists() else 0


def torchrun(command, size, *arguments):
    """The command in so many processes on this machine."""
    return [sys.executable, "-m", "torch.distributed.run", "--standalone",
            f"--nproc_per_node={size}", "--monitor-interval=0.1", *arguments, "--no-python", *command]


def same_end(run, other):
    """Two runs ended alike, bit for bit: the model, the last checkpoint, the ids that each update
    learned from where they were written down, and the log but for times."""
    last = sorted(path.name for path in (other / "checkpoints").iterdir())[-1]
    names = ["model/model.safetensors", "model/config.json"]
    names += [f"checkpoints/{last}/{name}"
              for name in ("model.safetensors", "optimizer.safetensors", "state.json")]
    if (other / "samples.jsonl").exists():
        names.append("samples.jsonl")
    for name in names:
        assert sha256(run / name) == sha256(other / name), name
    ours, theirs = (records(folder / "metrics.jsonl") for folder in (run, other))
    for line in ours + theirs:
        for name in ("seconds", "conversations_per_second", "tokens_per_second"):
            line.pop(name, None)
    assert ours == theirs


def write_records(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def make_encoder(folder, conversations):
    """A Hugging Face folder of a BERT without weights, its words those of the conversations."""
    counts = collections.Counter()
    for record in conversations:
        for turn in record["turns"]:
            counts.update(re.findall(r"[a-z]+|[^\sa-z]", turn["text"].lower()))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters)]
    words += [word for word, _ in counts.most_common(600) if word not in set(words)]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    config = {
        "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64, "vocab_size": len(words), "max_position_embeddings": 128,
        "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def flip(path, at=None, bit=0):
    """Flips one bit of a file, in its middle where no place is given."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1 << bit
    path.write_bytes(data)


def truncate(path, share=0.5):
    os.truncate(path, int(path.stat().st_size * share))


def half_written(folder):
    """Names of temporary or partial files and folders anywhere under `folder`."""
    return [str(path) for path in pathlib.Path(folder).rglob("*")
            if re.search(r"\.(part|tmp|old)", path.name)]
