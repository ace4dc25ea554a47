#include "model/cross_attention.h"

#include <ATen/ops/_scaled_dot_product_efficient_attention.h>

#include <cmath>

namespace arcsat {
namespace {

/// Far below any score, yet finite: it passes through products with zero unharmed, and its
/// exponential is exactly 0.
constexpr double kHidden = -1e9;

/// `q` (heads, Lq, d), `k` and `v` (heads, Lk, d) of one block to (heads, Lq, d).
torch::Tensor Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const CrossBlock& block, const torch::Tensor& bias) {
  const CrossStretch& at = block.at;
  auto by_turn = bias.index_select(0, block.bucket)
                     .view({at.end - at.first_query, at.end - at.first_key, bias.size(1)})
                     .permute({2, 0, 1});  // (heads, query turns, key turns)
  if (block.query_turn.defined()) {
    by_turn = torch::matmul(torch::matmul(block.query_turn, by_turn), block.key_turn);
  }
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
  const auto scores = torch::baddbmm(by_turn.to(q.dtype()), q, k.transpose(1, 2), 1.0, scale);
  return torch::bmm(torch::softmax(scores, -1), v);
}

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

/// The bias of every query and key of a group, (B, heads, Lq, Lk), without a copy of the heads.
torch::Tensor BiasOf(const CrossGroup& group, const torch::Tensor& bias) {
  const auto heads = bias.size(1);
  const auto by_turn = bias.index_select(0, group.bucket)
                           .view({group.stretches, group.query_turns, group.key_turns, heads})
                           .transpose(2, 3);  // (B, Tq, heads, Tk)
  if (!group.query_turn.defined()) return by_turn.transpose(1, 2).contiguous();
  const auto by_query = torch::bmm(group.query_turn, by_turn.flatten(2))
                            .view({group.stretches, group.queries * heads, group.key_turns});
  return torch::bmm(by_query, group.key_turn)
      .view({group.stretches, group.queries, heads, group.keys})
      .transpose(1, 2);
}

/// Softmax of `q` (B, heads, Lq, d) by `k`, with a bias that learns. On a GPU by the kernel that
/// has the bias's gradient; scaled_dot_product_attention may choose cuDNN's, which has none.
torch::Tensor Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const torch::Tensor& bias) {
  constexpr int kAligned = 8;  // elements
  if (!q.is_cuda() || q.size(3) % kAligned != 0) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
    const auto scores = torch::matmul(q, k.transpose(2, 3)) * scale + bias;
    return torch::matmul(torch::softmax(scores, -1), v);
  }
  return std::get<0>(at::_scaled_dot_product_efficient_attention(q, k, v, bias,
                                                                 /*compute_log_sumexp=*/true));
}

torch::Tensor GroupedAttention(const torch::Tensor& qkv, const CrossPlan& plan,
                               const torch::Tensor& bias, int heads) {
  const auto hidden = qkv.size(1) / 3, head = hidden / heads;
  const auto sides = qkv.split_with_sizes({hidden, 2 * hidden}, 1);
  std::vector<torch::Tensor> outputs;
  for (const CrossGroup& group : plan.groups) {
    const auto q = sides[0]
                       .index_select(0, group.query_row)
                       .view({group.stretches, group.queries, heads, head})
                       .transpose(1, 2);  // (B, heads, Lq, d)
    const auto keys_values = sides[1]
                                 .index_select(0, group.key_row)
                                 .view({group.stretches, group.keys, 2, heads, head})
                                 .permute({2, 0, 3, 1, 4})
                                 .unbind(0);
    const auto out = Attend(q, keys_values[0], keys_values[1], BiasOf(group, bias).to(q.dtype()));
    outputs.push_back(out.transpose(1, 2).reshape({group.stretches * group.queries, hidden}));
  }
  return torch::cat(outputs, 0).index_select(0, plan.row_of);
}

}  // namespace

torch::Tensor CrossTurnAttention(const torch::Tensor& qkv, const CrossPlan& plan,
                                 const torch::Tensor& bias, int heads, int layer) {
  if (!plan.groups.empty()) return GroupedAttention(qkv, plan, bias, heads);
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
      const CrossStretch& at = block.at;
      const auto out = Attend(q.narrow(1, at.query_begin, at.query_count),
                              k.narrow(1, at.key_begin, at.key_count),
                              v.narrow(1, at.key_begin, at.key_count), block, bias);
      outputs.push_back(out.transpose(0, 1).reshape({at.query_count, hidden}));
    }
  }
  return torch::cat(outputs, 0);
}

torch::Tensor BiasTable(const torch::Tensor& learned) {
  return torch::cat({learned, torch::full({1, learned.size(1)}, kHidden, learned.options())}, 0);
}

}  // namespace arcsat
