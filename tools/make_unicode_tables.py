#!/usr/bin/env python3
"""Writes data/tokenizers/unicode_tables.inc.

    .deps/venv/bin/python tools/make_unicode_tables.py data/tokenizers/unicode_tables.inc

Hugging Face's fast tokenizers take their Unicode properties from half a dozen Rust crates, each of
another Unicode version. No one version of ICU agrees with all of them, so the tables are made by
asking the package itself (pinned in tools/requirements.txt) about every code point.
"""

import json
import struct
import sys
import unicodedata

from tokenizers import normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# The bits of a property word; data/tokenizers/unicode.cc reads them in the same order.
DROPPED, SPACE, PUNCTUATION, CJK, MN, MARK, CLEAN_SPACE = (1 << i for i in range(7))
CONSONANT, LINKER, CONJUNCT_EXTEND = 1 << 7, 1 << 8, 1 << 9
GCB_SHIFT, CCC_SHIFT = 12, 16
OTHER, CONTROL, EXTEND, ZWJ, SPACING, PREPEND, PICTOGRAPH, HANGUL_L, HANGUL_V, HANGUL_T = range(10)


def charsmap(key):
    """A precompiled charsmap (Darts double array) that turns `key` into "!" and nothing else."""
    units = [0] * 4096
    at, base = 0, 256
    for byte in key.encode():
        units[at] |= (at ^ base) << 10
        at = base ^ byte
        units[at] = byte
        base += 256
    units[at] |= (at ^ base) << 10 | 1 << 8
    units[base] = 1 << 31
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + b"!\0"


def replacing(key):
    return normalizers.Precompiled(charsmap(key)).normalize_str


def break_class(c, probes):
    """The grapheme-cluster class, told by which characters the Precompiled normalizer drops: it
    replaces a whole cluster of fewer than 6 bytes by what its first character maps to."""
    x = chr(c)
    mark = "\u0301"
    if c == 0x200D:
        return ZWJ
    if probes[mark](x + mark + mark).count("!") == 1 and c != 0x301:
        return CONTROL
    if probes["a"]("a" + x) == "!":
        joined = probes["©"]("☎" + x + "\u200d©" + mark)
        return EXTEND if joined.endswith(mark) else SPACING
    if probes["©"](x + "\u200d©" + mark).endswith(mark):
        # Joined over the ZWJ: a pictograph. (A Prepend would not join "©" after a ZWJ.)
        return PICTOGRAPH
    if len(x.encode()) > 1 and probes["©"](x + "©" + mark).endswith(mark):
        return PREPEND
    if probes["ᄀ"](x + "ᄀ" + mark).endswith(mark):
        return HANGUL_L
    if probes["ᅡ"](x + "ᅡ" + mark).endswith(mark):
        return OTHER if 0xAC00 <= c <= 0xD7A3 else HANGUL_V  # syllables are told by arithmetic
    if probes["ᆨ"](x + "ᆨ" + mark).endswith(mark):
        return OTHER if 0xAC00 <= c <= 0xD7A3 else HANGUL_T
    return OTHER


def conjunct_bits(c, gcb, probe):
    """Rule GB9c (Indic conjuncts): consonant, linker, or transparent between them."""
    x, ka, virama, mark = chr(c), "\u0915", "\u094d", "\u0301"
    joined = lambda before: probe(before + ka + mark).endswith(mark)
    bits = 0
    if gcb == OTHER and joined(x + virama):
        bits |= CONSONANT
    if gcb in (EXTEND, ZWJ):
        if joined(ka + x):
            bits |= LINKER
        elif joined(ka + x + virama):
            bits |= CONJUNCT_EXTEND
    return bits


def combining_classes(nfd):
    """Canonical combining class by whether NFD swaps a pair; representatives of each class."""
    swapped = lambda a, b: a != b and nfd("a" + a + b) == "a" + b + a
    low, high = "\u0334", "\u0345"  # classes 1 and 240, the lowest and the highest
    marks = [
        c
        for c in CODE_POINTS
        if nfd(chr(c)) == chr(c)
        and (swapped(chr(c), low) or swapped(high, chr(c)) or chr(c) in (low, high))
    ]
    known = {}  # one mark of each class, among those that the package orders at all
    for c in marks:
        if unicodedata.combining(chr(c)):
            known.setdefault(unicodedata.combining(chr(c)), chr(c))
    classes = {}
    for c in marks:
        x = chr(c)
        same = [v for v, r in known.items() if not swapped(x, r) and not swapped(r, x)]
        assert len(same) == 1, (hex(c), same)
        classes[c] = same[0]
    return classes


