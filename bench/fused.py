"""What ONNX Runtime's own fused operators would bring to a bundle's graph, alternating.

    .deps/venv/bin/python bench/fused.py --bundle bundles/first --data calls.jsonl

The graph as it is published, in standard ONNX, beside the same graph with operators of the domain
com.microsoft put in by hand: SkipLayerNormalization (a sum and its norm), BiasGelu (a bias and its
activation) and MultiHeadAttention (scores, softmax and the weighted sum). What ONNX Runtime fuses by
itself when it loads a graph it fuses in all of them. Conversations a second of CPU, the ratio to the
plain graph in each round, and how far the scores are apart.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper

SOURCE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "scorers" / "python"))
import arcsat_scorer  # noqa: E402

FUSED = "com.microsoft"


class Rewriter:
    """Replaces patterns of a graph's nodes, and counts how often."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.graph, self.count = model, model.graph, 0
        self.maker = {out: node for node in self.graph.node for out in node.output}
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.uses = collections.Counter(
            name for node in self._all(self.graph) for name in node.input)

    def _all(self, graph: onnx.GraphProto):
        for node in graph.node:
            yield node
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    yield from self._all(attribute.g)

    def _replace(self, old: list[onnx.NodeProto], new: list[onnx.NodeProto]) -> None:
        """`new` stands where the last of `old` did."""
        place = max(list(self.graph.node).index(node) for node in old)
        for i, node in enumerate(new):
            self.graph.node.insert(place + 1 + i, node)
        for node in old:
            self.graph.node.remove(node)
        self.count += 1

    def _attribute(self, node: onnx.NodeProto, name: str, otherwise):
        for attribute in node.attribute:
            if attribute.name == name:
                return helper.get_attribute_value(attribute)
        return otherwise

    def skip_norm(self) -> None:
        for norm in [n for n in self.graph.node if n.op_type == "LayerNormalization"]:
            add = self.maker.get(norm.input[0])
            if add is None or add.op_type != "Add" or self.uses[add.output[0]] != 1:
                continue
            if any(name in self.constants for name in add.input):
                continue
            epsilon = self._attribute(norm, "epsilon", 1e-5)
            self._replace([add, norm], [helper.make_node(
                "SkipLayerNormalization", [*add.input, *norm.input[1:]], [norm.output[0]],
                domain=FUSED, name=norm.name + "/fused", epsilon=epsilon)])

    def bias_gelu(self) -> None:
        for gelu in [n for n in self.graph.node if n.op_type == "Gelu"]:
            gemm = self.maker.get(gelu.input[0])
            if gemm is None or gemm.op_type != "Gemm" or self.uses[gemm.output[0]] != 1:
                continue
            x, weight, bias = gemm.input
            if self._attribute(gemm, "transB", 0):
                turned = onnx.numpy_helper.to_array(self.constants[weight]).T.copy()
                weight += "/turned"
                if weight not in self.constants:
                    self.constants[weight] = onnx.numpy_helper.from_array(turned, weight)
                    self.graph.initializer.append(self.constants[weight])
            product = gelu.output[0] + "/product"
            self._replace([gemm, gelu], [
                helper.make_node("MatMul", [x, weight], [product], name=gemm.name + "/product"),
                helper.make_node("BiasGelu", [product, bias], [gelu.output[0]], domain=FUSED,
                                 name=gelu.name + "/fused")])

    def attention(self) -> None:
        for loop in [n for n in self.graph.node if n.op_type == "Loop"]:
            body = next(a.g for a in loop.attribute if a.name == "body")
            softmax = [n for n in body.node if n.op_type == "Softmax"]
            if len(softmax) == 1:
                self._fuse_body(body, softmax[0])

    def _flat(self, name: str) -> tuple[str, int]:
        """The (tokens, hidden) value and heads behind Transpose(Reshape(value, [-1, heads, d]))."""
        reshape = self.maker[self.maker[name].input[0]]
        heads = int(onnx.numpy_helper.to_array(self.constants[reshape.input[1]])[1])
        return reshape.input[0], heads

    def _fuse_body(self, body: onnx.GraphProto, softmax: onnx.NodeProto) -> None:
        made = {out: node for node in body.node for out in node.output}
        used = {name: node for node in body.node for name in node.input}
        add = made[softmax.input[0]]
        scores, bias = made[add.input[0]], add.input[1]
        gather, keys = made[scores.input[0]], made[scores.input[1]]
        weighted = used[softmax.output[0]]
        values = made[weighted.input[1]]
        back = used[weighted.output[0]]
        (query, heads), (key, _), (value, _) = (
            self._flat(name) for name in (gather.input[0], keys.input[0], values.input[0]))
        query = self.maker[query].input[0]  # MultiHeadAttention scales by itself
        name = softmax.name
        zero, shape = name + "/zero", name + "/shape"
        hidden_per_head = -1
        self.graph.initializer.extend([
            onnx.numpy_helper.from_array(np.array([0], np.int64), zero),
            onnx.numpy_helper.from_array(np.array([0, heads, hidden_per_head], np.int64), shape)])
        new = []

        def op(kind: str, inputs: list[str], domain: str = "", **attributes) -> str:
            out = f"{name}/fused{len(new)}"
            new.append(helper.make_node(kind, inputs, [out], domain=domain, name=out, **attributes))
            return out

        q = op("Unsqueeze", [op("Gather", [query, gather.input[1]], axis=0), zero])
        k = op("Unsqueeze", [op("Slice", [key, *keys.input[1:3], zero]), zero])
        v = op("Unsqueeze", [op("Slice", [value, *values.input[1:3], zero]), zero])
        out = op("MultiHeadAttention", [q, k, v, "", "", op("Unsqueeze", [bias, zero])],
                 domain=FUSED, num_heads=heads)
        new.append(helper.make_node(
            "Reshape", [op("Squeeze", [out, zero]), shape], [back.output[0]], name=name + "/heads"))
        old = [gather, keys, values, scores, add, softmax, weighted, back]
        place = max(list(body.node).index(node) for node in old)
        for i, node in enumerate(new):
            body.node.insert(place + 1 + i, node)
        for node in old:
            body.node.remove(node)
        self.count += 1


