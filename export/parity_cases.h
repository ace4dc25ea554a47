#pragma once

#include <string>
#include <vector>

#include "eval/calibration.h"
#include "model/arc_model.h"
#include "model/safetensors.h"

namespace arcsat {

/// A padded batch for ONNX Runtime: conversations and, turn by turn, the seconds since the turn
/// before (negative: unknown).
struct ParityCase {
  std::string name;
  std::vector<EncodedConversation> conversations;
  std::vector<std::vector<float>> gaps;
};

/// The grid of sizes that an exported graph is checked on: one turn, customers only, 300 turns, the
/// longest turn that the encoder takes (at most 512 tokens), empty text, agents only, several of
/// different sizes in one batch (one of them without any turn). Ids are random, the same each time.
std::vector<ParityCase> MakeParityCases(const ArcModel& model, const Tokenizer& tokenizer);

/// Inputs as the graph takes them, padded, and LibTorch's answers to each conversation alone; names
/// are "CASE/in/INPUT" and "CASE/out/OUTPUT".
TensorFile ComputeParity(const ArcModel& model, const Calibration& calibration,
                         const std::vector<ParityCase>& cases, std::int64_t pad_id);

}  // namespace arcsat
