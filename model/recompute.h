#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace arcsat {

/// `compute(x)`, of which nothing but `x` is kept for the backward pass, where it is computed
/// again: activation checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory
/// cost"). `parameters` are the leaves that `compute` reads besides; their gradients come as if
/// it had been called plainly, and what it reads that is not among them gets none. `compute` is
/// called twice, so it owns what it reads or knows that it outlives the backward pass. Random
/// numbers and autocast, of the device of `x`, are the same both times. Without gradients to come
/// it is called once, plainly.
torch::Tensor Recomputed(const torch::Tensor& x, const std::vector<torch::Tensor>& parameters,
                         const std::function<torch::Tensor(const torch::Tensor&)>& compute);

}  // namespace arcsat
