// Unicode as Hugging Face's fast tokenizers see it: the tables of data/tokenizers/unicode_tables.inc
// (tools/make_scorer_unicode.py), so that ids do not hang on the Unicode version of Node.js.
import fs from 'node:fs';

// Bits of properties(); data/tokenizers/unicode.h has the same.
export const DROPPED = 1;
export const SPACE = 2;
export const PUNCTUATION = 4;
export const CJK = 8;
export const NONSPACING = 16;
export const MARK = 32;
export const CLEAN_SPACE = 64;
export const CONSONANT = 128;
export const LINKER = 256;
export const CONJUNCT_EXTEND = 512;

const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;
const tables = JSON.parse(fs.readFileSync(new URL('unicode_tables.json', import.meta.url), 'utf8'));
const words = readWords(tables.PropertyRanges);
const nfd = readMapping(tables.NfdRuns, tables.NfdExpansions);
const nfkd = new Map([...nfd, ...readMapping(tables.NfkdRuns, tables.NfkdExpansions)]);
const lowered = readMapping(tables.LowerRuns, tables.LowerExpansions);

function readWords(ranges) {
  const out = new Uint32Array(0x110000);
  for (let i = 0; i < ranges.length; i += 2) out.fill(ranges[i + 1], ranges[i], ranges[i + 2]);
  return out;
}

/** Runs of {first, last, step, delta}, and {from, length, to…}. */
function readMapping(runs, expansions) {
  const out = new Map();
  for (let i = 0; i < runs.length; i += 4) {
    for (let c = runs[i]; c <= runs[i + 1]; c += runs[i + 2]) out.set(c, [c + runs[i + 3]]);
  }
  for (let i = 0; i < expansions.length; i += 2 + expansions[i + 1]) {
    out.set(expansions[i], expansions.slice(i + 2, i + 2 + expansions[i + 1]));
  }
  return out;
}

/** Bits as above, break class in bits 12-15, canonical combining class in bits 16-23. */
export function properties(c) { return words[c]; }

export function combiningClass(c) { return c < 0x80 ? 0 : (words[c] >> 16) & 255; }

/** Appends the full decomposition of one character. */
export function appendDecomposed(c, out, compatibility = false) {
  if (c >= HANGUL_FIRST && c <= HANGUL_LAST) {  // the Unicode Standard, section 3.12
    const syllable = c - HANGUL_FIRST;
    out.push(0x1100 + Math.floor(syllable / 588), 0x1161 + Math.floor((syllable % 588) / 28));
    if (syllable % 28 !== 0) out.push(0x11a7 + (syllable % 28));
    return;
  }
  const to = c < 0x80 ? undefined : (compatibility ? nfkd : nfd).get(c);
  if (to === undefined) out.push(c);
  else out.push(...to);
}

/** Appends the full lower-case mapping of one character. */
export function lower(c, out) {
  const to = lowered.get(c);
  if (to === undefined) out.push(c);
  else out.push(...to);
}

/** Puts a run of characters whose combining class is not 0 into canonical order. */
export function sortMarks(marks) {
  if (marks.length > 1) marks.sort((a, b) => combiningClass(a) - combiningClass(b));
}

/** NFKD of a list of code points. */
export function decompose(points) {
  const out = [];
  let marks = [];
  const drain = () => {
    sortMarks(marks);
    for (const mark of marks) out.push(mark);
    marks = [];
  };
  const parts = [];
  for (const c of points) {
    parts.length = 0;
    appendDecomposed(c, parts, true);
    for (const part of parts) {
      if (combiningClass(part) !== 0) {
        marks.push(part);
      } else {
        drain();
        out.push(part);
      }
    }
  }
  drain();
  return out;
}

const [, CONTROL, EXTEND, ZWJ, SPACING, PREPEND, PICTOGRAPH, HANGUL_L, HANGUL_V, HANGUL_T] =
  [...new Array(10).keys()];
const isSyllable = (c) => c >= HANGUL_FIRST && c <= HANGUL_LAST;
const isOpen = (c) => (c - HANGUL_FIRST) % 28 === 0;
const isIndicator = (c) => c >= 0x1f1e6 && c <= 0x1f1ff;

/** Finds the borders of extended grapheme clusters (UAX #29), one character after another. */
export class GraphemeBreaker {
  #last = 0; #lastType = 0; #started = false; #pictograph = false; #pictographZwj = false;
  #consonant = false; #linker = false; #oddIndicators = false;

  /** True where `next` begins a new cluster; true for the first character. */
  breaksBefore(next) {
    const kind = words[next];
    const type = (kind >> 12) & 15;
    const breaks = !this.#started || this.#breaks(next, kind, type);
    this.#started = true;
    this.#oddIndicators = isIndicator(next) && (breaks || !this.#oddIndicators);
    this.#pictographZwj = this.#pictograph && type === ZWJ;
    this.#pictograph = type === PICTOGRAPH || (this.#pictograph && type === EXTEND);
    if ((kind & CONSONANT) !== 0) {
      this.#consonant = true;
      this.#linker = false;
    } else if (this.#consonant && (kind & LINKER) !== 0) {
      this.#linker = true;
    } else if ((kind & CONJUNCT_EXTEND) === 0) {
      this.#consonant = this.#linker = false;
    }
    this.#last = next;
    this.#lastType = type;
    return breaks;
  }

  #breaks(next, kind, type) {
    const last = this.#last;
    const lastType = this.#lastType;
    if (last === 13 && next === 10) return false;                                  // GB3
    if (lastType === CONTROL || type === CONTROL) return true;                     // GB4, GB5
    if (type === EXTEND || type === ZWJ || type === SPACING) return false;         // GB9, GB9a
    if (lastType === PREPEND) return false;                                        // GB9b
    if (this.#linker && (kind & CONSONANT) !== 0) return false;                    // GB9c
    if (this.#pictographZwj && type === PICTOGRAPH) return false;                  // GB11
    if (lastType === HANGUL_L) {                                                   // GB6
      return !(type === HANGUL_L || type === HANGUL_V || isSyllable(next));
    }
    if (type === HANGUL_V) {                                                       // GB7
      return !(lastType === HANGUL_V || (isSyllable(last) && isOpen(last)));
    }
    if (type === HANGUL_T) {                                                       // GB7, GB8
      return !(lastType === HANGUL_V || lastType === HANGUL_T || isSyllable(last));
    }
    return !(isIndicator(next) && this.#oddIndicators);                            // GB12, GB13
  }
}
