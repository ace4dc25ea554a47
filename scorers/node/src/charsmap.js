// SentencePiece's precompiled normalisation rules: a Darts-clone double array whose values point into
// a text of replacements. Applied as Hugging Face's Precompiled does, grapheme cluster by grapheme
// cluster (data/tokenizers/charsmap.h says how that differs from Google's).
import { GraphemeBreaker } from './unicode.js';

const WHOLE_CLUSTER = 6;  // bytes; Hugging Face's bound

export class Charsmap {
  #units; #replacements; #rules = new Map();

  constructor(bytes) {
    const size = bytes.length < 8 ? 0 : bytes.readUInt32LE(0);
    if (size < 4 || size % 4 !== 0 || size > bytes.length - 4) {
      throw new Error('precompiled_charsmap: the sizes inside do not agree');
    }
    this.#units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
    this.#replacements = bytes.subarray(4 + size);
  }

  normalize(text) {
    const out = [];
    const breaker = new GraphemeBreaker();
    let cluster = '';
    for (const character of text) {
      if (breaker.breaksBefore(character.codePointAt(0)) && cluster !== '') {
        this.#append(cluster, out);
        cluster = '';
      }
      cluster += character;
    }
    if (cluster !== '') this.#append(cluster, out);
    return out.join('');
  }

  #append(cluster, out) {
    if (Buffer.byteLength(cluster) < WHOLE_CLUSTER) {
      const rule = this.#rule(cluster);
      if (rule !== null) {
        out.push(rule);
        return;
      }
    }
    for (const part of cluster) out.push(this.#rule(part) ?? part);
  }

  /** The replacement for the shortest prefix of `chunk` that has a rule, or null. */
  #rule(chunk) {
    let rule = this.#rules.get(chunk);
    if (rule !== undefined) return rule;
    rule = this.#find(Buffer.from(chunk));
    if (this.#rules.size < 100000) this.#rules.set(chunk, rule);
    return rule;
  }

  #find(bytes) {
    const units = this.#units;
    const offset = (unit) => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    let node = offset(units[0]);
    for (const byte of bytes) {
      node ^= byte;
      // A damaged trie may point anywhere: every step is checked.
      if (byte === 0 || node < 0 || node >= units.length || (units[node] & 0x800000ff) !== byte) {
        return null;
      }
      const unit = units[node];
      node ^= offset(unit);
      if (node < 0 || node >= units.length) return null;
      if (((unit >>> 8) & 1) !== 0) {
        const begin = units[node] & 0x7fffffff;
        if (begin > this.#replacements.length) return null;
        const end = this.#replacements.indexOf(0, begin);
        return this.#replacements.toString('utf8', begin, end < 0 ? undefined : end);
      }
    }
    return null;
  }
}
