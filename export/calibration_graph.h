#pragma once

#include "eval/calibration.h"
#include "export/graph_builder.h"
#include "export/packing.h"

namespace arcsat {

/// What the heads say at each turn.
struct HeadLogits {
  onnx::Value state;    ///< (M, K-1) log-odds that the state lies above box k
  onnx::Value outlook;  ///< (M) in double precision
};

/// Calibrates and adds the graph's outputs, as Apply in eval/calibration.h does, in double
/// precision until the end. Turns that do not exist get 0; where no customer spoke, entry and exit
/// are those of an even state; what the calibration does not know (an interval, a csat) is NaN. The
/// output "boxes" is there only where the calibration has them (GraphOutputs).
void AddScores(onnx::Graph& g, const HeadLogits& logits, const PackedInputs& in,
               const Calibration& calibration);

/// The same for one more turn of a running conversation (M = 1): every figure (1), of the
/// conversation so far. `past_states`, in double precision, are those at the customer's first and
/// last turn before, or nothing; given back are those after this turn.
onnx::Value AddTurnScores(onnx::Graph& g, const HeadLogits& logits, const onnx::Value& speaker,
                          const onnx::Value& past_states, const Calibration& calibration);

}  // namespace arcsat
