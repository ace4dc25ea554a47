#pragma once

#include "data/batch.h"
#include "model/arc_model.h"

namespace arcsat {

/// Losses of a batch, each a sum over its labels divided by a weight that all batches of an update
/// share, so that accumulated batches add up to the one large batch.
struct Losses {
  torch::Tensor outlook;  ///< scalar: weighted binary cross-entropy over the turns
  torch::Tensor state;    ///< scalar: the same over the ordinal head's boxes (cumulative link)
  torch::Tensor total;    ///< scalar: what is minimised
};

/// Weight of some labels. A kind without labels has 0 and its loss is 0.
struct LabelWeights {
  double outlook = 0;
  double state = 0;
};

LabelWeights WeightOf(const BatchLabels& labels);

Losses ComputeLosses(const ArcOutput& output, const BatchLabels& labels, const LabelWeights& update,
                     double outlook_weight, double state_weight);

}  // namespace arcsat
