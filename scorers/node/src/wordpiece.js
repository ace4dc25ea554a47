// BERT's tokenizer: normalisation and splitting character by character, then the longest pieces of
// the vocabulary from the left (Devlin et al. 2019).
import fs from 'node:fs';
import path from 'node:path';
import {
  appendDecomposed, CJK, CLEAN_SPACE, combiningClass, DROPPED, lower, NONSPACING, properties,
  PUNCTUATION, SPACE, sortMarks,
} from './unicode.js';

const LONGEST_WORD = 100;

export class WordPiece {
  #vocabulary = new Map(); #options; #unknown; #longest = 0;

  /** tokenizer_config.json speaks before tokenizer.json. */
  static read(folder, text) {
    const config = readJson(path.join(folder, 'tokenizer_config.json'));
    const normalizer = readJson(path.join(folder, 'tokenizer.json')).normalizer ?? {};
    const flag = (name, full, otherwise) => Boolean(config[name] ?? normalizer[full] ?? otherwise);
    const lowerCase = flag('do_lower_case', 'lowercase', true);
    const lines = fs.readFileSync(path.join(folder, text.file), 'utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return new WordPiece(lines.map((line) => line.replace(/\r$/, '')), {
      lowerCase, clean: normalizer.clean_text ?? true,
      chinese: flag('tokenize_chinese_chars', 'handle_chinese_chars', true),
      stripAccents: flag('strip_accents', 'strip_accents', lowerCase),
    }, text.unknown_id);
  }

  constructor(tokens, options, unknown) {
    tokens.forEach((token, i) => {
      this.#vocabulary.set(token, i);
      this.#longest = Math.max(this.#longest, token.length);
    });
    this.#options = options;
    this.#unknown = unknown;
  }

  encode(text) {
    const ids = [];
    for (const word of this.#words(text)) this.#append(word, ids);
    return ids;
  }

  /** Words as lists of characters. */
  #words(text) {
    const words = [];
    let word = [];
    const end = () => {
      if (word.length > 0) words.push(word);
      word = [];
    };
    for (const c of this.#normalise(text)) {
      const kind = properties(c);
      if ((kind & (SPACE | PUNCTUATION)) === 0) {
        word.push(c);
      } else {
        end();
        if ((kind & PUNCTUATION) !== 0) words.push([c]);
      }
    }
    end();
    return words;
  }

  /** Code points, cleaned, decomposed and lower-cased as the options say. */
  #normalise(text) {
    const { clean, chinese, stripAccents, lowerCase } = this.#options;
    const out = [];
    let marks = [];
    const accept = (c) => {
      if (lowerCase) lower(c, out);
      else out.push(c);
    };
    const strip = (c) => {
      if ((properties(c) & NONSPACING) === 0) accept(c);
    };
    // Marks wait until the next character that is none: only then is their order known.
    const drain = () => {
      if (marks.length === 0) return;
      sortMarks(marks);
      const waiting = marks;
      marks = [];
      waiting.forEach(strip);
    };
    const space = () => {
      drain();
      out.push(0x20);
    };
    const parts = [];
    for (const character of text) {
      const c = character.codePointAt(0);
      const kind = properties(c);
      if (clean && (kind & DROPPED) !== 0) continue;
      if (clean && (kind & CLEAN_SPACE) !== 0) {
        space();
        continue;
      }
      const alone = chinese && (kind & CJK) !== 0;
      if (alone) space();
      if (!stripAccents) {
        accept(c);
      } else {
        parts.length = 0;
        appendDecomposed(c, parts);
        for (const part of parts) {
          if (combiningClass(part) !== 0) {
            marks.push(part);
          } else {
            drain();
            strip(part);
          }
        }
      }
      if (alone) space();
    }
    drain();
    return out;
  }

  #append(word, ids) {
    if (word.length > LONGEST_WORD) {
      ids.push(this.#unknown);
      return;
    }
    const characters = word.map((c) => String.fromCodePoint(c));
    const before = ids.length;
    for (let start = 0; start < characters.length;) {
      let end = characters.length;
      let id;
      for (; end > start; --end) {
        const piece = (start > 0 ? '##' : '') + characters.slice(start, end).join('');
        if (piece.length <= this.#longest && (id = this.#vocabulary.get(piece)) !== undefined) break;
      }
      if (id === undefined) {  // one part that is not in the vocabulary makes the whole word unknown
        ids.length = before;
        ids.push(this.#unknown);
        return;
      }
      ids.push(id);
      start = end;
    }
  }
}

function readJson(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}
