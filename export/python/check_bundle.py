"""Checks a bundle with ONNX and ONNX Runtime, for `arcsat export` and `arcsat verify`.

    python check_bundle.py BUNDLE [--parity FILE --tolerance 1e-5] [--compare CONVERSATIONS.jsonl]

Golden conversations must get their scores. With --parity the graph must also pass onnx.checker, and
give LibTorch's outputs for the inputs in that safetensors file. Every compressed graph of the manifest
must stay as near to the golden scores as it did when it was exported; with --compare its chances of
those conversations are reported beside fp32's. The graphs of running conversations, where there are
some, must give the same turn by turn; the graph that takes texts, where there is one, the golden scores
(check_text.py). Prints one JSON object: {"problems": [...], "cases":
[...], "parity": {output: largest difference}, "golden": how many, "golden_difference": largest,
"versions": {...}, "variants": {name: {"golden_difference", "fp32": [...], "compressed": [...]}},
"stream": null or {"parity": {...}, "golden_difference", "turns"},
"text": null or {"golden", "golden_difference", "scripts": {name: whether read as the model's tokenizer does}}}.
Exit code 0 also where problems were found.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import struct
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scorers" / "python"))
from arcsat_scorer import BundleError, Running, Scorer, StreamScorer  # noqa: E402
from arcsat_scorer.bundle import STREAM  # noqa: E402
from check_text import check_text  # noqa: E402

#: Compressed graphs round activations, so the last digits of a CPU's floats show.
_OTHER_CPU = 1e-3
_TYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    body = memoryview(data)[8 + size:]
    return {name: np.frombuffer(body[slice(*entry["data_offsets"])], _TYPES[entry["dtype"]])
            .reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def difference(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest absolute difference; infinite where shapes differ or only one side is a number."""
    if got.shape != wanted.shape:
        return math.inf
    both_unknown = np.isnan(got) & np.isnan(wanted)
    apart = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
    apart = np.where(both_unknown, 0.0, np.where(np.isfinite(apart), apart, math.inf))
    return float(apart.max(initial=0.0))


def check_graphs(bundle: Path, manifest: dict[str, Any], problems: list[str]) -> str:
    """onnx.checker, and the inputs and outputs that the manifest tells of, for every graph."""
    import onnx

    told = manifest["graph"]
    graphs = [told, *({**told, **graph} for graph in (manifest.get("variants") or {}).values())]
    graphs += [manifest["stream"][name] for name in STREAM if "stream" in manifest]
    graphs += [manifest["text_graph"]] if "text_graph" in manifest else []
    for graph in graphs:
        path = bundle / graph["file"]
        try:
            onnx.checker.check_model(str(path), full_check=True)
        except Exception as error:  # whatever it is, the model is not valid
            problems.append(f"onnx.checker: {path.name}: {str(error).strip().splitlines()[0]}")
            continue
        model = onnx.load(str(path))
        for part, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
            if [value.name for value in values] != [tensor["name"] for tensor in graph[part]]:
                problems.append(f"{path.name}: the graph's {part} are not those of the manifest")
    return onnx.__version__


def read_cases(path: Path) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Inputs ("in") and LibTorch's outputs ("out") of each case."""
    cases: dict[str, dict[str, dict[str, np.ndarray]]] = defaultdict(lambda: {"in": {}, "out": {}})
    for name, tensor in read_safetensors(path).items():
        case, side, key = name.rsplit("/", 2)
        cases[case][side][key] = tensor
    return cases


def check_parity(session: onnxruntime.InferenceSession,
                 cases: dict[str, dict[str, dict[str, np.ndarray]]], tolerance: float,
                 csat_scale: float, report: dict[str, Any]) -> None:
    names = [output.name for output in session.get_outputs()]
    for case, sides in cases.items():
        try:
            outputs = dict(zip(names, session.run(names, sides["in"]), strict=True))
        except Exception as error:  # a size that the graph cannot take is what is looked for
            report["problems"].append(f"\"{case}\": ONNX Runtime failed: {error}")
            continue
        report["cases"].append(case)
        for name, wanted in sides["out"].items():
            apart = difference(outputs[name], wanted) if name in outputs else math.inf
            apart /= csat_scale if name == "csat" else 1.0
            report["parity"][name] = max(report["parity"].get(name, 0.0), apart)
            if not apart <= tolerance:
                report["problems"].append(
                    f"\"{case}\": {name} differs from LibTorch by {apart:.2e}")


