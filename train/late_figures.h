#pragma once

#include <c10/core/Event.h>
#include <torch/types.h>

#include <optional>
#include <vector>

namespace arcsat {

/// Figures that a GPU is still computing: on their way into memory behind what it has been given to
/// do, and read later, without the processor having to wait for all that. On a CPU they are there.
class LateFigures {
 public:
  /// `figures`: (k) float64.
  explicit LateFigures(const torch::Tensor& figures);
  /// Waits for them alone.
  std::vector<double> Read();

 private:
  torch::Tensor figures_;  // in the processor's memory
  std::optional<c10::Event> there_;
};

}  // namespace arcsat
