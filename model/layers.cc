#include "model/layers.h"

#include <ATen/ops/_flash_attention_forward.h>

namespace arcsat {
namespace {

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                   double epsilon) {
  return torch::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
}

/// Variable-length attention of the GPU's flash kernel: all turns at once, no padding.
torch::Tensor FlashLocalAttention(const torch::Tensor& qkv, const torch::Tensor& bounds,
                                  int longest, int heads) {
  const auto head = qkv.size(1) / 3 / heads;
  const auto parts = qkv.view({-1, 3, heads, head}).unbind(1);
  const auto out = at::_flash_attention_forward(parts[0], parts[1], parts[2], bounds, bounds,
                                                longest, longest, 0.0, false, false);
  return std::get<0>(out).reshape({qkv.size(0), heads * head});
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
  const auto drop = [&](const torch::Tensor& t) {
    return training && shape.dropout > 0 ? torch::dropout(t, shape.dropout, true) : t;
  };
  const auto attend = [&](const torch::Tensor& t) {
    const auto qkv = torch::linear(t, weights.qkv_weight, weights.qkv_bias);  // (T, 3H)
    return drop(torch::linear(attention(qkv), weights.out_weight, weights.out_bias));
  };
  const auto feed = [&](const torch::Tensor& t) {
    const auto up = torch::linear(t, weights.up_weight, weights.up_bias);  // (T, I)
    return drop(
        torch::linear(Activate(up, shape.activation), weights.down_weight, weights.down_bias));
  };
  const auto norm1 = [&](const torch::Tensor& t) {
    return Norm(t, weights.attention_norm_weight, weights.attention_norm_bias, shape.epsilon);
  };
  const auto norm2 = [&](const torch::Tensor& t) {
    return Norm(t, weights.output_norm_weight, weights.output_norm_bias, shape.epsilon);
  };
  if (shape.norm_first) {
    const auto y = x + attend(norm1(x));
    return y + feed(norm2(y));
  }
  const auto y = norm1(x + attend(x));
  return norm2(y + feed(y));
}

torch::Tensor LocalAttention(const torch::Tensor& qkv,
                             const std::vector<std::pair<int, int>>& blocks,
                             const torch::Tensor& bounds, int heads) {
  const auto type = qkv.scalar_type();
  const auto hidden = qkv.size(1) / 3;
  constexpr int kAligned = 8, kWidest = 256;  // a head, for the kernel
  const bool fits = hidden / heads % kAligned == 0 && hidden / heads <= kWidest;
  if (qkv.is_cuda() && fits && (type == torch::kBFloat16 || type == torch::kFloat16)) {
    return FlashLocalAttention(qkv, bounds, blocks.back().second, heads);  // longest last
  }
  std::vector<std::int64_t> sizes;
  for (const auto& [count, length] : blocks) sizes.push_back(std::int64_t{count} * length);
  // One split, whose backward is one concatenation; slices would each add up a whole gradient.
  const auto parts = qkv.split_with_sizes(sizes, 0);
  std::vector<torch::Tensor> outputs;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [count, length] = blocks[i];
    const auto heads_first =
        parts[i].view({count, length, 3, heads, hidden / heads}).permute({2, 0, 3, 1, 4});
    const auto out = torch::scaled_dot_product_attention(heads_first[0], heads_first[1],
                                                         heads_first[2]);  // (count, heads, L, d)
    outputs.push_back(out.transpose(1, 2).reshape({std::int64_t{count} * length, hidden}));
  }
  return torch::cat(outputs, 0);
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
