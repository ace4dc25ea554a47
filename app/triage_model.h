#pragma once

#include <memory>
#include <string>

#include "data/survey.h"
#include "insight/triage/scorer.h"

namespace arcsat {

/// A calibrated model as triage uses it.
struct TriageModel {
  std::unique_ptr<TurnScorer> scorer;
  std::string name;  ///< short fingerprint of the weights
};

/// `model` is a run or a model folder; `threads` of the CPU, 0 for LibTorch's choice. `memory_mb`
/// for what running conversations keep between turns; the longest silent are computed anew beyond
/// it. Error where the model is none, or is not calibrated.
TriageModel LoadTriageModel(const std::string& model, int threads, int memory_mb);

}  // namespace arcsat
