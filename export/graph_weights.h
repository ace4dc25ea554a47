#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "export/graph_builder.h"
#include "export/precision.h"

namespace arcsat {

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
  onnx::Value AddHalf(const std::string& name, const torch::Tensor& tensor);
  onnx::Value Constant(const std::string& name, onnx::Type type, const torch::Tensor& tensor);

  onnx::Graph& g_;
  std::map<std::pair<const void*, std::vector<std::int64_t>>, onnx::Value> values_, halves_;
  std::map<std::pair<const void*, std::vector<std::int64_t>>, Quantised> quantised_;
};

}  // namespace arcsat
