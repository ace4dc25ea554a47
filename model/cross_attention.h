#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "model/turn_memory.h"

namespace arcsat {

/// Distances between turns share one learned bias from 8 on, in steps that double, so that a table
/// of fixed size serves any window. Buckets 0..kDistanceBuckets-1.
inline constexpr int kDistanceBuckets = 20;
int DistanceBucket(int turns_apart);

/// A stretch of queries of one conversation and the keys they may see. Turns and keys are counted
/// from the first that is remembered, queries from the first of the batch.
struct CrossStretch {
  int first_key = 0, first_query = 0, end = 0;  // turns: queries are [first_query, end)
  int query_begin = 0, query_count = 0;         // tokens
  int key_begin = 0, key_count = 0;
};

/// A stretch that is computed by itself, without padding.
struct CrossBlock {
  CrossStretch at;
  torch::Tensor query_turn;  // (query_count, query turns) one row a token: 1 at its turn
  torch::Tensor key_turn;    // (key turns, key_count): transposed, for the keys
  torch::Tensor bucket;      // (query turns * key turns) int64 row of the bias table
};

/// B stretches of like size that a GPU computes at once. All are filled up to the longest, Lq
/// queries of Tq turns and Lk keys of Tk turns, with tokens that nobody sees and nobody reads.
struct CrossGroup {
  std::int64_t stretches = 0, queries = 0, keys = 0, query_turns = 0, key_turns = 0;
  torch::Tensor query_row, key_row;  // (B * Lq), (B * Lk) int64 token of the batch
  torch::Tensor query_turn;          // (B, Lq, Tq) 1 at a token's turn
  torch::Tensor key_turn;            // (B, Tk, Lk)
  torch::Tensor bucket;              // (B * Tq * Tk) int64 row of the bias table
};

/// Who may attend to whom across turns: a token sees its whole turn and the `window` turns before
/// it. Built once a batch, used by every layer; memory is linear in the length of a conversation.
/// Either `blocks` or `groups` say so.
struct CrossPlan {
  std::vector<std::int64_t> conversation_tokens;  // (C)
  std::vector<std::vector<CrossBlock>> blocks;    // per conversation
  std::vector<CrossGroup> groups;
  torch::Tensor row_of;               // (T) int64 where a token comes out of the groups
  bool token_is_turn = false;         // every turn is one token: no expansion needed
  std::vector<TurnMemory*> memories;  // (C), or empty: nothing comes before the batch
  std::vector<std::int64_t> keep;     // (C) tokens to remember after the batch
};

/// How a plan is laid out. A CPU does best without padding, one conversation after the other; on a
/// GPU that is thousands of small kernels, so there conversations of like length go side by side.
/// kByDevice: groups on a GPU, where nothing is remembered from before the batch.
enum class CrossLayout { kByDevice, kBlocks, kGroups };

/// `turn_lengths` (N) tokens of each turn, `conversation_turns` (C) turns of each conversation.
/// With `memories` (C), which must outlive the plan, the turns are the next of conversations whose
/// earlier ones are remembered: their lengths are brought up to date here, their keys and values by
/// CrossTurnAttention, layer by layer. They cannot be laid out in groups.
CrossPlan MakeCrossPlan(const std::vector<int>& turn_lengths,
                        const std::vector<int>& conversation_turns, int window,
                        const torch::Device& device, const std::vector<TurnMemory*>& memories = {},
                        CrossLayout layout = CrossLayout::kByDevice);

/// Attention across turns with a bias by turn distance; `bias` (kDistanceBuckets + 1, heads), whose
/// last row is what is out of sight. (T, 3H) to (T, H). `layer`: whose keys and values the plan's
/// memories bring and keep, from 0.
torch::Tensor CrossTurnAttention(const torch::Tensor& qkv, const CrossPlan& plan,
                                 const torch::Tensor& bias, int heads, int layer);

/// The table that CrossTurnAttention reads: learned rows and, below them, the constant that hides.
torch::Tensor BiasTable(const torch::Tensor& learned);

}  // namespace arcsat
