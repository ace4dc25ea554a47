// Reads a SentencePiece model file (sentencepiece_model.proto), checked as arcsat itself checks it.
import { fields, varint } from './external_data.js';

export const UNKNOWN = 2;
export const CONTROL = 3;
export const USER_DEFINED = 4;
export const UNIGRAM = 1;
export const BPE = 2;
const LONGEST_PIECE = 512;

/** {pieces: [{text, score, type}], algorithm, unknown, charsmap}. Error where it is damaged. */
export function readModel(data) {
  const model = { pieces: [], algorithm: UNIGRAM, unknown: -1, charsmap: Buffer.alloc(0) };
  let byteFallback = 0;
  const number = (at, end) => varint(data, at, end)[0];
  for (const [field, start, stop] of fields(data, 0, data.length)) {
    if (field === 1) {
      model.pieces.push(readPiece(data, start, stop));
    } else if (field === 2) {
      for (const [key, a, b] of fields(data, start, stop)) {
        if (key === 3) model.algorithm = number(a, b);
        if (key === 35) byteFallback = number(a, b);
      }
    } else if (field === 3) {
      for (const [key, a, b] of fields(data, start, stop)) {
        if (key === 2) model.charsmap = data.subarray(a, b);
      }
    }
  }
  const unknowns = model.pieces.flatMap((piece, i) => (piece.type === UNKNOWN ? [i] : []));
  if (unknowns.length !== 1) throw new Error(`found ${unknowns.length} unknown pieces, expected one`);
  [model.unknown] = unknowns;
  if (new Set(model.pieces.map((piece) => piece.text)).size !== model.pieces.length) {
    throw new Error('found a piece a second time');
  }
  if (![UNIGRAM, BPE].includes(model.algorithm) || byteFallback !== 0) {
    throw new Error('expected a unigram or BPE model without byte fallback');
  }
  return model;
}

function readPiece(data, start, stop) {
  const piece = { text: '', score: 0, type: 1 };
  for (const [key, a, b] of fields(data, start, stop)) {
    if (key === 1) {
      if (b - a > LONGEST_PIECE) throw new Error(`found a piece of ${b - a} bytes`);
      piece.text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(a, b));
    } else if (key === 2 && b - a === 4) {
      piece.score = data.readFloatLE(a);
    } else if (key === 3) {
      [piece.type] = varint(data, a, b);
    }
  }
  if (piece.text === '' || !Number.isFinite(piece.score)) {
    throw new Error('found a piece without text or score');
  }
  return piece;
}
