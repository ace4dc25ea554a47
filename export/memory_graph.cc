#include "export/memory_graph.h"

#include <algorithm>
#include <cmath>

#include "export/attention_graph.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

/// (N, H) to (heads, N, d).
Value ByHead(Graph& g, const Value& x, std::int64_t heads, std::int64_t hidden) {
  return g.Transpose(g.Reshape(x, {-1, heads, hidden / heads}), {1, 0, 2});
}

/// Columns begin..end of x (N, …).
Value SliceColumns(Graph& g, const Value& x, std::int64_t begin, std::int64_t end) {
  return g.Slice(x, g.Ints({begin}), g.Ints({end}), 1);
}

/// q (L, H) against keys and values side by side (K, 2H); `bias` broadcasts to (heads, L, K), or is
/// null.
Value AttendTo(Graph& g, const Value& q, const Value& kv, const Value* bias, std::int64_t heads,
               std::int64_t hidden) {
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(hidden / heads)));
  const Value queries = ByHead(g, g.Mul(q, g.Float(scale)), heads, hidden);
  const Value keys = g.Transpose(
      g.Reshape(SliceColumns(g, kv, 0, hidden), {-1, heads, hidden / heads}), {1, 2, 0});
  const Value values = ByHead(g, SliceColumns(g, kv, hidden, 2 * hidden), heads, hidden);
  Value scores = g.MatMul(queries, keys);
  if (bias != nullptr) scores = g.Add(scores, *bias);
  const Value weights = g.Op("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  return g.Reshape(g.Transpose(g.MatMul(weights, values), {1, 0, 2}), {-1, hidden});
}

}  // namespace

Value DenseAttention(Graph& g, const Value& qkv, std::int64_t heads, std::int64_t hidden) {
  return AttendTo(g, SliceColumns(g, qkv, 0, hidden), SliceColumns(g, qkv, hidden, 3 * hidden),
                  nullptr, heads, hidden);
}

GraphMemory::GraphMemory(Graph& g, const std::string& name, const Shape& shape, const Value& tokens)
    : g_(g), name_(name), shape_(shape) {
  past_ =
      g.Input("past_" + name, Type::kFloat, {shape.layers, "remembered_" + name, 2 * shape.hidden},
              "keys and values of earlier turns: present_" + name + " of the turn before");
  const Value one = g.Unsqueeze(tokens, 0);
  const Value before = g.Size(past_, 1);
  if (!shape.token_is_turn) {
    const Value past = g.Input("past_" + name + "_lengths", Type::kInt64, {"remembered_turns"},
                               "tokens of each of those turns");
    lengths_ = g.Concat({past, one}, 0);
  }
  const auto scope = g.Enter("memory");
  total_ = g.Add(before, tokens);
  const Value each = g.Range(g.Int(0), total_);
  const Value turns = shape.token_is_turn ? total_ : g.Size(lengths_, 0);
  const Value last = g.Sub(turns, g.Int(1));
  // The oldest turns go: the next turn sees `window` before its own.
  const Value drop = g.Max(g.Sub(turns, g.Int(shape.window)), g.Int(0));
  Value turn_of = each;
  keep_ = g.Unsqueeze(drop, 0);
  if (!shape.token_is_turn) {
    const Value end = g.CumSum(lengths_, /*exclusive=*/false);  // (turns)
    const Value passed = g.AtLeast(g.Unsqueeze(each, 1), g.Unsqueeze(end, 0));
    turn_of = g.Reduce("Sum", g.Cast(passed, Type::kInt64), 1);
    keep_ = g.Unsqueeze(g.Gather(g.Concat({g.Ints({0}), end}, 0), drop), 0);
    lengths_ = g.Slice(lengths_, g.Unsqueeze(drop, 0), g.Unsqueeze(turns, 0), 0);
  }
  const auto buckets = DistanceBuckets(shape.window);
  const auto farthest = static_cast<std::int64_t>(buckets.size()) - 1;
  row_ = g.Gather(g.Ints(buckets), g.Min(g.Sub(last, turn_of), g.Int(farthest)));  // (K)
}

Value GraphMemory::Attend(const Value& qkv, const Value& bias) {
  const std::int64_t hidden = shape_.hidden;
  const Value past = g_.Gather(past_, g_.Int(static_cast<std::int64_t>(layers_.size())));
  const Value all = g_.Concat({past, SliceColumns(g_, qkv, hidden, 3 * hidden)}, 0);  // (K, 2H)
  layers_.push_back(g_.Unsqueeze(g_.Slice(all, keep_, g_.Unsqueeze(total_, 0), 0), 0));
  const Value by_key = g_.Unsqueeze(g_.Gather(bias, row_, 1), 1);  // (heads, 1, K)
  return AttendTo(g_, SliceColumns(g_, qkv, 0, hidden), all, &by_key, shape_.heads, hidden);
}

void GraphMemory::Finish() {
  g_.Output("present_" + name_, g_.Concat(layers_, 0), Type::kFloat,
            {shape_.layers, "kept_" + name_, 2 * shape_.hidden},
            "keys and values to remember: the next turn's past_" + name_);
  if (shape_.token_is_turn) return;
  g_.Output("present_" + name_ + "_lengths", lengths_, Type::kInt64, {"kept_turns"},
            "tokens of each of those turns");
}

}  // namespace arcsat
