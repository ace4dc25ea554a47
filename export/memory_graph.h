#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "export/graph_builder.h"

namespace arcsat {

/// What a streaming graph remembers of the turns before, and attention to it: an input
/// `past_NAME` (layers, tokens remembered, 2H) of keys and values side by side, and an output
/// `present_NAME` that is the next turn's input, of the last `window` turns. Where a turn has
/// several tokens, `past_NAME_lengths` (turns remembered) tells how many each has. Nothing
/// remembered at first: the varying axis is 0. The graph's answer to TurnMemory in model/layers.h.
class GraphMemory {
 public:
  struct Shape {
    std::int64_t layers = 0, hidden = 0, heads = 0;
    int window = 0;
    bool token_is_turn = false;
  };
  /// Adds the inputs. `tokens`: how many the new turn has, a scalar.
  GraphMemory(onnx::Graph& g, const std::string& name, const Shape& shape,
              const onnx::Value& tokens);

  /// The next layer's attention: the new turn's queries against all keys, remembered and new, none
  /// hidden. qkv (L, 3H) to (L, H). `bias` (heads, rows) by turns apart.
  onnx::Value Attend(const onnx::Value& qkv, const onnx::Value& bias);

  /// Adds the outputs, after the last layer.
  void Finish();

 private:
  onnx::Graph& g_;
  std::string name_;
  Shape shape_;
  onnx::Value past_, row_, keep_, total_, lengths_;
  std::vector<onnx::Value> layers_;  ///< what is kept of each so far
};

/// Attention of tokens that all see each other: (L, 3H) to (L, H).
onnx::Value DenseAttention(onnx::Graph& g, const onnx::Value& qkv, std::int64_t heads,
                           std::int64_t hidden);

}  // namespace arcsat
