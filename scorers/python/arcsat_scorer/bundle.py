"""Opens a bundle (docs/bundle.md), and refuses one that is not as it was exported."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from .external_data import external_files

FORMAT, VERSION = "arcsat-bundle", 1
MANIFEST = "manifest.json"
#: What a scorer feeds, by name: element type and shape.
INPUTS = {
    "input_ids": ("int64", ["batch", "turns", "tokens"]),
    "turn_tokens": ("int64", ["batch", "turns"]),
    "speaker": ("int64", ["batch", "turns"]),
    "channel": ("int64", ["batch"]),
    "gap_seconds": ("float32", ["batch", "turns"]),
}
#: What it reads.
OUTPUTS = {
    "state": ["batch", "turns"], "outlook": ["batch", "turns"], "entry": ["batch"],
    "exit": ["batch"], "delta": ["batch"], "p_satisfied": ["batch"], "interval": ["batch", 2],
    "csat": ["batch"],
}
_LAYOUTS = ("wordpiece", "xlm-roberta", "albert")
_LARGEST_MANIFEST = 16 << 20
#: The graphs of a running conversation: what of theirs a scorer feeds and reads beside "past_…" and
#: "present_…", and what it cannot do without.
STREAM = {
    "turn_encoder": ({"input_ids", "speaker"}, {"turn"}),
    "conversation_step": ({"turn", "input_ids", "speaker", "channel", "gap_seconds"},
                          {*OUTPUTS, "boxes"}),
}
_ONNX_TYPES = {"tensor(int64)": "int64", "tensor(float)": "float32", "tensor(double)": "float64"}
_EXPORT = "copy the bundle again, or export the model again"


class BundleError(Exception):
    """The bundle is not as it should be; the message says which file, what, and the remedy."""

    def __init__(self, place: object, found: str, remedy: str = _EXPORT) -> None:
        super().__init__(f"{place}: {found}. To go on: {remedy}")


class Bundle:
    """A bundle's folder and manifest. `variant` names a graph: "fp32", or a key of the manifest's
    "variants" ({"int8": {"file": "model.int8.onnx", …}}). `verify` False trusts the files' sums."""

    def __init__(self, folder: str | os.PathLike[str], variant: str = "fp32",
                 verify: bool = True) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self._check_fields()
        self.graph = self._choose(variant)
        if verify:
            self._check_files()
        self._check_external(self.graph_path)

    @property
    def graph_path(self) -> Path:
        return self.folder / self.graph["file"]

    def variants(self) -> list[str]:
        """Names that `variant` may have."""
        return ["fp32", *(self.manifest.get("variants") or {})]

    def stream(self) -> dict[str, dict[str, Any]]:
        """The graphs of a running conversation by name, checked; BundleError where there are none."""
        graphs = self.manifest.get("stream")
        if graphs is None:
            raise BundleError(self.folder, "was exported without the graphs of running conversations",
                              "export the model with --stream")
        if not isinstance(graphs, dict):
            self._refuse("stream: expected an object")
        for name, (feeds, reads) in STREAM.items():
            graph, place = graphs.get(name), f"stream.{name}"
            _check_tensors(self, place, graph)
            if graph["file"] not in self.manifest["files"]:
                self._refuse(f"files: {json.dumps(graph['file'])} is not listed")
            inputs = {tensor["name"] for tensor in graph["inputs"]}
            outputs = {tensor["name"] for tensor in graph["outputs"]}
            past = {name for name in inputs if name.startswith("past_")}
            present = {name for name in outputs if name.startswith("present_")}
            if not inputs - past <= feeds or not outputs - present <= reads \
                    or not reads - {"boxes"} <= outputs \
                    or {name.replace("past_", "present_", 1) for name in past} != present:
                self._refuse(f"{place}: its inputs and outputs are not those that this scorer knows")
            self._check_external(self.folder / graph["file"])
        return graphs

    def check_session(self, session: Any, graph: dict[str, Any] | None = None,
                      place: str = "graph") -> None:
        """Refuses a manifest that tells other inputs or outputs than the graph has."""
        graph = self.graph if graph is None else graph
        for part, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            told = graph[part]
            names = [tensor["name"] for tensor in told]
            if names != [value.name for value in values]:
                self._refuse(f"{place}.{part}: the graph has {[value.name for value in values]}, the "
                             f"manifest says {names}")
            for tensor, value in zip(told, values):
                # An operator may leave the shape of what it makes open; then there is no lie.
                if value.shape and not _same_shape(tensor["shape"], value.shape):
                    self._refuse(f"{place}.{part}: {value.name} has the shape {value.shape}, the "
                                 f"manifest says {tensor['shape']}")
                if _ONNX_TYPES.get(value.type) != tensor["type"]:
                    self._refuse(f"{place}.{part}: {value.name} is a {value.type}, the manifest says "
                                 f"{tensor['type']}")

    def _refuse(self, found: str) -> None:
        raise BundleError(self.folder / MANIFEST, found)

    def _check_fields(self) -> None:
        text, graph = self.manifest.get("text"), self.manifest.get("graph")
        if not isinstance(text, dict) or text.get("layout") not in _LAYOUTS:
            self._refuse(f"text.layout: expected one of {', '.join(_LAYOUTS)}")
        for name in ("begin_id", "end_id", "pad_id", "unknown_id", "ids", "max_turn_tokens"):
            if not _whole(text.get(name)):
                self._refuse(f"text.{name}: expected a whole number of 0 or more")
        if text["max_turn_tokens"] < 2:
            self._refuse("text.max_turn_tokens: expected 2 or more")
        if not isinstance(self.manifest.get("model"), str):
            self._refuse("model: expected the model's name")
        files = self.manifest.get("files")
        if not isinstance(files, dict):
            self._refuse("files: expected an object")
        for name, told in files.items():
            if not _plain(name) or not isinstance(told, dict) or not _whole(told.get("bytes")) \
                    or not isinstance(told.get("sha256"), str):
                self._refuse(f"files: {json.dumps(name)} is no plain file's name, size and sum")
        _check_graph(self, "graph", graph)
        variants = self.manifest.get("variants")
        if not isinstance(variants, (dict, type(None))):
            self._refuse("variants: expected an object")
        for name in (text.get("file"), graph["file"]):
            if not isinstance(name, str) or name not in files:
                self._refuse(f"files: {json.dumps(name)} is not listed")

    def _choose(self, variant: str) -> dict[str, Any]:
        if variant == "fp32":
            return self.manifest["graph"]
        found = (self.manifest.get("variants") or {}).get(variant)
        if not isinstance(found, dict):
            raise BundleError(self.folder, f"has no variant {variant!r}; expected one of "
                              f"{', '.join(self.variants())}", "choose one of these")
        graph = {**self.manifest["graph"], **found}
        _check_graph(self, f"variants.{variant}", graph)
        if graph["file"] not in self.manifest["files"]:
            self._refuse(f"files: {json.dumps(graph['file'])} is not listed")
        return graph

    def _check_files(self) -> None:
        files = self.manifest["files"]
        for name in sorted(os.listdir(self.folder)):
            if name != MANIFEST and name not in files:
                raise BundleError(self.folder / name, "is not in the manifest",
                                  "take it away, or export the model again")
        for name, told in files.items():
            path = self.folder / name
            info = _regular(path)
            if info.st_size != told["bytes"]:
                raise BundleError(path, f"has {info.st_size} bytes, the manifest says "
                                  f"{told['bytes']}")
            if (found := _sha256(path)) != told["sha256"]:
                raise BundleError(path, f"was changed: its SHA-256 is {found}, the manifest says "
                                  f"{told['sha256']}")

    def _check_external(self, path: Path) -> None:
        try:
            names = external_files(path)
        except (OSError, ValueError) as error:
            raise BundleError(path, f"cannot be read: {error}") from error
        for name in names:
            if not _plain(name) or name not in self.manifest["files"]:
                raise BundleError(path, f"keeps weights in {json.dumps(name)}, which is no file of "
                                  "the bundle")


