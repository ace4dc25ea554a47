"""What bench/score.py compares scoring with: turn vectors of the same encoder, as one would compute them.

    score_peer.py KIND CALLS.jsonl --encoder FOLDER --work FOLDER --threads N

All turns of the file are tokenised, sorted by length and encoded in batches of at most TOKENS padded
tokens; a turn's vector is the mean of its tokens, a conversation's score a linear layer over the mean of
its turns, which is the cheapest there is. Prints one JSON object: seconds from texts to scores, real and
padded tokens, and the machine's fp32 rate.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch

from peer import gemm_rate

TOKENS, MOST = 8192, 128


def read(path):
    return [[turn["text"] for turn in json.loads(line)["turns"]] for line in path.open(encoding="utf-8")]


def batches(lengths):
    """Places of turns of like length, at most TOKENS padded tokens together."""
    batch, longest = [], 0
    for i in np.argsort(lengths, kind="stable")[::-1]:
        longest = max(longest, lengths[i])
        if batch and (len(batch) + 1) * longest > TOKENS:
            yield batch
            batch, longest = [], lengths[i]
        batch.append(int(i))
    if batch:
        yield batch


class Encoder:
    """Texts to vectors, by a model that takes padded ids and gives last_hidden_state."""

    def __init__(self, model, folder):
        from transformers import AutoTokenizer

        self.model = model
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.real = self.padded = 0

    def __call__(self, texts):
        ids = self.tokenizer(texts, truncation=True, max_length=MOST)["input_ids"]
        lengths = [len(row) for row in ids]
        vectors = [None] * len(texts)
        for places in batches(lengths):
            batch = self.tokenizer.pad({"input_ids": [ids[i] for i in places]}, return_tensors="pt")
            self.real += sum(lengths[i] for i in places)
            self.padded += batch["input_ids"].numel()
            hidden = self.model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(2)
            means = (hidden * mask).sum(1) / mask.sum(1)
            for i, vector in zip(places, means):
                vectors[i] = vector
        return torch.stack(vectors)


def transformers_encoder(call):
    from transformers import AutoModel

    return Encoder(AutoModel.from_pretrained(call.encoder).eval(), call.encoder)


def optimum_encoder(call):
    import onnxruntime
    from optimum.onnxruntime import ORTModelForFeatureExtraction

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = call.threads
    folder = call.work / "optimum"
    if not folder.exists():
        ORTModelForFeatureExtraction.from_pretrained(call.encoder, export=True).save_pretrained(folder)
    return Encoder(ORTModelForFeatureExtraction.from_pretrained(folder, session_options=options), call.encoder)


def sentence_encoder(call):
    """sentence-transformers with its own quantised ONNX model; it sorts by length itself."""
    import onnxruntime
    import sentence_transformers

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = call.threads
    folder = call.work / "sentence-transformers"
    kind = "avx512_vnni" if "avx512_vnni" in pathlib.Path("/proc/cpuinfo").read_text() else "avx2"
    if not folder.exists():
        modules = sentence_transformers.models
        words = modules.Transformer(str(call.encoder), max_seq_length=MOST, backend="onnx")
        model = sentence_transformers.SentenceTransformer(
            modules=[words, modules.Pooling(words.get_word_embedding_dimension())], backend="onnx")
        model.save_pretrained(str(folder))
        sentence_transformers.export_dynamic_quantized_onnx_model(model, kind, str(folder))
    (name,) = folder.rglob(f"*int8_{kind}.onnx")
    model = sentence_transformers.SentenceTransformer(
        str(folder), backend="onnx",
        model_kwargs={"file_name": str(name.relative_to(folder)), "session_options": options})

    def encode(texts):
        return model.encode(texts, batch_size=64, convert_to_tensor=True)

    encode.real = encode.padded = None
    return encode


KINDS = {"transformers": transformers_encoder, "optimum": optimum_encoder,
         "sentence-transformers": sentence_encoder}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--encoder", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--distinct", action="store_true", help="each text once")
    call = parser.parse_args()
    torch.set_num_threads(call.threads)
    encode = KINDS[call.kind](call)
    calls = read(call.data)
    head = torch.nn.Linear(384, 1)
    with torch.inference_mode():
        encode(calls[0])  # warm
        encode.real = encode.padded = 0
        begin = time.perf_counter()
        texts = [text for turns in calls for text in turns]
        if call.distinct:
            once = list(dict.fromkeys(texts))
            place = {text: i for i, text in enumerate(once)}
            vectors = encode(once)[[place[text] for text in texts]]
        else:
            vectors = encode(texts)
        of = torch.tensor([i for i, turns in enumerate(calls) for _ in turns])
        means = torch.zeros(len(calls), vectors.shape[1]).index_reduce_(0, of, vectors.float(), "mean",
                                                                      include_self=False)
        torch.sigmoid(head(means))
        seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "real_tokens": encode.real, "padded_tokens": encode.padded,
                      "gemm": gemm_rate()}))


if __name__ == "__main__":
    main()
