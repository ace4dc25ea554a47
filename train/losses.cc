#include "train/losses.h"

namespace arcsat {

LabelWeights WeightOf(const BatchLabels& labels) {
  return {labels.outlook_weight.to(torch::kFloat64).sum().item<double>(),
          labels.state_weight.to(torch::kFloat64).sum().item<double>()};
}

Losses ComputeLosses(const ArcOutput& output, const BatchLabels& labels, const LabelWeights& update,
                     double outlook_weight, double state_weight) {
  const auto cross_entropy = [](const torch::Tensor& logits, const torch::Tensor& target) {
    return torch::binary_cross_entropy_with_logits(logits, target, {}, {}, at::Reduction::None);
  };
  const auto per_turn = cross_entropy(output.outlook, labels.outlook_target);     // (N)
  const auto per_box = cross_entropy(output.state, labels.state_target).mean(1);  // (N)
  Losses losses;
  losses.outlook =
      (per_turn * labels.outlook_weight).sum() / (update.outlook > 0 ? update.outlook : 1.0);
  losses.state = (per_box * labels.state_weight).sum() / (update.state > 0 ? update.state : 1.0);
  losses.total = losses.outlook * outlook_weight + losses.state * state_weight;
  return losses;
}

}  // namespace arcsat
