// SentencePiece with XLM-R's and ALBERT's ids, as transformers converts it and as arcsat itself reads
// it (data/tokenizers/sentencepiece.h). Control pieces ("<s>", "<unk>") are never read out of a text.
import fs from 'node:fs';
import path from 'node:path';
import { Charsmap } from './charsmap.js';
import { Bpe, Unigram } from './segmenters.js';
import { BPE, readModel, USER_DEFINED } from './sentencepiece_model.js';
import { decompose, lower, MARK, properties, SPACE } from './unicode.js';

const META = '\u2581';  // SentencePiece's visible space

export class SentencePiece {
  #albert; #model; #unknown; #charsmap = null; #segmenter; #added = new Map(); #finder = null;
  #lowerCase = true; #keepAccents = false;

  static read(folder, text) { return new SentencePiece(folder, text); }

  constructor(folder, text) {
    this.#albert = text.layout === 'albert';
    this.#unknown = text.unknown_id;
    this.#model = readModel(fs.readFileSync(path.join(folder, text.file)));
    if (this.#model.charsmap.length > 0) this.#charsmap = new Charsmap(this.#model.charsmap);
    this.#readOptions(folder);
    if (this.#albert) {
      // Made all but unreachable by AlbertConverter, since ALBERT cuts such commas off.
      for (const piece of this.#model.pieces) if (/[0-9],$/.test(piece.text)) piece.penalty = 100;
    }
    this.#segmenter = this.#model.algorithm === BPE ? new Bpe(this.#model) : new Unigram(this.#model);
  }

  /** tokenizer.json, which Hugging Face's fast tokenizer reads, speaks before the model file. */
  #readOptions(folder) {
    const read = (name) => {
      const file = path.join(folder, name);
      return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
    };
    const full = read('tokenizer.json');
    const config = read('tokenizer_config.json') ?? {};
    let added;
    if (full !== null) {
      const parts = new Set((full.normalizer?.normalizers ?? []).map((part) => part.type));
      this.#lowerCase = parts.has('Lowercase');
      this.#keepAccents = !parts.has('StripAccents');
      added = (full.added_tokens ?? []).filter((token) => !token.special).map((token) => token.content);
    } else {
      this.#lowerCase = config.do_lower_case ?? true;
      this.#keepAccents = config.keep_accents ?? false;
      added = this.#model.pieces.filter((piece) => piece.type === USER_DEFINED).map(({ text }) => text);
    }
    for (const token of added) {
      const piece = this.#model.pieces.findIndex(({ text }) => text === token);
      if (piece < 0) throw new Error(`"${token}", which tokenizer.json adds, is no piece of the model`);
      this.#added.set(token, this.#idOf(piece));
    }
    // Leftmost, longest: as Hugging Face's automaton of added tokens.
    const words = [...this.#added.keys()].sort((a, b) => b.length - a.length)
      .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
    if (words.length > 0) this.#finder = new RegExp(words.join('|'), 'gu');
  }

  /** XLM-R has its special ids in front, so the model's pieces stand one later. */
  #idOf(piece) {
    if (this.#albert) return piece;
    return piece === this.#model.unknown ? this.#unknown : piece + 1;
  }

  encode(text) {
    const ids = [];
    let begin = 0;
    for (const match of this.#finder === null ? [] : text.matchAll(this.#finder)) {
      this.#encodePart(text.slice(begin, match.index), ids);
      ids.push(this.#added.get(match[0]));
      begin = match.index + match[0].length;
    }
    this.#encodePart(text.slice(begin), ids);
    return ids;
  }

  /** Appends the ids of a stretch of text that holds no added token. */
  #encodePart(raw, ids) {
    let text = this.#normalize(raw);
    if (text === '') return;
    text = text.replaceAll(' ', META);
    if (!text.startsWith(META)) text = META + text;
    const pieces = [];
    let word = [];
    for (const character of text) {
      if (character === META && word.length > 0) {
        this.#segmenter.segment(word, pieces);
        word = [];
      }
      word.push(character);
    }
    this.#segmenter.segment(word, pieces);
    for (const piece of pieces) ids.push(this.#idOf(piece));
  }

  #normalize(raw) {
    const mapped = (text) => (this.#charsmap === null ? text : this.#charsmap.normalize(text));
    if (!this.#albert) return stripRight(mapped(raw)).replace(/ {2,}/g, META);
    let points = Array.from(raw.replaceAll('``', '"').replaceAll('\'\'', '"'), (c) => c.codePointAt(0));
    if (!this.#keepAccents) points = decompose(points).filter((c) => (properties(c) & MARK) === 0);
    if (this.#lowerCase) {
      const small = [];
      for (const c of points) lower(c, small);
      points = small;
    }
    return mapped(points.map((c) => String.fromCodePoint(c)).join('')).replace(/ {2,}/g, ' ');
  }
}

/** Drops white space of any kind at the end. */
function stripRight(text) {
  let end = text.length;
  while (end > 0 && (properties(text.charCodeAt(end - 1)) & SPACE) !== 0) --end;
  return text.slice(0, end);
}
