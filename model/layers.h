#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/encoder_config.h"
#include "model/parameters.h"
#include "model/turn_memory.h"

namespace arcsat {

/// The weights of one transformer layer of width H; query, key and value are one matrix, so that
/// one product makes all three.
struct LayerWeights {
  torch::Tensor qkv_weight, qkv_bias;                        // (3H, H), (3H)
  torch::Tensor out_weight, out_bias;                        // (H, H), (H)
  torch::Tensor attention_norm_weight, attention_norm_bias;  // (H), (H)
  torch::Tensor up_weight, up_bias;                          // (I, H), (I)
  torch::Tensor down_weight, down_bias;                      // (H, I), (H)
  torch::Tensor output_norm_weight, output_norm_bias;        // (H), (H)
};

/// All of them, as Recomputed() asks for.
std::vector<torch::Tensor> TensorsOf(const LayerWeights& weights);

struct LayerShape {
  int heads = 12;
  Activation activation = Activation::kGelu;
  double epsilon = 1e-12;
  double dropout = 0.1;     ///< of what each half of the layer adds; only in training
  bool norm_first = false;  ///< pre-norm, as in layers trained from scratch; BERT's are post-norm
};

/// Maps queries, keys and values side by side (T, 3H) to what each token attends to (T, H).
using Attention = std::function<torch::Tensor(const torch::Tensor& qkv)>;

torch::Tensor Activate(const torch::Tensor& x, Activation activation);

/// One layer over T packed tokens, (T, H) to (T, H).
torch::Tensor TransformerLayer(const torch::Tensor& x, const LayerWeights& weights,
                               const LayerShape& shape, const Attention& attention, bool training);

/// Attention inside each turn. The tokens lie in blocks of (how many turns, how long), so that
/// every block is dense: (count, length) with nothing padded or masked. (T, 3H) to (T, H). On a GPU
/// in half precision all turns at once by the flash kernel for turns of any length, for which
/// `bounds` (turns + 1, int32) says where each begins, and the end.
torch::Tensor LocalAttention(const torch::Tensor& qkv,
                             const std::vector<std::pair<int, int>>& blocks,
                             const torch::Tensor& bounds, int heads);

/// Distances between turns share one learned bias from 8 on, in steps that double, so that a table
/// of fixed size serves any window. Buckets 0..kDistanceBuckets-1.
inline constexpr int kDistanceBuckets = 20;
int DistanceBucket(int turns_apart);

/// A stretch of queries of one conversation and the keys they may see.
struct CrossBlock {
  int query_begin = 0, query_count = 0;  // tokens, counted inside the conversation
  int key_begin = 0, key_count = 0;
  int query_turns = 0, key_turns = 0;
  torch::Tensor query_turn;  // (query_count, query_turns) one row a token: 1 at its turn
  torch::Tensor key_turn;    // (key_turns, key_count): transposed, for the keys
  torch::Tensor bucket;      // (query_turns * key_turns) int64 row of the bias table
};

/// Who may attend to whom across turns: a token sees its whole turn and the `window` turns before
/// it. Built once a batch, used by every layer; memory is linear in the length of a conversation.
struct CrossPlan {
  std::vector<std::int64_t> conversation_tokens;  // (C)
  std::vector<std::vector<CrossBlock>> blocks;    // per conversation
  bool token_is_turn = false;                     // every turn is one token: no expansion needed
  std::vector<TurnMemory*> memories;              // (C), or empty: nothing comes before the batch
  std::vector<std::int64_t> keep;                 // (C) tokens to remember after the batch
};

/// `turn_lengths` (N) tokens of each turn, `conversation_turns` (C) turns of each conversation.
/// With `memories` (C), which must outlive the plan, the turns are the next of conversations whose
/// earlier ones are remembered: their lengths are brought up to date here, their keys and values by
/// CrossTurnAttention, layer by layer.
CrossPlan MakeCrossPlan(const std::vector<int>& turn_lengths,
                        const std::vector<int>& conversation_turns, int window,
                        const torch::Device& device, const std::vector<TurnMemory*>& memories = {});

/// Attention across turns with a bias by turn distance; `bias` (kDistanceBuckets + 1, heads), whose
/// last row is what is out of sight. (T, 3H) to (T, H). `layer`: whose keys and values the plan's
/// memories bring and keep, from 0.
torch::Tensor CrossTurnAttention(const torch::Tensor& qkv, const CrossPlan& plan,
                                 const torch::Tensor& bias, int heads, int layer);

/// The table that CrossTurnAttention reads: learned rows and, below them, the constant that hides.
torch::Tensor BiasTable(const torch::Tensor& learned);

/// Weights of a layer from scratch: normal(0, 0.02), as BERT's, and identity norms.
LayerWeights MakeLayer(const std::string& name, int hidden, int intermediate, int depth,
                       Initialiser* initialiser, ParameterSet* parameters);

}  // namespace arcsat
