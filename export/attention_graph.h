#pragma once

#include <cstdint>
#include <vector>

#include "export/graph_builder.h"

namespace arcsat {

/// Who sees whom in a packed sequence, and how it is cut: blocks of queries, each against the
/// stretch of keys that its turns can see, one after another in an ONNX Loop. So nothing is padded
/// and memory is linear in the length: the graph's answer to CrossPlan in model/cross_attention.h.
struct AttentionPlan {
  onnx::Value turn_of;        ///< (P) turn of each token, not falling
  onnx::Value start, end;     ///< (M) tokens of each turn
  onnx::Value first_seen;     ///< (M) first turn that a turn's tokens see
  onnx::Value last_token;     ///< scalar P - 1
  onnx::Value blocks, size;   ///< scalars: how many blocks, of how many queries
  onnx::Value bucket;         ///< (window' + 1) row of the bias table by turns apart
  std::int64_t farthest = 0;  ///< window': last index of `bucket`
};

/// The bias table's row for each number of turns apart, up to the window or where it stops
/// changing.
std::vector<std::int64_t> DistanceBuckets(int window);

/// A token sees its whole turn and the `window` turns before it, none before `first_turn` (M).
/// `most`: queries of a block.
AttentionPlan MakeAttentionPlan(onnx::Graph& g, const onnx::Value& token_count,
                                const onnx::Value& turn_of, const onnx::Value& start,
                                const onnx::Value& end, const onnx::Value& first_turn, int window,
                                int most);

/// (P, 3H) queries, keys and values side by side to (P, H). `bias` (heads or 1, rows): a row for
/// each bucket of the plan and, last, the one that hides; `rows` counts them all.
onnx::Value BlockAttention(onnx::Graph& g, const onnx::Value& qkv, const AttentionPlan& plan,
                           const onnx::Value& bias, std::int64_t rows, std::int64_t heads,
                           std::int64_t hidden);

}  // namespace arcsat
