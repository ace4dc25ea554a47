#pragma once

#include <torch/types.h>

namespace arcsat {

/// `x` with elements dropped with `chance` (0 to below 1) and the rest scaled to keep the mean
/// (Srivastava et al. 2014). Draws from the generator of the tensor's device.
torch::Tensor Dropout(const torch::Tensor& x, double chance);

/// residual + Dropout(x, chance). On a CPU one pass over memory each way, by all threads, where
/// LibTorch draws its masks with one thread and keeps them for the backward pass.
torch::Tensor AddDropout(const torch::Tensor& residual, const torch::Tensor& x, double chance);

}  // namespace arcsat
