#include "model/local_attention.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "model/parallel.h"

namespace arcsat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using TurnBlocks = std::vector<std::pair<int, int>>;

/// Variable-length attention of the GPU's flash kernel: all turns at once, no padding.
torch::Tensor FlashLocalAttention(const torch::Tensor& qkv, const torch::Tensor& bounds,
                                  int longest, int heads) {
  const auto head = qkv.size(1) / 3 / heads;
  const auto parts = qkv.view({-1, 3, heads, head}).unbind(1);
  const auto out = at::_flash_attention_forward(parts[0], parts[1], parts[2], bounds, bounds,
                                                longest, longest, 0.0, false, false);
  return std::get<0>(out).reshape({qkv.size(0), heads * head});
}

/// The same blocks in pieces of some hundred tokens, so that turns of one length, as where many are
/// cut at the longest, are not one thread's work. No turn sees another, so the result is the same.
TurnBlocks Pieces(const TurnBlocks& blocks) {
  constexpr int kTokens = 512;
  TurnBlocks pieces;
  for (const auto& [count, length] : blocks) {
    const int turns = std::max(1, kTokens / length);
    for (int at = 0; at < count; at += turns) {
      pieces.emplace_back(std::min(turns, count - at), length);
    }
  }
  return pieces;
}

/// Where the rows of each block begin.
std::vector<std::int64_t> FirstRows(const TurnBlocks& blocks) {
  std::vector<std::int64_t> first;
  std::int64_t at = 0;
  for (const auto& [count, length] : blocks) {
    first.push_back(at);
    at += std::int64_t{count} * length;
  }
  return first;
}

/// use(i) for every block, each by one thread: a block's own work is too small to be shared out,
/// and waiting for each other took longer than the arithmetic. The longest, which are last, begin.
template <typename Use>
void ForEachBlock(std::size_t count, const Use& use) {
  const auto threads = static_cast<std::size_t>(at::get_num_threads());
  if (threads == 1 || count < 2 || at::in_parallel_region()) {
    for (std::size_t i = 0; i < count; ++i) use(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  const at::ThreadLocalState state;
  ParallelFor(0, static_cast<std::int64_t>(std::min(threads, count)), 1,
              [&](std::int64_t begin, std::int64_t end) {
                const at::ThreadLocalStateGuard guard(state);
                for (; begin < end; ++begin) {
                  for (std::size_t i; (i = next++) < count;) use(count - 1 - i);
                }
              });
}

/// Rows of one block as (count, heads, length, d), a view. `x` is (T, heads * d).
torch::Tensor HeadsOf(const torch::Tensor& x, std::int64_t first, const std::pair<int, int>& block,
                      int heads) {
  const auto [count, length] = block;
  return x.narrow(0, first, std::int64_t{count} * length)
      .view({count, length, heads, x.size(1) / heads})
      .transpose(1, 2);
}

/// The same of queries, keys and values, from (T, 3H).
std::array<torch::Tensor, 3> QkvOf(const torch::Tensor& qkv, std::int64_t first,
                                   const std::pair<int, int>& block, int heads) {
  const auto hidden = qkv.size(1) / 3;
  std::array<torch::Tensor, 3> parts;
  for (std::int64_t p = 0; p < 3; ++p) {
    parts[static_cast<std::size_t>(p)] =
        HeadsOf(qkv.narrow(1, p * hidden, hidden), first, block, heads);
  }
  return parts;
}

/// The processor's flash kernel block by block, with the results and gradients put where they
/// belong. Left to autograd, every block and part makes a whole gradient of zeros to add to.
class BlockAttention : public torch::autograd::Function<BlockAttention> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& qkv,
                               const TurnBlocks& blocks, std::int64_t heads) {
    auto out = qkv.new_empty({qkv.size(0), qkv.size(1) / 3});
    variable_list saved(blocks.size());  // log-sum-exp of each block
    const auto first = FirstRows(blocks);
    ForEachBlock(blocks.size(), [&](std::size_t i) {
      const auto [q, k, v] = QkvOf(qkv, first[i], blocks[i], static_cast<int>(heads));
      const auto [attended, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(q, k, v);
      HeadsOf(out, first[i], blocks[i], static_cast<int>(heads)).copy_(attended);
      saved[i] = logsumexp;
    });
    saved.insert(saved.end(), {qkv, out});
    context->save_for_backward(std::move(saved));
    context->saved_data["heads"] = heads;
    std::vector<std::int64_t> shape;
    for (const auto& [count, length] : blocks) shape.insert(shape.end(), {count, length});
    context->saved_data["blocks"] = shape;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto heads = static_cast<int>(context->saved_data["heads"].toInt());
    const auto shape = context->saved_data["blocks"].toIntVector();
    TurnBlocks blocks;
    for (std::size_t i = 0; i < shape.size(); i += 2) {
      blocks.emplace_back(static_cast<int>(shape[i]), static_cast<int>(shape[i + 1]));
    }
    const auto &qkv = saved[blocks.size()], &out = saved[blocks.size() + 1];
    const auto gradient = gradients[0].contiguous();
    auto to = torch::empty_like(qkv);
    const auto first = FirstRows(blocks);
    ForEachBlock(blocks.size(), [&](std::size_t i) {
      const auto [q, k, v] = QkvOf(qkv, first[i], blocks[i], heads);
      const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          HeadsOf(gradient, first[i], blocks[i], heads), q, k, v,
          HeadsOf(out, first[i], blocks[i], heads), saved[i], 0.0, false);
      const auto into = QkvOf(to, first[i], blocks[i], heads);
      into[0].copy_(dq);
      into[1].copy_(dk);
      into[2].copy_(dv);
    });
    return {to, torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor LocalAttention(const torch::Tensor& qkv, const TurnBlocks& blocks,
                             const torch::Tensor& bounds, int heads) {
  const auto type = qkv.scalar_type();
  const auto hidden = qkv.size(1) / 3;
  if (qkv.is_cpu()) {
    return BlockAttention::apply(qkv.contiguous(), Pieces(blocks), std::int64_t{heads});
  }
  constexpr int kAligned = 8, kWidest = 256;  // a head, for the kernel
  const bool fits = hidden / heads % kAligned == 0 && hidden / heads <= kWidest;
  if (fits && (type == torch::kBFloat16 || type == torch::kFloat16)) {
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
        parts[i].view({count, length, 3, heads, hidden / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
    const auto out = torch::scaled_dot_product_attention(heads_first[0], heads_first[1],
                                                         heads_first[2]);  // (count, heads, L, d)
    outputs.push_back(out.transpose(1, 2).reshape({std::int64_t{count} * length, hidden}));
  }
  return torch::cat(outputs, 0);
}

}  // namespace arcsat
