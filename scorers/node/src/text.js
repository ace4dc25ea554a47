// Text to token ids, equal to what arcsat itself computes. Special tokens that a customer writes out
// ("[SEP]", "</s>") are plain text, so nobody can end their own sequence.
import { SentencePiece } from './sentencepiece.js';
import { WordPiece } from './wordpiece.js';

/** Ids of a turn between its special tokens; `text` is that part of the bundle's manifest. */
export class TurnTokenizer {
  #begin; #end; #room; #tokenizer;

  constructor(folder, text) {
    this.#begin = text.begin_id;
    this.#end = text.end_id;
    this.#room = text.max_turn_tokens - 2;
    this.#tokenizer = text.layout === 'wordpiece' ? WordPiece.read(folder, text)
      : SentencePiece.read(folder, text);
  }

  /** A text that is too long keeps its first half (the larger) and its last. */
  encode(text) {
    let ids = this.#tokenizer.encode(text.toWellFormed());
    if (ids.length > this.#room) {
      const head = Math.ceil(this.#room / 2);
      ids = [...ids.slice(0, head), ...ids.slice(ids.length - (this.#room - head))];
    }
    return [this.#begin, ...ids, this.#end];
  }
}
