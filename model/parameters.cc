#include "model/parameters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <stdexcept>

#include "data/random.h"

namespace arcsat {

torch::Tensor ParameterSet::Add(Parameter parameter) {
  for (const Parameter& other : parameters_) {
    if (other.name == parameter.name) throw std::logic_error("two parameters " + parameter.name);
  }
  parameter.value = parameter.value.detach().to(torch::kFloat32).contiguous();
  parameter.value.requires_grad_(true);
  parameters_.push_back(std::move(parameter));
  return parameters_.back().value;
}

std::int64_t ParameterSet::count() const {
  std::int64_t total = 0;
  for (const Parameter& parameter : parameters_) total += parameter.value.numel();
  return total;
}

torch::Tensor Initialiser::Normal(const std::string& name, std::vector<std::int64_t> shape,
                                  double deviation) {
  std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a, stable across platforms
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  auto generator = at::detail::createCPUGenerator(MixSeed(seed_, hash));
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  tensor.normal_(0, deviation, generator);
  return tensor;
}

}  // namespace arcsat
