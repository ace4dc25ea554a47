#include "model/layers.h"

#include <ATen/ops/_flash_attention_forward.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/batch.h"

namespace arcsat {
namespace {

/// Far below any score, yet finite: it passes through products with zero unharmed, and its
/// exponential is exactly 0.
constexpr double kHidden = -1e9;
/// Queries of a long conversation go through in stretches of about this many tokens.
constexpr int kQueryTokens = 1024;

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
  if (qkv.is_cuda() && (type == torch::kBFloat16 || type == torch::kFloat16)) {
    return FlashLocalAttention(qkv, bounds, blocks.back().second, heads);  // longest last
  }
  const auto hidden = qkv.size(1) / 3;
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

int DistanceBucket(int turns_apart) {
  if (turns_apart < 8) return turns_apart;
  constexpr int kEdges[] = {12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384};
  const auto* edge = std::upper_bound(std::begin(kEdges), std::end(kEdges), turns_apart);
  return 8 + static_cast<int>(edge - std::begin(kEdges));
}

namespace {

/// One-hot rows that spread a value of turns [begin, end) over their tokens: (tokens, end - begin).
torch::Tensor Spread(const std::vector<int>& lengths, int begin, int end, int tokens) {
  torch::Tensor spread = torch::zeros({tokens, end - begin});
  float* at = spread.data_ptr<float>();
  for (int turn = begin; turn < end; ++turn) {
    const int length = lengths[static_cast<std::size_t>(turn)];
    for (int t = 0; t < length; ++t, at += end - begin) at[turn - begin] = 1;
  }
  return spread;
}

torch::Tensor Buckets(int first_query, int queries, int first_key, int keys, int window) {
  torch::Tensor bucket = torch::empty({std::int64_t{queries} * keys}, torch::kInt64);
  std::int64_t* at = bucket.data_ptr<std::int64_t>();
  for (int q = first_query; q < first_query + queries; ++q) {
    for (int k = first_key; k < first_key + keys; ++k) {
      const int apart = q - k;
      *at++ = apart < 0 || apart > window ? kDistanceBuckets : DistanceBucket(apart);
    }
  }
  return bucket;
}

/// The blocks of one conversation, by the lengths of its turns. The first `past` ones are
/// remembered: keys without queries.
std::vector<CrossBlock> ConversationBlocks(const std::vector<int>& lengths, int past, int window,
                                           bool token_is_turn, const torch::Device& device) {
  const int turns = static_cast<int>(lengths.size());
  std::vector<int> start{0};
  for (const int length : lengths) start.push_back(start.back() + length);
  const auto begin_of = [&](int turn) { return start[static_cast<std::size_t>(turn)]; };
  std::vector<CrossBlock> blocks;
  for (int q = past; q < turns;) {
    int end = q + 1;
    while (end < turns && begin_of(end + 1) - begin_of(q) <= kQueryTokens) ++end;
    const int k = std::max(0, q - window);
    CrossBlock block;
    block.query_begin = begin_of(q) - begin_of(past);
    block.query_count = begin_of(end) - begin_of(q);
    block.key_begin = begin_of(k);
    block.key_count = begin_of(end) - begin_of(k);
    block.query_turns = end - q;
    block.key_turns = end - k;
    if (!token_is_turn) {
      block.query_turn = MoveTo(Spread(lengths, q, end, block.query_count), device);
      block.key_turn = MoveTo(Spread(lengths, k, end, block.key_count).t().contiguous(), device);
    }
    block.bucket = MoveTo(Buckets(q, end - q, k, end - k, window), device);
    blocks.push_back(std::move(block));
    q = end;
  }
  return blocks;
}

/// `q` (heads, Lq, d), `k` and `v` (heads, Lk, d) of one block to (heads, Lq, d).
torch::Tensor Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const CrossBlock& block, const torch::Tensor& bias) {
  auto by_turn = bias.index_select(0, block.bucket)
                     .view({block.query_turns, block.key_turns, bias.size(1)})
                     .permute({2, 0, 1});  // (heads, query turns, key turns)
  if (block.query_turn.defined()) {
    by_turn = torch::matmul(torch::matmul(block.query_turn, by_turn), block.key_turn);
  }
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
  const auto scores = torch::baddbmm(by_turn.to(q.dtype()), q, k.transpose(1, 2), 1.0, scale);
  return torch::bmm(torch::softmax(scores, -1), v);
}

}  // namespace

CrossPlan MakeCrossPlan(const std::vector<int>& turn_lengths,
                        const std::vector<int>& conversation_turns, int window,
                        const torch::Device& device, const std::vector<TurnMemory*>& memories) {
  CrossPlan plan;
  plan.memories = memories;
  const auto is_one = [](int length) { return length == 1; };
  plan.token_is_turn = std::all_of(turn_lengths.begin(), turn_lengths.end(), is_one) &&
                       std::all_of(memories.begin(), memories.end(), [&](const TurnMemory* memory) {
                         return std::all_of(memory->lengths.begin(), memory->lengths.end(), is_one);
                       });
  auto next = turn_lengths.begin();
  for (std::size_t c = 0; c < conversation_turns.size(); ++c) {
    std::vector<int> lengths;
    if (!memories.empty()) lengths = memories[c]->lengths;
    const int past = static_cast<int>(lengths.size());
    lengths.insert(lengths.end(), next, next + conversation_turns[c]);
    next += conversation_turns[c];
    plan.blocks.push_back(ConversationBlocks(lengths, past, window, plan.token_is_turn, device));
    const CrossBlock& last = plan.blocks.back().back();
    plan.conversation_tokens.push_back(last.query_begin + last.query_count);
    if (memories.empty()) continue;
    const auto surplus = static_cast<std::ptrdiff_t>(lengths.size()) - window;
    if (surplus > 0) lengths.erase(lengths.begin(), lengths.begin() + surplus);
    plan.keep.push_back(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}));
    memories[c]->lengths = std::move(lengths);
  }
  return plan;
}

