#include "export/attention_graph.h"

#include <algorithm>
#include <cmath>

#include "model/layers.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

/// What one block of queries needs to know, scalars unless said.
struct Block {
  Value queries;  // (Q) tokens; the last block repeats the last token
  Value first_query_turn;
  Value first_key_turn, end_turn;
  Value key_begin, key_end;  // (1) tokens
};

Block LocateBlock(Graph& g, const Value& iteration, const AttentionPlan& plan) {
  Block block;
  const Value begin = g.Mul(iteration, plan.size);
  block.queries = g.Min(g.Range(begin, g.Add(begin, plan.size)), plan.last_token);
  const Value first = g.Min(begin, plan.last_token);
  const Value last = g.Min(g.Sub(g.Add(begin, plan.size), g.Int(1)), plan.last_token);
  block.first_query_turn = g.Gather(plan.turn_of, first);
  const Value last_turn = g.Gather(plan.turn_of, last);
  block.end_turn = g.Add(last_turn, g.Int(1));
  block.first_key_turn = g.Gather(plan.first_seen, block.first_query_turn);
  block.key_begin = g.Unsqueeze(g.Gather(plan.start, block.first_key_turn), 0);
  block.key_end = g.Unsqueeze(g.Gather(plan.end, last_turn), 0);
  return block;
}

/// The bias between the block's queries and keys (heads or 1, Q, K): looked up by pairs of turns,
/// then spread over tokens, so that the table is read once a pair of turns.
Value BlockBias(Graph& g, const Block& block, const AttentionPlan& plan, const Value& bias,
                std::int64_t rows) {
  const auto scope = g.Enter("bias");
  const Value queries = g.Range(block.first_query_turn, block.end_turn);
  const Value keys = g.Unsqueeze(g.Range(block.first_key_turn, block.end_turn), 0);
  const Value apart = g.Sub(g.Unsqueeze(queries, 1), keys);
  const Value first_seen = g.Unsqueeze(g.Gather(plan.first_seen, queries), 1);
  const Value visible = g.And(g.AtLeast(apart, g.Int(0)), g.AtLeast(keys, first_seen));
  const Value bounded = g.Max(g.Min(apart, g.Int(plan.farthest)), g.Int(0));
  const Value row = g.Where(visible, g.Gather(plan.bucket, bounded), g.Int(rows - 1));
  const Value by_turn = g.Gather(bias, row, 1);  // (heads, query turns, key turns)
  const Value key_turn =
      g.Sub(g.Slice(plan.turn_of, block.key_begin, block.key_end, 0), block.first_key_turn);
  const Value query_turn = g.Sub(g.Gather(plan.turn_of, block.queries), block.first_query_turn);
  return g.Gather(g.Gather(by_turn, key_turn, 2), query_turn, 1);
}

}  // namespace

std::vector<std::int64_t> DistanceBuckets(int window) {
  constexpr int kLastEdge = 384;  // farther turns share the last bucket
  std::vector<std::int64_t> buckets;
  for (int apart = 0; apart <= std::min(window, kLastEdge); ++apart) {
    buckets.push_back(DistanceBucket(apart));
  }
  return buckets;
}

AttentionPlan MakeAttentionPlan(Graph& g, const Value& token_count, const Value& turn_of,
                                const Value& start, const Value& end, const Value& first_turn,
                                int window, int most) {
  AttentionPlan plan;
  plan.turn_of = turn_of;
  plan.start = start;
  plan.end = end;
  const Value turns = g.Range(g.Int(0), g.Size(start, 0));
  plan.first_seen = g.Max(first_turn, g.Sub(turns, g.Int(window)));
  plan.last_token = g.Sub(token_count, g.Int(1));
  // As many blocks as needed, then all of one size: the last is not nearly empty.
  const auto divide_up = [&](const Value& a, const Value& b) {
    return g.Div(g.Add(a, g.Sub(b, g.Int(1))), b);
  };
  plan.blocks = divide_up(token_count, g.Int(most));
  plan.size = divide_up(token_count, plan.blocks);
  const std::vector<std::int64_t> buckets = DistanceBuckets(window);
  plan.farthest = static_cast<std::int64_t>(buckets.size()) - 1;
  plan.bucket = g.Ints(buckets);
  return plan;
}

Value BlockAttention(Graph& g, const Value& qkv, const AttentionPlan& plan, const Value& bias,
                     std::int64_t rows, std::int64_t heads, std::int64_t hidden) {
  const std::int64_t head = hidden / heads;
  const auto parts =
      g.Ops("Split", {qkv}, 3, {{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{3}}});
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head)));
  const Value q =
      g.Transpose(g.Reshape(g.Mul(parts[0], g.Float(scale)), {-1, heads, head}), {1, 0, 2});
  const Value k = g.Transpose(g.Reshape(parts[1], {-1, heads, head}), {1, 2, 0});
  const Value v = g.Transpose(g.Reshape(parts[2], {-1, heads, head}), {1, 0, 2});

  Graph body = g.Body("body");
  Value stacked;
  {
    const auto scope = g.Enter("block");
    const Value iteration = body.BodyInput("iteration", Type::kInt64);
    const Value condition = body.BodyInput("condition", Type::kBool);
    const Value go_on = body.Op("Identity", {condition});
    const Block block = LocateBlock(body, iteration, plan);
    const Value keys = body.Slice(k, block.key_begin, block.key_end, 2);
    const Value values = body.Slice(v, block.key_begin, block.key_end, 1);
    const Value scores = body.Add(body.MatMul(body.Gather(q, block.queries, 1), keys),
                                  BlockBias(body, block, plan, bias, rows));
    const Value weights = body.Op("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
    const Value out = body.Transpose(body.MatMul(weights, values), {1, 0, 2});  // (Q, heads, d)
    body.BodyOutput(go_on, Type::kBool);
    body.BodyOutput(out, Type::kFloat);
  }
  stacked = g.Loop(plan.blocks, body);  // (blocks, Q, heads, d)
  const Value count = g.Unsqueeze(g.Add(plan.last_token, g.Int(1)), 0);
  return g.Slice(g.Reshape(stacked, {-1, hidden}), g.Ints({0}), count, 0);
}

}  // namespace arcsat
