#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/parameters.h"
#include "train/options.h"

namespace arcsat {

/// Learning rate at update `step` (from 0) of `total`, as a factor 0..1 of its peak: a linear rise
/// over the first `warmup` share, then linear, cosine or no fall.
double ScheduleFactor(const std::string& schedule, double warmup, std::int64_t step,
                      std::int64_t total);

/// AdamW (Loshchilov and Hutter 2019) with a learning rate a layer, gradient clipping, and averaged
/// weights if asked for. All tensors of one rate are updated by one fused kernel.
class Optimizer {
 public:
  Optimizer(ParameterSet* parameters, const TrainOptions& options);

  /// Norm of all gradients together, scalar float64; not finite when one of them is not.
  torch::Tensor Norm() const;
  double GradientNorm() const { return Norm().item<double>(); }
  /// One update with gradients of norm `norm` at the schedule's factor; zeroes the gradients.
  void Step(double norm, double factor);
  /// The same without reading anything back: where `skip` (scalar float, 0 or 1) is 1, nothing but
  /// the gradients changes. To the last bit Step where it is 0.
  void StepUnless(const torch::Tensor& skip, const torch::Tensor& norm, double factor);
  void ZeroGradients();
  void ScaleGradients(double factor);

  /// Exchanges the weights with their averages, if there are any; twice is as never.
  void SwapAverages();

  /// Moments, averages and, when `gradients`, what has been accumulated so far.
  std::map<std::string, torch::Tensor> State(bool gradients) const;
  /// Takes them back. Error (beginning with `place`) when one is missing or of another shape.
  void Load(const std::map<std::string, torch::Tensor>& state, const std::string& place);

  /// Peak learning rate of a parameter.
  static double PeakRate(const Parameter& parameter, const TrainOptions& options);

 private:
  struct Group {
    double rate = 0, decay = 0;
    std::vector<torch::Tensor> values, moments, squares, steps;
    std::vector<std::string> names;
  };

  TrainOptions options_;
  std::vector<Group> groups_;
  std::vector<std::pair<std::string, std::pair<torch::Tensor, torch::Tensor>>> averages_;
};

}  // namespace arcsat
