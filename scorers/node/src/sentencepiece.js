export class SentencePiece {
  static read() {
    throw new Error('SentencePiece models cannot be read yet');
  }
}
