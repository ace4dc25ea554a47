#include "model/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "model/drop_mask.h"
#include "model/parallel.h"

namespace arcsat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What one call of dropout draws of the generator: its state is in checkpoints, and recomputing
/// (model/recompute.h) sets it back, so the same mask comes again.
std::int64_t DrawSeed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return static_cast<std::int64_t>(
      at::check_generator<at::CPUGeneratorImpl>(generator)->random64());
}

torch::Tensor Masked(const torch::Tensor& x, const torch::Tensor& residual, std::int64_t seed,
                     double chance) {
  auto out = torch::empty_like(x);
  const DropMask mask(static_cast<std::uint64_t>(seed), chance);
  const float* const from = x.const_data_ptr<float>();
  const float* const added = residual.defined() ? residual.const_data_ptr<float>() : nullptr;
  float* const to = out.mutable_data_ptr<float>();
  const std::int64_t count = x.numel(), group = DropMask::kGroup;
  constexpr std::int64_t kGrain = 1024;  // groups worth a thread
  ParallelFor(0, (count + group - 1) / group, kGrain, [&](std::int64_t begin, std::int64_t end) {
    mask.Apply(from, added, to, begin * group, std::min(end * group, count));
  });
  return out;
}

/// Both functions keep their seed and chance for the backward pass.
std::int64_t BeginDropout(AutogradContext* context, double chance) {
  const std::int64_t seed = DrawSeed();
  context->saved_data["seed"] = seed;
  context->saved_data["chance"] = chance;
  return seed;
}

torch::Tensor MaskedGradient(AutogradContext* context, const torch::Tensor& gradient) {
  return Masked(gradient, {}, context->saved_data["seed"].toInt(),
                context->saved_data["chance"].toDouble());
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, double chance) {
    return Masked(x, {}, BeginDropout(context, chance), chance);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {MaskedGradient(context, gradients[0].contiguous()), torch::Tensor()};
  }
};

class AddDropoutFunction : public torch::autograd::Function<AddDropoutFunction> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& residual,
                               const torch::Tensor& x, double chance) {
    return Masked(x, residual, BeginDropout(context, chance), chance);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto gradient = gradients[0].contiguous();
    return {gradient, MaskedGradient(context, gradient), torch::Tensor()};
  }
};

bool OnePass(const torch::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == torch::kFloat && x.is_contiguous();
}

}  // namespace

torch::Tensor Dropout(const torch::Tensor& x, double chance) {
  if (!OnePass(x)) return torch::dropout(x, chance, true);
  return DropoutFunction::apply(x, chance);
}

torch::Tensor AddDropout(const torch::Tensor& residual, const torch::Tensor& x, double chance) {
  const bool alike = OnePass(residual) && residual.sizes() == x.sizes();
  if (!OnePass(x) || !alike) return residual + torch::dropout(x, chance, true);
  return AddDropoutFunction::apply(residual, x, chance);
}

}  // namespace arcsat