namespace {

/// Puts what conversation `c` remembers at `layer` before its new `keys_values` (L, 2H), and
/// remembers what its next turns will see.
torch::Tensor Recall(const CrossPlan& plan, std::size_t c, std::size_t layer,
                     const torch::Tensor& keys_values) {
  if (plan.memories.empty()) return keys_values;
  std::vector<KeysValues>& layers = plan.memories[c]->layers;
  if (layers.size() <= layer) layers.resize(layer + 1);
  auto all = layers[layer].Append(keys_values);
  layers[layer].KeepLast(plan.keep[c]);
  return all;
}

}  // namespace

torch::Tensor CrossTurnAttention(const torch::Tensor& qkv, const CrossPlan& plan,
                                 const torch::Tensor& bias, int heads, int layer) {
  const auto hidden = qkv.size(1) / 3, head = hidden / heads;
  const auto parts = qkv.split_with_sizes(plan.conversation_tokens, 0);
  std::vector<torch::Tensor> outputs;
  for (std::size_t c = 0; c < parts.size(); ++c) {
    const auto sides = parts[c].split_with_sizes({hidden, 2 * hidden}, 1);
    const auto q = sides[0].unflatten(1, {heads, head}).transpose(0, 1);  // (heads, L, d)
    const auto keys_values = Recall(plan, c, static_cast<std::size_t>(layer), sides[1])
                                 .unflatten(1, {2, heads, head})
                                 .permute({1, 2, 0, 3})
                                 .unbind(0);
    const torch::Tensor &k = keys_values[0], &v = keys_values[1];  // (heads, keys, d)
    for (const CrossBlock& block : plan.blocks[c]) {
      const auto out = Attend(q.narrow(1, block.query_begin, block.query_count),
                              k.narrow(1, block.key_begin, block.key_count),
                              v.narrow(1, block.key_begin, block.key_count), block, bias);
      outputs.push_back(out.transpose(0, 1).reshape({block.query_count, hidden}));
    }
  }
  return torch::cat(outputs, 0);
}

torch::Tensor BiasTable(const torch::Tensor& learned) {
  return torch::cat({learned, torch::full({1, learned.size(1)}, kHidden, learned.options())}, 0);
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