def score_difference(got: dict[str, Any], wanted: dict[str, Any]) -> float:
    """The largest difference of any figure; infinite where the records are built differently."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        if got.keys() != wanted.keys():
            return math.inf
        return max((score_difference(got[key], wanted[key]) for key in wanted), default=0.0)
    if isinstance(wanted, list) and isinstance(got, list):
        if len(got) != len(wanted):
            return math.inf
        return max((score_difference(a, b) for a, b in zip(got, wanted)), default=0.0)
    if isinstance(wanted, (int, float)) and isinstance(got, (int, float)):
        return abs(got - wanted)
    return 0.0 if got == wanted else math.inf


def from_golden(score: dict[str, Any], wanted: dict[str, Any], csat_scale: float,
                sets: bool = True) -> float:
    """The largest difference from a golden score, whose expected answer is on a scale of its own.
    Without `sets` the sets of answers are left out: they jump where chances move a little."""
    sides = []
    for side in (score, wanted):
        record = {key: value for key, value in side.items() if sets or key != "set"}
        if "csat" in record:
            record["csat"] /= csat_scale
        sides.append(record)
    return score_difference(*sides)


def check_golden(golden: list[dict[str, Any]], scorer: Scorer, tolerance: float, csat_scale: float,
                 graph: str, problems: list[str]) -> float:
    """The largest difference from the golden scores; `graph` names a compressed one."""
    largest = 0.0
    scores = scorer.score([item["conversation"] for item in golden])
    for item, score in zip(golden, scores, strict=True):
        apart = from_golden(score, item["score"], csat_scale, sets=graph == "")
        largest = max(largest, apart)
        if not apart <= tolerance:
            problems.append(f"{graph}golden conversation {item['conversation']['id']} is off by "
                            f"{apart:.2e}")
    return largest


def check_variants(options: argparse.Namespace, manifest: dict[str, Any],
                   golden: list[dict[str, Any]], fp32: Scorer, csat_scale: float,
                   report: dict[str, Any]) -> None:
    """The compressed graphs: as near to the golden scores as when they were exported, give or take
    what another CPU's rounding does; and what they say of the conversations to compare on."""
    variants = manifest.get("variants") or {}
    compared = []
    if variants and options.compare:
        with open(options.compare, encoding="utf-8") as lines:
            compared = [json.loads(line) for line in lines]
    before = [score["p_satisfied"] for score in fp32.score(compared)] if compared else []
    for name, variant in variants.items():
        try:
            scorer = Scorer(options.bundle, variant=name, verify=False)
        except BundleError as error:
            report["problems"].append(str(error))
            continue
        allowed = variant.get("golden_difference", math.inf) + _OTHER_CPU
        apart = check_golden(golden, scorer, allowed, csat_scale, f"{name}: ", report["problems"])
        after = [score["p_satisfied"] for score in scorer.score(compared)] if compared else []
        report["variants"][name] = {"golden_difference": apart, "fp32": before,
                                    "compressed": after}


def step_through(stream: StreamScorer, inputs: dict[str, np.ndarray],
                 row: int) -> list[dict[str, np.ndarray]]:
    """One conversation of a padded batch, a turn at a time: what was said after each."""
    channel = {0: None, 1: "chat", 2: "voice"}[int(inputs["channel"][row])]
    running = Running("parity", channel)
    steps = []
    for turn, count in enumerate(inputs["turn_tokens"][row]):
        if count > 0:
            steps.append(stream.step(running, inputs["input_ids"][row, turn, :count].tolist(),
                                     int(inputs["speaker"][row, turn]),
                                     float(inputs["gap_seconds"][row, turn])))
    return steps


