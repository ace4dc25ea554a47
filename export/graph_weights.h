#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "export/graph_builder.h"

namespace arcsat {

/// How a graph keeps the encoder's weights and multiplies by them.
enum class Precision {
  kFloat32,
  /// Weights as whole numbers of -64..64 with a scale for each output, activations of 1..255 with a
  /// scale for each token, products and sums exact (on every x86: two products never pass 16 bits).
  /// A scale of its own makes a token's result depend on that token alone, so batch mates and later
  /// turns change no more than rounding does (a float's last digit can make a whole number
  /// another). One scale for the whole tensor, which runtimes use, would let the largest token
  /// decide.
  kInt8,
};

/// Puts tensors into a graph, each once however often it is used (ALBERT's layers are one).
class GraphWeights {
 public:
  explicit GraphWeights(onnx::Graph& g) : g_(g) {}

  onnx::Value Add(const std::string& name, const torch::Tensor& tensor);
  /// A bias table as BlockAttention reads it: (buckets, heads) to (heads, buckets + 1).
  onnx::Value AddBias(const std::string& name, const torch::Tensor& learned);
  /// x (P, in) · weightᵀ + bias to (P, out); the weights are `name`.weight and `name`.bias.
  onnx::Value Linear(const std::string& name, const onnx::Value& x, const torch::Tensor& weight,
                     const torch::Tensor& bias, Precision precision);
  /// Rows of `table` (rows, columns) at `indices` (P).
  onnx::Value Embed(const std::string& name, const torch::Tensor& table, const onnx::Value& indices,
                    Precision precision);

 private:
  /// A matrix as whole numbers with a scale a row.
  struct Quantised {
    onnx::Value values, scale;
  };
  Quantised AddQuantised(const std::string& name, const torch::Tensor& matrix, int most,
                         bool transposed);
  onnx::Value Constant(const std::string& name, onnx::Type type, const torch::Tensor& tensor);

  onnx::Graph& g_;
  std::map<std::pair<const void*, std::vector<std::int64_t>>, onnx::Value> values_;
  std::map<std::pair<const void*, std::vector<std::int64_t>>, Quantised> quantised_;
};

}  // namespace arcsat
