"""Ids of the Node.js scorer's tokenizers against the program's, string by string.

Environment: ARCSAT_TOKENIZE, the helper program; ARCSAT_MINILM, a BERT folder; ARCSAT_PARITY=full for
every turn of the real conversations.
"""

import json
import os
import random
import subprocess
import sys

import pytest
import test_tokenizers
from onnx_models import MINILM, SOURCE, make_albert, make_bert, make_xlmr, make_xlmr_bpe, write_json

sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
import scorer_runs  # noqa: E402

pytestmark = [test_tokenizers.pytestmark,
              pytest.mark.skipif(scorer_runs.node_program() is None, reason="needs Node.js")]

WORDS = ["", " ", "Where IS my parcel?", "  two  spaces\t\nhere ", "[SEP] <s> </s> [UNK] ##s <unk> <mask> [MASK]", "Straße ÉTÉ été İ ΑΣ",
         "e\u0301\u0327\u0323 \u1e69 \u0344", "漢字かな交じり 한국어 각", "🙏🏽\u200d zero\u200bwidth \ufeff", "ﬁ ½ ㌔ \u00a0 nbsp \u2028",
         "x" * 100, "x" * 101, "é" * 101, "\x00control\x07s\x7f", "don't re-enter $5,000.00 a_b", "\u0300", "\U000e0001\U0010ffff",
         "``quoted''", "10, 20,30 7,", "▁under▁score▁▁", "ends in space \u2003 ", "🇩🇪🇩🇪🇩 👨‍👩‍👧", "please " * 400, "thanksagain" * 300]


def texts():
    """Every code point between letters, pieces of words, and random mixtures with many marks."""
    rng = random.Random(5)
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    marks = [c for c in points if 0x300 <= c < 0x370 or 0x5B0 <= c < 0x5C8 or 0x1DC0 <= c < 0x1E00]
    out = WORDS + ["".join(f"a{chr(c)}b " for c in points[i:i + 4096])
                   for i in range(0, len(points), 4096)]
    out += ["".join(chr(rng.choice(marks if rng.random() < 0.4 else points[:0x3000]))
                    for _ in range(200)) for _ in range(200)]
    parts = ["the ", "bill", "ing ", "wait", " refund", "é", "ß", "1", ",", "''", " ", "  ", "漢", "<s>"]
    out += ["".join(rng.choices(parts, k=30)) for _ in range(400)]
    real = list(test_tokenizers.real_turns())
    return out + (real if os.environ.get("ARCSAT_PARITY") == "full" else real[::40])


def minilm(folder):
    if not (MINILM / "vocab.txt").exists():
        pytest.skip("ARCSAT_MINILM names no folder with MiniLM")
    for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((MINILM / name).read_bytes())


def cased(folder):
    make_bert(folder)
    write_json(folder / "tokenizer_config.json", {"do_lower_case": False,
                                                  "tokenize_chinese_chars": False})


CASES = {"minilm": (minilm, "wordpiece", "vocab.txt", 100), "cased": (cased, "wordpiece", "vocab.txt", 1),
         "xlmr": (make_xlmr, "xlm-roberta", "sentencepiece.bpe.model", 3),
         "xlmr-bpe": (make_xlmr_bpe, "xlm-roberta", "sentencepiece.bpe.model", 3),
         "albert": (make_albert, "albert", "spiece.model", 1)}


@pytest.mark.parametrize("name", CASES)
def test_ids_are_the_programs(name, tmp_path):
    make, layout, file, unknown = CASES[name]
    folder = tmp_path / "model"
    folder.mkdir()
    make(folder)
    text = {"layout": layout, "file": file, "unknown_id": unknown, "begin_id": -1, "end_id": -2,
            "max_turn_tokens": 1 << 30}
    sentences = texts()
    (tmp_path / "texts.json").write_text(json.dumps([str(folder), text, sentences]))
    script = tmp_path / "encode.mjs"
    script.write_text(f"""
import fs from 'node:fs';
import {{ TurnTokenizer }} from '{scorer_runs.NODE}/src/text.js';
const [folder, text, texts] = JSON.parse(fs.readFileSync('{tmp_path}/texts.json', 'utf8'));
const tokenizer = new TurnTokenizer(folder, text);
process.stdout.write(texts.map((one) => JSON.stringify(tokenizer.encode(one).slice(1, -1))).join('\\n'));
""")
    done = subprocess.run([scorer_runs.node_program(), str(script)], capture_output=True, check=True)
    wanted = test_tokenizers.ours(folder, [sentence.encode() for sentence in sentences])
    found = done.stdout.splitlines()
    assert len(found) == len(wanted) > 800
    wrong = [sentence[:80] for sentence, one, two in zip(sentences, found, wanted) if one != two]
    assert not wrong, f"{len(wrong)} of {len(wanted)}: {wrong[:5]}"
    assert len({tuple(json.loads(line)) for line in wanted}) > 300
