#pragma once

#include "data/tokenizer.h"
#include "export/packing.h"

namespace arcsat {

inline constexpr const char* kTextGraphFile = "model.text.onnx";
/// Of the operators that ONNX Runtime Extensions brings.
inline constexpr const char* kExtensionsDomain = "ai.onnx.contrib";

/// Adds the inputs of a graph that takes texts (docs/bundle.md), and what makes ids of them: ONNX
/// Runtime Extensions' BertTokenizer or SentencepieceTokenizer, the vocabulary inside the graph,
/// and the same cut of what is longer than `max_turn_tokens` as Tokenizer::EncodeTurn. Error where
/// those operators cannot do what the tokenizer does (ALBERT's normalisation, text that is not
/// cleaned, added tokens).
PaddedInputs AddTextInputs(onnx::Graph& g, const Tokenizer& tokenizer, int max_turn_tokens);

}  // namespace arcsat
