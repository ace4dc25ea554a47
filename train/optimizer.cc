#include "train/optimizer.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/error.h"

namespace arcsat {

double ScheduleFactor(const std::string& schedule, double warmup, std::int64_t step,
                      std::int64_t total) {
  const double rise = warmup * static_cast<double>(total);
  const double at = static_cast<double>(step);
  if (at + 1 < rise) return (at + 1) / rise;
  if (schedule == "constant") return 1;
  const double rest = std::max(1.0, static_cast<double>(total) - rise);
  const double done = std::min(1.0, std::max(0.0, (at - rise) / rest));
  if (schedule == "cosine") return 0.5 * (1 + std::cos(std::numbers::pi * done));
  return 1 - done;
}

double Optimizer::PeakRate(const Parameter& parameter, const TrainOptions& options) {
  if (!parameter.pretrained) return options.head_learning_rate;
  return options.learning_rate * std::pow(options.layer_decay, parameter.depth - 1);
}

Optimizer::Optimizer(ParameterSet* parameters, const TrainOptions& options) : options_(options) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : parameters->all()) {
    if (!parameter.value.requires_grad()) continue;
    const double rate = PeakRate(parameter, options);
    const double decay = parameter.decay ? options.weight_decay : 0;
    auto group = std::find_if(groups_.begin(), groups_.end(),
                              [&](const Group& g) { return g.rate == rate && g.decay == decay; });
    if (group == groups_.end()) {
      groups_.push_back({rate, decay, {}, {}, {}, {}, {}});
      group = groups_.end() - 1;
    }
    parameter.value.mutable_grad() = torch::zeros_like(parameter.value);
    group->values.push_back(parameter.value);
    group->moments.push_back(torch::zeros_like(parameter.value));
    group->squares.push_back(torch::zeros_like(parameter.value));
    group->steps.push_back(torch::zeros({}, parameter.value.options().dtype(torch::kFloat32)));
    group->names.push_back(parameter.name);
    if (options.ema > 0) {
      averages_.push_back({parameter.name, {parameter.value, parameter.value.detach().clone()}});
    }
  }
}

torch::Tensor Optimizer::Norm() const {
  std::vector<torch::Tensor> norms;
  for (const Group& group : groups_) {
    std::vector<torch::Tensor> gradients;
    for (const auto& value : group.values) gradients.push_back(value.grad());
    for (auto& norm : at::_foreach_norm(gradients)) norms.push_back(norm);
  }
  return torch::stack(norms).to(torch::kFloat64).norm();
}

void Optimizer::Step(double norm, double factor) {
  torch::NoGradGuard no_grad;
  const double scale = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1;
  for (Group& group : groups_) {
    std::vector<torch::Tensor> gradients;
    for (const auto& value : group.values) gradients.push_back(value.grad());
    if (scale != 1) at::_foreach_mul_(gradients, scale);
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.values, gradients, group.moments, group.squares, {}, group.steps,
                      group.rate * factor, options_.beta1, options_.beta2, group.decay,
                      options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
  for (auto& [name, pair] : averages_) pair.second.lerp_(pair.first, 1 - options_.ema);
  ZeroGradients();
}

void Optimizer::StepUnless(const torch::Tensor& skip, const torch::Tensor& norm, double factor) {
  torch::NoGradGuard no_grad;
  const auto apply = 1 - skip;
  const auto scale = torch::where(norm > options_.clip, options_.clip / norm, 1.0);
  for (Group& group : groups_) {
    std::vector<torch::Tensor> gradients;
    for (const auto& value : group.values) gradients.push_back(value.grad());
    if (options_.clip > 0) at::_foreach_mul_(gradients, scale.to(torch::kFloat32));
    at::_foreach_add_(group.steps, apply);
    at::_fused_adamw_(group.values, gradients, group.moments, group.squares, {}, group.steps,
                      group.rate * factor, options_.beta1, options_.beta2, group.decay,
                      options_.epsilon, /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{},
                      /*found_inf=*/skip);
  }
  for (auto& [name, pair] : averages_) {
    pair.second.lerp_(pair.first, (1 - options_.ema) * apply);
  }
  ZeroGradients();
}

void Optimizer::ZeroGradients() {
  torch::NoGradGuard no_grad;
  for (Group& group : groups_) {
    for (auto& value : group.values) value.mutable_grad().zero_();
  }
}

void Optimizer::ScaleGradients(double factor) {
  torch::NoGradGuard no_grad;
  for (Group& group : groups_) {
    for (auto& value : group.values) value.mutable_grad().mul_(factor);
  }
}

void Optimizer::SwapAverages() {
  torch::NoGradGuard no_grad;
  for (auto& [name, pair] : averages_) {
    const auto kept = pair.first.detach().clone();
    pair.first.copy_(pair.second);
    pair.second.copy_(kept);
  }
}

std::map<std::string, torch::Tensor> Optimizer::State(bool gradients) const {
  std::map<std::string, torch::Tensor> state;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      state["moment." + group.names[i]] = group.moments[i];
      state["square." + group.names[i]] = group.squares[i];
      state["step." + group.names[i]] = group.steps[i];
      if (gradients) state["gradient." + group.names[i]] = group.values[i].grad();
    }
  }
  for (const auto& [name, pair] : averages_) state["average." + name] = pair.second;
  return state;
}

void Optimizer::Load(const std::map<std::string, torch::Tensor>& state, const std::string& place) {
  torch::NoGradGuard no_grad;
  const bool gradients = std::any_of(state.begin(), state.end(), [](const auto& item) {
    return item.first.starts_with("gradient.");
  });
  ZeroGradients();
  for (auto& [name, target] : State(gradients)) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != target.sizes()) {
      throw Error({place + ": " + name, found == state.end() ? "is missing" : "has another shape",
                   "expected the optimiser's state of the same model and options",
                   "resume with the options of the run's config.cfg"});
    }
    target.copy_(found->second);
  }
}

}  // namespace arcsat
