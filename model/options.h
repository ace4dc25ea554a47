#pragma once

#include <string>

namespace arcsat {

/// The shape of a model beyond its pretrained encoder's own.
struct ModelOptions {
  int encoder_layers = 0;         ///< of the pretrained encoder's layers, from below; 0: all
  int cross_turn_layers = 3;      ///< upper encoder layers that attend across turns
  int cross_turn_window = 32;     ///< turns before its own that a token sees in those layers
  std::string pooling = "mean";   ///< a turn's vector: "mean" of its tokens, or its "first" token
  int conversation_layers = 1;    ///< of the causal transformer over turns; 0 leaves it out
  int conversation_hidden = 256;  ///< its width
  int conversation_heads = 4;
  int conversation_window = 256;  ///< turns before its own that a turn sees there
  int boxes = 5;                  ///< K, levels of the ordinal state head
  double dropout = 0.1;           ///< in training
  int max_turn_tokens = 128;      ///< special tokens counted; a longer turn loses its middle
};

}  // namespace arcsat
