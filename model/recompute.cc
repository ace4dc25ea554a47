#include "model/recompute.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

namespace arcsat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Compute = std::function<torch::Tensor(const torch::Tensor&)>;

/// What the second call needs to be the first again.
struct Recipe : torch::CustomClassHolder {
  Compute compute;
  variable_list parameters;  ///< those that learn
  at::Generator generator;   ///< of the device's random numbers
  torch::Tensor random;      ///< its state before the first call
  bool autocast = false;
  at::ScalarType autocast_type = at::kFloat;
};

/// Draws what was drawn from `state` on, and puts the generator back where it was.
class RandomAgain {
 public:
  RandomAgain(at::Generator generator, const torch::Tensor& state)
      : generator_(std::move(generator)), before_(State(generator_)) {
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    generator_.set_state(state);
  }
  ~RandomAgain() {
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    generator_.set_state(before_);
  }
  RandomAgain(const RandomAgain&) = delete;
  RandomAgain& operator=(const RandomAgain&) = delete;

  static torch::Tensor State(at::Generator generator) {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    return generator.get_state();
  }

 private:
  at::Generator generator_;
  torch::Tensor before_;
};

/// Autocast as it was at the first call: the backward pass has a thread of its own on a GPU.
/// Weights that were cast without a gradient must not serve where there is one, so none are kept.
class AutocastAgain {
 public:
  AutocastAgain(c10::DeviceType device, bool on, at::ScalarType type)
      : device_(device),
        on_(at::autocast::is_autocast_enabled(device)),
        cache_(at::autocast::is_autocast_cache_enabled()),
        type_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::set_autocast_enabled(device_, on);
    at::autocast::set_autocast_dtype(device_, type);
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~AutocastAgain() {
    at::autocast::set_autocast_enabled(device_, on_);
    at::autocast::set_autocast_dtype(device_, type_);
    at::autocast::set_autocast_cache_enabled(cache_);
  }
  AutocastAgain(const AutocastAgain&) = delete;
  AutocastAgain& operator=(const AutocastAgain&) = delete;

 private:
  c10::DeviceType device_;
  bool on_, cache_;
  at::ScalarType type_;
};

struct Recomputation : torch::autograd::Function<Recomputation> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               at::TensorList parameters, const Compute& compute) {
    auto recipe = c10::make_intrusive<Recipe>();
    const auto device = x.device().type();
    recipe->compute = compute;
    recipe->parameters = parameters.vec();
    recipe->generator = at::globalContext().defaultGenerator(x.device());
    recipe->random = RandomAgain::State(recipe->generator);
    recipe->autocast = at::autocast::is_autocast_enabled(device);
    recipe->autocast_type = at::autocast::get_autocast_dtype(device);
    context->save_for_backward({x});
    context->saved_data["recipe"] = c10::IValue::make_capsule(recipe);
    const AutocastAgain autocast(device, recipe->autocast, recipe->autocast_type);
    return compute(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto held = context->saved_data["recipe"].toCapsule();
    const auto& recipe = static_cast<const Recipe&>(*held);
    const torch::Tensor saved = context->get_saved_variables()[0];
    const torch::Tensor x = saved.detach().requires_grad_(saved.requires_grad());
    torch::Tensor out;
    {
      const torch::AutoGradMode with_gradients(true);
      const RandomAgain random(recipe.generator, recipe.random);
      const AutocastAgain autocast(x.device().type(), recipe.autocast, recipe.autocast_type);
      out = recipe.compute(x);
    }
    variable_list inputs = recipe.parameters;
    if (x.requires_grad()) inputs.insert(inputs.begin(), x);
    variable_list found = torch::autograd::grad({out}, inputs, gradients, /*retain_graph=*/false,
                                                /*create_graph=*/false, /*allow_unused=*/true);
    if (!x.requires_grad()) found.insert(found.begin(), torch::Tensor());
    found.emplace_back();  // for `compute`
    return found;
  }
};

}  // namespace

torch::Tensor Recomputed(const torch::Tensor& x, const std::vector<torch::Tensor>& parameters,
                         const std::function<torch::Tensor(const torch::Tensor&)>& compute) {
  variable_list learning;
  std::copy_if(parameters.begin(), parameters.end(), std::back_inserter(learning),
               [](const torch::Tensor& p) { return p.requires_grad(); });
  const bool gradients = torch::GradMode::is_enabled() && (x.requires_grad() || !learning.empty());
  return gradients ? Recomputation::apply(x, at::TensorList(learning), compute) : compute(x);
}

}  // namespace arcsat
