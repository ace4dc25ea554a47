#include "model/layers.h"

#include "model/dropout.h"

namespace arcsat {
namespace {

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                   double epsilon) {
  return torch::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
}

}  // namespace

std::vector<torch::Tensor> TensorsOf(const LayerWeights& w) {
  return {w.qkv_weight,
          w.qkv_bias,
          w.out_weight,
          w.out_bias,
          w.attention_norm_weight,
          w.attention_norm_bias,
          w.up_weight,
          w.up_bias,
          w.down_weight,
          w.down_bias,
          w.output_norm_weight,
          w.output_norm_bias};
}

torch::Tensor Activate(const torch::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return torch::gelu(x);
    case Activation::kGeluTanh:
      return torch::gelu(x, "tanh");
    case Activation::kRelu:
      return torch::relu(x);
  }
  return x;
}

torch::Tensor TransformerLayer(const torch::Tensor& x, const LayerWeights& weights,
                               const LayerShape& shape, const Attention& attention, bool training) {
  const auto add = [&](const torch::Tensor& t, const torch::Tensor& added) {
    return training && shape.dropout > 0 ? AddDropout(t, added, shape.dropout) : t + added;
  };
  const auto attend = [&](const torch::Tensor& t) {
    const auto qkv = torch::linear(t, weights.qkv_weight, weights.qkv_bias);  // (T, 3H)
    return torch::linear(attention(qkv), weights.out_weight, weights.out_bias);
  };
  const auto feed = [&](const torch::Tensor& t) {
    const auto up = torch::linear(t, weights.up_weight, weights.up_bias);  // (T, I)
    return torch::linear(Activate(up, shape.activation), weights.down_weight, weights.down_bias);
  };
  const auto norm1 = [&](const torch::Tensor& t) {
    return Norm(t, weights.attention_norm_weight, weights.attention_norm_bias, shape.epsilon);
  };
  const auto norm2 = [&](const torch::Tensor& t) {
    return Norm(t, weights.output_norm_weight, weights.output_norm_bias, shape.epsilon);
  };
  if (shape.norm_first) {
    const auto y = add(x, attend(norm1(x)));
    return add(y, feed(norm2(y)));
  }
  const auto y = norm1(add(x, attend(x)));
  return norm2(add(y, feed(y)));
}

LayerWeights MakeLayer(const std::string& name, int hidden, int intermediate, int depth,
                       Initialiser* initialiser, ParameterSet* parameters) {
  const auto matrix = [&](const std::string& part, std::int64_t rows, std::int64_t columns) {
    const std::string full = name + "." + part + ".weight";
    return parameters->Add({full, initialiser->Normal(full, {rows, columns}, 0.02), depth, true});
  };
  const auto vector = [&](const std::string& part, std::int64_t size, double value) {
    return parameters->Add({name + "." + part, torch::full({size}, value), depth, false});
  };
  LayerWeights w;
  w.qkv_weight = matrix("attention.qkv", 3 * hidden, hidden);
  w.qkv_bias = vector("attention.qkv.bias", 3 * hidden, 0);
  w.out_weight = matrix("attention.output", hidden, hidden);
  w.out_bias = vector("attention.output.bias", hidden, 0);
  w.attention_norm_weight = vector("attention.norm.weight", hidden, 1);
  w.attention_norm_bias = vector("attention.norm.bias", hidden, 0);
  w.up_weight = matrix("up", intermediate, hidden);
  w.up_bias = vector("up.bias", intermediate, 0);
  w.down_weight = matrix("down", hidden, intermediate);
  w.down_bias = vector("down.bias", hidden, 0);
  w.output_norm_weight = vector("norm.weight", hidden, 1);
  w.output_norm_bias = vector("norm.bias", hidden, 0);
  return w;
}

}  // namespace arcsat
