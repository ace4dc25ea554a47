#pragma once

#include "export/graph_builder.h"
#include "export/packing.h"
#include "model/lexical.h"

namespace arcsat {

/// model/lexical.h's LexicalLogits times the share, at each turn: (M) in double precision. The
/// last, which stands for no turn, means nothing.
onnx::Value AddLexicalShift(onnx::Graph& g, const LexicalModel& model, const PackedInputs& in);

}  // namespace arcsat
