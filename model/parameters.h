#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace arcsat {

/// One trained tensor. `depth` counts layers from the top (0: heads) for layer-wise learning-rate
/// decay; `decay` is false for biases and layer norms.
struct Parameter {
  std::string name;
  torch::Tensor value;
  int depth = 0;
  bool decay = true;
  bool pretrained = false;  ///< began as a pretrained weight, so it learns at the encoder's rate
};

/// The trained tensors of a model, in the order they were made. Modules hold the tensors (shared
/// storage); the set is what the optimiser, the checkpoints and the exporter walk over.
class ParameterSet {
 public:
  /// A leaf that requires grad. Throws std::logic_error when the name is taken.
  torch::Tensor Add(Parameter parameter);
  const std::vector<Parameter>& all() const { return parameters_; }
  std::vector<Parameter>& all() { return parameters_; }
  std::int64_t count() const;  ///< numbers in all tensors

 private:
  std::vector<Parameter> parameters_;
};

/// Fills new weights; every tensor draws from a generator of its own, seeded by the model's seed
/// and the tensor's name, so that adding a layer changes no other layer's start.
class Initialiser {
 public:
  explicit Initialiser(std::uint64_t seed) : seed_(seed) {}
  torch::Tensor Normal(const std::string& name, std::vector<std::int64_t> shape, double deviation);

 private:
  std::uint64_t seed_;
};

}  // namespace arcsat
