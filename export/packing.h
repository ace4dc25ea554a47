#pragma once

#include "export/graph_builder.h"

namespace arcsat {

/// The padded inputs laid out without padding: tokens conversation by conversation, turn by turn.
///
///   B conversations, N turns at most, T tokens at most in a turn (the padded axes)
///   M turns and P tokens that are there, and at the end of both one that stands for "no such turn"
///
/// With that one more, nothing that follows is ever empty, and what does not exist has a place to
/// point at.
struct PackedInputs {
  onnx::Value ids, positions, turn_of;  ///< (P) token id, place in its turn, number of the turn
  onnx::Value start, end;               ///< (M) first token of a turn, and past its last
  onnx::Value lengths;                  ///< (M)
  onnx::Value speaker, channel;         ///< (M)
  onnx::Value features;                 ///< (M, 3) log1p(gap), whether it is known, log1p(place)
  onnx::Value first_turn;               ///< (M) the first turn of the same conversation
  onnx::Value turn_at;                  ///< (B, N) number of the turn, M - 1 where there is none
  onnx::Value exists;                   ///< (B, N) bool
  onnx::Value is_customer;              ///< (B, N) bool
  onnx::Value last_turn;                ///< (B) number of the last turn, M - 1 where none
  onnx::Value token_count, turn_count;  ///< scalars P, M
};

/// What the conversation encoder is told of a turn beside its words (M, 3): log1p of the seconds
/// since the turn before, whether they are known (0 or more), and log1p of its place (M) from 0.
onnx::Value TurnFeatures(onnx::Graph& g, const onnx::Value& gap_seconds, const onnx::Value& place);

/// Adds the graph's inputs (docs/bundle.md) and packs them.
PackedInputs PackInputs(onnx::Graph& g, std::int64_t pad_id);

}  // namespace arcsat
