#pragma once

#include <string>
#include <vector>

#include "data/json.h"

namespace arcsat {

struct LoadedModel;  // model/model_folder.h

/// How far a compressed graph may move away from the fp32 one.
struct VariantLimits {
  double moved_decisions = 0.005;  ///< share of conversations on the other side of the threshold
  double auc_loss = 0.002;         ///< of the ROC-AUC on surveyed conversations
};

/// Conversations that a compressed graph is measured on: as records, and whether each is satisfied
/// by the model's own question (1, 0, -1 where nobody answered).
struct VariantSample {
  std::string lines;
  std::vector<int> labels;
};

/// The first conversations of a file, at most `most`. Error where it holds none.
VariantSample ReadVariantSample(const LoadedModel& loaded, const std::string& path, int most);

/// What became of them: their p_satisfied by both graphs.
struct VariantScores {
  std::vector<double> fp32, compressed;
};

/// For the manifest: how many conversations, how many of their decisions moved, the largest
/// difference, and where both classes have ten labels, the AUC of each graph.
Json DescribeVariant(const VariantScores& scores, const VariantSample& sample, double threshold,
                     const VariantLimits& limits);

/// Error where `described` passes its limits: which, by how much, and what to do.
void DemandVariant(const std::string& name, const Json& described);

}  // namespace arcsat
