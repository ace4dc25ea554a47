// Words to pieces: unigram (Kudo 2018) and BPE, as data/tokenizers/segmenter.cc has them.
import { CONTROL, UNKNOWN } from './sentencepiece_model.js';

const UNKNOWN_PENALTY = 10;

/** Pieces that text can become: text -> index. */
function findable(model) {
  return new Map(model.pieces.flatMap(({ text, type }, i) => (
    type === CONTROL || type === UNKNOWN ? [] : [[text, i]])));
}

/** The segmentation with the highest sum of scores; equal ones by the shorter first step. */
export class Unigram {
  #index; #scores; #unknown; #unknownScore; #longest = 1;

  constructor(model) {
    this.#index = findable(model);
    this.#unknown = model.unknown;
    this.#scores = model.pieces.map((piece) => piece.score - (piece.penalty ?? 0));
    this.#unknownScore = this.#scores.reduce((a, b) => Math.min(a, b), Infinity) - UNKNOWN_PENALTY;
    for (const text of this.#index.keys()) {
      this.#longest = Math.max(this.#longest, [...text].length);
    }
  }

  /** Appends the pieces of a word, a list of characters. */
  segment(word, out) {
    const size = word.length;
    const score = new Float64Array(size + 1);
    const piece = new Int32Array(size + 1).fill(-1);
    const from = new Int32Array(size + 1);
    for (let start = 0; start < size; ++start) {
      const offer = (end, index, value) => {
        if (piece[end] >= 0 && !(score[start] + value > score[end])) return;
        score[end] = score[start] + value;
        piece[end] = index;
        from[end] = start;
      };
      let text = '';
      let single = false;
      for (let end = start + 1; end <= Math.min(size, start + this.#longest); ++end) {
        text += word[end - 1];
        const index = this.#index.get(text);
        if (index === undefined) continue;
        offer(end, index, this.#scores[index]);
        single ||= end === start + 1;
      }
      if (!single) offer(start + 1, this.#unknown, this.#unknownScore);
    }
    const found = [];
    for (let end = size; end > 0; end = from[end]) {
      if (piece[end] === this.#unknown && found.at(-1) === this.#unknown) continue;
      found.push(piece[end]);
    }
    for (let i = found.length - 1; i >= 0; --i) out.push(found[i]);
  }
}

/** Merges the pair of best rank, the leftmost of equals, until none is left. */
export class Bpe {
  #index; #unknown; #merges = new Map();

  constructor(model) {
    this.#index = findable(model);
    this.#unknown = model.unknown;
    const splits = [];
    for (const [text, whole] of this.#index) {
      const characters = [...text];
      for (let cut = 1; cut < characters.length; ++cut) {
        const left = this.#index.get(characters.slice(0, cut).join(''));
        const right = this.#index.get(characters.slice(cut).join(''));
        if (left === undefined || right === undefined) continue;
        splits.push({ score: model.pieces[whole].score, cut, rest: characters.length - cut, left, right, whole });
      }
    }
    splits.sort((a, b) => b.score - a.score || b.cut - a.cut || b.rest - a.rest || a.whole - b.whole);
    splits.forEach(({ left, right, whole }, rank) => {
      this.#merges.set(`${left} ${right}`, { rank, whole });
    });
  }

  /** Appends the pieces of a word, a list of characters. */
  segment(word, out) {
    const symbols = [];  // {piece, previous, next}; piece -1: merged into its left neighbour
    for (const character of word) {
      const found = this.#index.get(character) ?? this.#unknown;
      if (found === this.#unknown && symbols.at(-1)?.piece === this.#unknown) continue;
      symbols.push({ piece: found, previous: symbols.length - 1, next: symbols.length + 1 });
    }
    if (symbols.length > 0) symbols.at(-1).next = -1;
    const queue = new Heap();
    const mergeAt = (at) => (symbols[at].next < 0 ? undefined
      : this.#merges.get(`${symbols[at].piece} ${symbols[symbols[at].next].piece}`));
    const offer = (at) => {
      const merge = mergeAt(at);
      if (merge) queue.push({ rank: merge.rank, at, piece: merge.whole });
    };
    symbols.forEach((_, at) => offer(at));
    for (let top; (top = queue.pop()) !== undefined;) {
      const left = symbols[top.at];
      if (left.piece < 0 || mergeAt(top.at)?.whole !== top.piece) continue;  // overtaken by another
      const right = symbols[left.next];
      left.piece = top.piece;
      left.next = right.next;
      right.piece = -1;
      if (left.next >= 0) symbols[left.next].previous = top.at;
      if (left.previous >= 0) offer(left.previous);
      offer(top.at);
    }
    for (const { piece } of symbols) if (piece >= 0) out.push(piece);
  }
}

/** A binary heap; the lowest rank, then the leftmost place, comes first. */
class Heap {
  #items = [];

  push(item) {
    const items = this.#items;
    let i = items.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(items[i], items[parent])) break;
      [items[i], items[parent]] = [items[parent], items[i]];
      i = parent;
    }
  }

  pop() {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0) return top;
    items[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < items.length && before(items[child], items[least])) least = child;
      }
      if (least === i) return top;
      [items[i], items[least]] = [items[least], items[i]];
      i = least;
    }
  }
}

function before(a, b) { return a.rank !== b.rank ? a.rank < b.rank : a.at < b.at; }