def properties():
    clean = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
    ).normalize_str
    chinese = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False
    ).normalize_str
    strip = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
    ).normalize_str
    marks = normalizers.StripAccents().normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    nfd = normalizers.NFD().normalize_str
    ccc = combining_classes(nfd)
    probes = {k: replacing(k) for k in ("a", "©", "\u0301", "ᄀ", "ᅡ", "ᆨ")}
    ka = replacing("\u0915")
    words = {}
    for c in CODE_POINTS:
        x = chr(c)
        cleaned = clean(x)
        pieces = len(split("a" + x + "b"))
        gcb = break_class(c, probes)
        words[c] = (
            (DROPPED if cleaned == "" else 0)
            | (CLEAN_SPACE if cleaned == " " else 0)
            | (SPACE if pieces == 2 else 0)
            | (PUNCTUATION if pieces == 3 else 0)
            | (CJK if chinese(x) != x else 0)
            | (MN if nfd(x) == x and strip(x) == "" else 0)
            | (MARK if marks(x) == "" else 0)
            | conjunct_bits(c, gcb, ka)
            | gcb << GCB_SHIFT
            | ccc.get(c, 0) << CCC_SHIFT
        )
    return words


def hangul(c):
    s = c - 0xAC00
    jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
    return "".join(map(chr, jamo))


def mapping(function, skip_hangul=False):
    changed = {}
    for c in CODE_POINTS:
        to = function(chr(c))
        if skip_hangul and 0xAC00 <= c <= 0xD7A3:
            assert to == hangul(c), hex(c)
        elif to != chr(c):
            changed[c] = to
    return changed


def ranges(words):
    """[start, value] wherever the value changes; surrogates take what stands before them."""
    rows, last = [], None
    for c in CODE_POINTS:
        if words[c] != last:
            rows.append((c, words[c]))
            last = words[c]
    return rows


def runs(changed):
    """Mappings to one character as {first, last, step, delta}; the others as {from, length, to…}."""
    single = sorted((c, ord(t) - c) for c, t in changed.items() if len(t) == 1)
    rows, i = [], 0
    while i < len(single):
        first, delta = single[i]
        step = 1
        if i + 1 < len(single) and single[i + 1] == (first + 2, delta):
            step = 2
        last = first
        while i + 1 < len(single) and single[i + 1] == (last + step, delta):
            i += 1
            last += step
        rows.append((first, last, step, delta))
        i += 1
    flat = []
    for c, to in sorted(changed.items()):
        if len(to) != 1:
            flat += [c, len(to), *map(ord, to)]
    return rows, flat


def lines(numbers):
    line = ""
    for n in numbers:
        word = f"{n},"
        if len(line) + len(word) > 100:
            yield line
            line = ""
        line += word
    yield line


def array(out, kind, name, numbers):
    out.write(f"constexpr {kind} {name}[] = {{\n")
    for line in lines(numbers):
        out.write(line + "\n")
    out.write("};\n")


def main():
    import tokenizers

    nfd = mapping(normalizers.NFD().normalize_str, skip_hangul=True)
    nfkd = mapping(normalizers.NFKD().normalize_str, skip_hangul=True)
    # Only what differs from NFD is stored for NFKD.
    assert all(c in nfkd for c in nfd)
    nfkd = {c: t for c, t in nfkd.items() if nfd.get(c) != t}
    lower = mapping(normalizers.Lowercase().normalize_str)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write(
            "// Made by tools/make_unicode_tables.py from tokenizers "
            f"{tokenizers.__version__}; do not edit.\n// clang-format off\n"
        )
        array(out, "std::uint32_t", "kPropertyRanges", [n for r in ranges(properties()) for n in r])
        for name, changed in (("Nfd", nfd), ("Nfkd", nfkd), ("Lower", lower)):
            single, several = runs(changed)
            array(out, "std::int32_t", f"k{name}Runs", [n for r in single for n in r])
            array(out, "std::int32_t", f"k{name}Expansions", several)
        out.write("// clang-format on\n")
    print(json.dumps({"nfd": len(nfd), "nfkd only": len(nfkd), "lower": len(lower)}))


if __name__ == "__main__":
    main()