def variants(path: Path, folder: Path) -> dict[str, Path]:
    """Files of the graph, plain and rewritten."""
    out = {"plain": path}
    steps = {"skip_norm": ["skip_norm"], "bias_gelu": ["bias_gelu"], "attention": ["attention"],
             "all three": ["skip_norm", "bias_gelu", "attention"]}
    for name, names in steps.items():
        rewriter = Rewriter(onnx.load(path))
        for step in names:
            getattr(rewriter, step)()
        if rewriter.count == 0:
            print(f"{name}: nothing to fuse", file=sys.stderr)
            continue
        rewriter.model.opset_import.append(helper.make_opsetid(FUSED, 1))
        out[name] = folder / f"{name.replace(' ', '_')}.onnx"
        onnx.save(rewriter.model, out[name])
        print(f"{name}: {rewriter.count} places", file=sys.stderr)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    with open(options.data, encoding="utf-8") as lines:
        conversations = [json.loads(x) for x in itertools.islice(lines, options.conversations)]
    with tempfile.TemporaryDirectory() as folder:
        scorer = arcsat_scorer.Scorer(options.bundle, threads=options.threads)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.log_severity_level = 3
        sessions = {name: onnxruntime.InferenceSession(str(path), settings,
                                                       providers=["CPUExecutionProvider"])
                    for name, path in variants(scorer.bundle.graph_path, Path(folder)).items()}
        rates: dict[str, list[float]] = {name: [] for name in sessions}
        scores = {}
        for _ in range(options.rounds):
            for name, session in sessions.items():
                scorer.session = session
                begun = time.process_time()
                scores[name] = scorer.score(conversations)
                rates[name].append(len(conversations) / (time.process_time() - begun))
    result = {}
    for name, found in rates.items():
        ratios = [a / b for a, b in zip(found, rates["plain"])]
        apart = max(abs(a["p_satisfied"] - b["p_satisfied"])
                    for a, b in zip(scores[name], scores["plain"]))
        result[name] = {"conversations_a_cpu_second": round(statistics.median(found), 2),
                        "ratio": [round(r, 3) for r in sorted(ratios)], "apart": apart}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
