#pragma once

#include "export/graph_builder.h"
#include "export/packing.h"
#include "model/lexical.h"

namespace arcsat {

/// model/lexical.h's LexicalLogits times the share, at each turn: (M) in double precision. The
/// last, which stands for no turn, means nothing.
onnx::Value AddLexicalShift(onnx::Graph& g, const LexicalModel& model, const PackedInputs& in);

/// The same after one more turn of a running conversation, and what to remember for the next.
struct LexicalTurn {
  onnx::Value shift;  ///< (1) in double precision
  onnx::Value words;  ///< features so far, each once
  onnx::Value said;   ///< (1) tokens and pairs so far
};
/// ids (L) of the turn, special tokens included; speaker (1); what was remembered, at first nothing
/// and 0.
LexicalTurn AddLexicalTurn(onnx::Graph& g, const LexicalModel& model, const onnx::Value& ids,
                           const onnx::Value& speaker, const onnx::Value& past_words,
                           const onnx::Value& past_said);

}  // namespace arcsat