def check_stream(options: argparse.Namespace, cases: dict[str, dict[str, dict[str, np.ndarray]]],
                 golden: list[dict[str, Any]], csat_scale: float, report: dict[str, Any]) -> None:
    """The graphs of running conversations, turn by turn: LibTorch's outputs at every turn and after
    the last, and the golden scores from text."""
    found = report["stream"] = {"parity": {}, "golden_difference": 0.0, "turns": 0}
    try:
        stream = StreamScorer(options.bundle, verify=False)
    except BundleError as error:
        report["problems"].append(str(error))
        return
    for case, sides in cases.items():
        for row in range(len(sides["in"]["channel"])):
            steps = step_through(stream, sides["in"], row)
            found["turns"] += len(steps)
            if not steps:
                continue
            for name, wanted in sides["out"].items():
                if name in ("state", "outlook"):
                    got = np.concatenate([step[name] for step in steps])
                    apart = difference(got, wanted[row, :len(steps)])
                else:
                    apart = difference(steps[-1][name][0], wanted[row])
                apart /= csat_scale if name == "csat" else 1.0
                found["parity"][name] = max(found["parity"].get(name, 0.0), apart)
                if not apart <= options.tolerance:
                    report["problems"].append(f"turn by turn, \"{case}\": {name} differs from "
                                              f"LibTorch by {apart:.2e}")
    for item in golden:
        conversation = item["conversation"]
        running = stream.begin(conversation["id"], conversation.get("channel"))
        score = None
        for turn in conversation["turns"]:
            score = stream.add(running, turn)
        found["turns"] += len(conversation["turns"])
        if score is None:  # there is nothing to say before the first turn
            continue
        apart = from_golden(score, item["score"], csat_scale)
        found["golden_difference"] = max(found["golden_difference"], apart)
        if not apart <= options.tolerance:
            report["problems"].append(f"turn by turn, golden conversation {conversation['id']} is "
                                      f"off by {apart:.2e}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--parity", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--compare", type=Path)
    options = parser.parse_args()
    report: dict[str, Any] = {
        "problems": [], "cases": [], "parity": {}, "golden": 0, "golden_difference": 0.0,
        "versions": {"python": platform.python_version(),
                     "onnxruntime": onnxruntime.__version__}, "variants": {}, "stream": None, "text": None}
    manifest = json.loads((options.bundle / "manifest.json").read_text(encoding="utf-8"))
    if options.parity:
        report["versions"]["onnx"] = check_graphs(options.bundle, manifest, report["problems"])
    try:
        scorer = Scorer(options.bundle, verify=False)  # arcsat has compared the sums
    except BundleError as error:
        report["problems"].append(str(error))
    else:
        scale = manifest["scoring"]["csat_scale"]
        csat_scale = max(1.0, scale[1] - scale[0]) if scale else 1.0
        if options.parity:
            cases = read_cases(options.parity)
            check_parity(scorer.session, cases, options.tolerance, csat_scale, report)
        with open(options.bundle / "golden.jsonl", encoding="utf-8") as lines:
            golden = [json.loads(line) for line in lines]
        report["golden"] = len(golden)
        report["golden_difference"] = check_golden(golden, scorer, options.tolerance, csat_scale, "",
                                                   report["problems"])
        check_variants(options, manifest, golden, scorer, csat_scale, report)
        if "stream" in manifest:
            check_stream(options, cases if options.parity else {}, golden, csat_scale, report)
        if "text_graph" in manifest:
            check_text(options.bundle, manifest, golden, scorer, options.tolerance,
                       lambda got, wanted: from_golden(got, wanted, csat_scale, sets=False), report)
    # JSON has no infinity; a difference that large says it as well.
    streams = [report["stream"]] if report["stream"] else []
    for shown in (report, *streams):
        for name, value in shown["parity"].items():
            shown["parity"][name] = value if math.isfinite(value) else 1e300
    texts = [report["text"]] if report["text"] else []
    for shown in (report, *streams, *texts, *report["variants"].values()):
        if not math.isfinite(shown["golden_difference"]):
            shown["golden_difference"] = 1e300
    json.dump(report, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
