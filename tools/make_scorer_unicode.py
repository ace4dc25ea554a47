#!/usr/bin/env python3
"""Writes the Unicode tables of data/tokenizers/unicode_tables.inc as JSON, for the scorer in Node.js.

    python3 tools/make_scorer_unicode.py > scorers/node/src/unicode_tables.json
"""

import json
import re
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "data" / "tokenizers" / "unicode_tables.inc"


def tables():
    found = re.findall(r"constexpr \S+ k(\w+)\[\] = \{([^}]*)\};", TABLES.read_text("ascii"))
    return {name: [int(n) for n in numbers.replace("\n", "").strip(",").split(",")]
            for name, numbers in found}


if __name__ == "__main__":
    rows = (f'"{name}":[{",".join(map(str, numbers))}]' for name, numbers in tables().items())
    print("{" + ",\n".join(rows) + "}")
