#include "model/mlm_head.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "data/error.h"
#include "model/layers.h"

namespace arcsat {
namespace {

struct HeadNames {
  const char *dense, *norm, *bias;
};

HeadNames NamesOf(EncoderFamily family) {
  switch (family) {
    case EncoderFamily::kBert:
      return {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
              "cls.predictions.bias"};
    case EncoderFamily::kXlmRoberta:
      return {"lm_head.dense", "lm_head.layer_norm", "lm_head.bias"};
    case EncoderFamily::kAlbert:
      break;
  }
  return {"predictions.dense", "predictions.LayerNorm", "predictions.bias"};
}

torch::Tensor Pretrained(const TensorFile& file, const std::string& name,
                         const std::vector<std::int64_t>& shape) {
  const auto found = file.tensors.find(name);
  const bool missing = found == file.tensors.end();
  if (missing || found->second.sizes() != torch::IntArrayRef(shape)) {
    throw Error(
        {"model.safetensors: " + name,
         missing ? "is missing"
                 : fmt::format("has shape {}", fmt::join(found->second.sizes(), "x")),
         fmt::format("expected {}, as the file holds a part of this head", fmt::join(shape, "x")),
         "check that config.json and model.safetensors belong together"});
  }
  return found->second.to(torch::kFloat32);
}

}  // namespace

MlmHead::MlmHead(const EncoderConfig& config, const TensorFile* pretrained,
                 Initialiser* initialiser, ParameterSet* parameters)
    // RoBERTa's head has its own activation, whatever the layers use.
    : activation_(config.family == EncoderFamily::kXlmRoberta ? Activation::kGelu
                                                              : config.activation),
      epsilon_(config.layer_norm_epsilon) {
  const HeadNames names = NamesOf(config.family);
  const std::string dense = names.dense, norm = names.norm;
  const bool read = pretrained != nullptr && (pretrained->tensors.contains(dense + ".weight") ||
                                              pretrained->tensors.contains(names.bias));
  const auto take = [&](const std::string& name, const std::vector<std::int64_t>& shape,
                        const std::function<torch::Tensor()>& fresh) {
    const auto value = parameters->Add(
        {name, read ? Pretrained(*pretrained, name, shape) : fresh(), 0, shape.size() > 1, read});
    tensors_[name] = value;
    return value;
  };
  const std::int64_t hidden = config.hidden, width = config.embedding;
  const auto zeros = [](std::int64_t size) { return [=] { return torch::zeros({size}); }; };
  dense_weight_ = take(dense + ".weight", {width, hidden}, [&] {
    return initialiser->Normal(dense + ".weight", {width, hidden}, 0.02);
  });
  dense_bias_ = take(dense + ".bias", {width}, zeros(width));
  norm_weight_ = take(norm + ".weight", {width}, [&] { return torch::ones({width}); });
  norm_bias_ = take(norm + ".bias", {width}, zeros(width));
  bias_ = take(names.bias, {config.vocabulary}, zeros(config.vocabulary));
}

torch::Tensor MlmHead::Logits(const torch::Tensor& hidden, const torch::Tensor& words) const {
  auto x = Activate(torch::linear(hidden, dense_weight_, dense_bias_), activation_);
  x = torch::layer_norm(x, {x.size(1)}, norm_weight_, norm_bias_, epsilon_);
  return torch::linear(x, words, bias_);
}

}  // namespace arcsat
