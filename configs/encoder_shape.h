#pragma once

namespace arcsat {

/// The shape of an encoder that is trained from scratch: what its config.json will say.
struct EncoderShape {
  int layers = 4;
  int hidden = 256;
  int heads = 4;
  int intermediate = 1024;
  int embedding = 128;   ///< ALBERT only: width of the word embeddings before they are projected
  int max_length = 512;  ///< tokens of the longest turn, special ones included
};

}  // namespace arcsat