def read_manifest(folder: Path) -> dict[str, Any]:
    """manifest.json; BundleError where it is missing, no JSON, of another format or newer."""
    path = folder / MANIFEST
    info = _regular(path, "give a folder that arcsat export made")
    if info.st_size > _LARGEST_MANIFEST:
        raise BundleError(path, f"has {info.st_size} bytes; expected at most {_LARGEST_MANIFEST}")
    try:
        manifest = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(path, f"is no JSON ({error})") from error
    except OSError as error:
        raise BundleError(path, f"cannot be read: {error.strerror}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT \
            or not _whole(manifest.get("version")):
        raise BundleError(path, f'is no manifest of a bundle; expected "format": "{FORMAT}" and a '
                          "version")
    if manifest["version"] > VERSION:
        raise BundleError(path, f"found version {manifest['version']}; expected at most {VERSION}",
                          "use a newer arcsat-scorer")
    return manifest


def _check_tensors(bundle: Bundle, place: str, graph: Any) -> None:
    if not isinstance(graph, dict) or not _plain(graph.get("file")):
        bundle._refuse(f"{place}.file: expected the name of a file in the bundle")
    for part in ("inputs", "outputs"):
        tensors = graph.get(part)
        if not isinstance(tensors, list) or not all(
                isinstance(t, dict) and isinstance(t.get("name"), str)
                and isinstance(t.get("shape"), list) and isinstance(t.get("type"), str)
                for t in tensors):
            bundle._refuse(f"{place}.{part}: expected a list of tensors with name, type and shape")


def _check_graph(bundle: Bundle, place: str, graph: Any) -> None:
    _check_tensors(bundle, place, graph)
    inputs = {tensor["name"]: (tensor["type"], tensor["shape"]) for tensor in graph["inputs"]}
    if inputs != INPUTS:
        bundle._refuse(f"{place}.inputs: expected {', '.join(INPUTS)} of the types and shapes that "
                       "this scorer feeds")
    outputs = {tensor["name"]: tensor["shape"] for tensor in graph["outputs"]}
    for name, shape in OUTPUTS.items():
        if outputs.get(name) != shape:
            bundle._refuse(f"{place}.outputs: {name} has the shape {outputs.get(name)}; expected "
                           f"{shape}")


def _same_shape(told: list[Any], found: list[Any]) -> bool:
    return len(told) == len(found) and all(
        one == two for one, two in zip(told, found) if isinstance(one, int) or isinstance(two, int))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _plain(name: Any) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..", MANIFEST) and not any(
        c in name for c in "/\\\0:")


def _regular(path: Path, remedy: str = _EXPORT) -> os.stat_result:
    try:
        info = path.lstat()
    except OSError as error:
        raise BundleError(path, f"is missing ({error.strerror})", remedy) from error
    if not stat.S_ISREG(info.st_mode):
        kind = "a link" if stat.S_ISLNK(info.st_mode) else "no regular file"
        raise BundleError(path, f"is {kind}; expected a regular file", remedy)
    return info


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()
