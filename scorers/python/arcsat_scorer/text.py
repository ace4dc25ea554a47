"""Text to token ids, equal to what arcsat itself computes.

The encoder's files are read with the `tokenizers` package alone. Special tokens that a customer
writes out ("[SEP]", "</s>") are plain text, so nobody can end their own sequence.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any, Iterator

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

# Stands before pieces that text must never become; no text holds it.
_UNREACHABLE = "\U0010fffe"
_CONTROL, _USER_DEFINED = 3, 4
_SURROGATE = re.compile("[\ud800-\udfff]")


class TurnTokenizer:
    """Ids of a turn between its special tokens.

    >>> TurnTokenizer(Path("bundle"), manifest["text"])("Where is it?")
    [101, 2073, 2003, 2009, 1029, 102]
    """

    def __init__(self, folder: Path, text: dict[str, Any]) -> None:
        """`text` is that part of the bundle's manifest."""
        self._begin, self._end = int(text["begin_id"]), int(text["end_id"])
        self._room = int(text["max_turn_tokens"]) - 2
        build = _wordpiece if text["layout"] == "wordpiece" else _sentencepiece
        self._tokenizer = build(folder, folder / text["file"], text["layout"])

    def __call__(self, text: str) -> list[int]:
        return self.encode_all([text])[0]

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        """A list of ids for each text; one that is too long keeps its first and its last half."""
        clean = [_SURROGATE.sub("\ufffd", text) for text in texts]
        return [self._frame(encoding.ids)
                for encoding in self._tokenizer.encode_batch(clean, add_special_tokens=False)]

    def _frame(self, ids: list[int]) -> list[int]:
        if len(ids) > self._room:
            head, tail = (self._room + 1) // 2, self._room // 2
            ids = ids[:head] + ids[len(ids) - tail:]
        return [self._begin, *ids, self._end]


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _wordpiece(folder: Path, vocabulary: Path, _layout: str) -> Tokenizer:
    """BERT's tokenizer; tokenizer_config.json speaks before tokenizer.json."""
    config = _read_json(folder / "tokenizer_config.json")
    normalizer = _read_json(folder / "tokenizer.json").get("normalizer") or {}

    def flag(name: str, full_name: str, otherwise: bool) -> bool:
        for value in (config.get(name), normalizer.get(full_name)):
            if value is not None:
                return bool(value)
        return otherwise

    lower = flag("do_lower_case", "lowercase", True)
    unknown = config.get("unk_token", "[UNK]")
    lines = vocabulary.read_bytes().decode("utf-8").split("\n")
    if lines[-1] == "":
        lines.pop()
    tokenizer = Tokenizer(models.WordPiece(
        {line.removesuffix("\r"): i for i, line in enumerate(lines)},
        unk_token=unknown["content"] if isinstance(unknown, dict) else unknown,
        max_input_chars_per_word=100))
    clean = normalizer.get("clean_text")
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True if clean is None else clean,
        handle_chinese_chars=flag("tokenize_chinese_chars", "handle_chinese_chars", True),
        strip_accents=flag("strip_accents", "strip_accents", lower),
        lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _sentencepiece(folder: Path, model: Path, layout: str) -> Tokenizer:
    """XLM-R's or ALBERT's tokenizer, from the model file, as transformers converts it."""
    proto = _read_model(model)
    full = _read_json(folder / "tokenizer.json")
    config = _read_json(folder / "tokenizer_config.json")
    pieces = proto["pieces"]
    if layout == "xlm-roberta":
        shown = [("<s>", 0.0, _CONTROL), ("<pad>", 0.0, _CONTROL), ("</s>", 0.0, _CONTROL),
                 ("<unk>", 0.0, 2), *pieces[3:], ("<mask>", 0.0, _CONTROL)]
        unknown, steps = 3, _xlmr_steps()
    else:
        shown = [(text, score - 100 if _number_comma(text) else score, kind)
                 for text, score, kind in pieces]
        unknown = next(i for i, (_, _, kind) in enumerate(pieces) if kind == 2)
        steps = _albert_steps(full, config)
    vocabulary = [(_UNREACHABLE + text if kind == _CONTROL or i == unknown else text, score)
                  for i, (text, score, kind) in enumerate(shown)]
    if proto["type"] == 2:
        ids = {text: i for i, (text, _) in enumerate(vocabulary)}
        tokenizer = Tokenizer(models.BPE(ids, _merges(vocabulary, ids), fuse_unk=True,
                                         unk_token=vocabulary[unknown][0]))
    else:
        tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=False))
    if proto["charsmap"]:
        steps.insert(0 if layout == "xlm-roberta" else len(steps) - 1,
                     normalizers.Precompiled(proto["charsmap"]))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    if full:
        added = [token["content"] for token in full.get("added_tokens", [])
                 if not token.get("special")]
    else:
        added = [text for text, _, kind in pieces if kind == _USER_DEFINED]
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in added])
    return tokenizer


def _xlmr_steps() -> list[normalizers.Normalizer]:
    return [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]


def _albert_steps(full: dict[str, Any], config: dict[str, Any]) -> list[normalizers.Normalizer]:
    if full:
        parts = {part["type"] for part in (full.get("normalizer") or {}).get("normalizers", [])}
        lower, accents = "Lowercase" in parts, "StripAccents" not in parts
    else:
        lower, accents = config.get("do_lower_case", True), config.get("keep_accents", False)
    steps: list[normalizers.Normalizer] = [normalizers.Replace("``", '"'),
                                           normalizers.Replace("''", '"')]
    if not accents:
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if lower:
        steps.append(normalizers.Lowercase())
    return [*steps, normalizers.Replace(Regex(" {2,}"), " ")]


def _number_comma(text: str) -> bool:
    return len(text) >= 2 and text[-1] == "," and text[-2] in "0123456789"


def _merges(vocabulary: list[tuple[str, float]], ids: dict[str, int]) -> list[tuple[str, str]]:
    """Pairs of pieces that make a piece, the best score first (transformers' generate_merges)."""
    found = []
    for text, score in vocabulary:
        cuts = [(text[:i], text[i:]) for i in range(1, len(text))]
        local = [cut for cut in cuts if cut[0] in ids and cut[1] in ids]
        found += [(left, right, score)
                  for left, right in sorted(local, key=lambda cut: (ids[cut[0]], ids[cut[1]]))]
    found.sort(key=lambda merge: (merge[2], len(merge[0]), len(merge[1])), reverse=True)
    return [(left, right) for left, right, _ in found]


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field of a protobuf message."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
        elif kind == 2:
            size = varint()
            if at + size > len(data):
                raise ValueError("the SentencePiece model file is cut short")
            yield tag >> 3, data[at:at + size]
            at += size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            yield tag >> 3, data[at:at + size]
            at += size
        else:
            raise ValueError("not a SentencePiece model file")


def _read_model(path: Path) -> dict[str, Any]:
    """Pieces (text, score, type), algorithm and normalisation rules; sentencepiece_model.proto."""
    out: dict[str, Any] = {"pieces": [], "type": 1, "charsmap": b""}
    for number, value in _fields(path.read_bytes()):
        if number == 1:
            piece = {1: b"", 2: struct.pack("<f", 0), 3: 1, **dict(_fields(value))}
            out["pieces"].append((piece[1].decode("utf-8"), struct.unpack("<f", piece[2])[0],
                                  piece[3]))
        elif number == 2:
            out["type"] = dict(_fields(value)).get(3, 1)
        elif number == 3:
            out["charsmap"] = dict(_fields(value)).get(2, b"")
    return out
