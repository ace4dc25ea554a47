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

// What the inputs of every graph mean, in words.
inline constexpr const char* kSpeakerMeaning = "0 customer, 1 agent, 2 bot";
inline constexpr const char* kChannelMeaning = "0 unknown, 1 chat, 2 voice";
inline constexpr const char* kGapMeaning =
    "seconds since the turn before (0 where clocks go backwards); negative or NaN where either "
    "time "
    "is unknown, and at the first turn";

/// What the conversation encoder is told of a turn beside its words (M, 3): log1p of the seconds
/// since the turn before, whether they are known (0 or more), and log1p of its place (M) from 0.
onnx::Value TurnFeatures(onnx::Graph& g, const onnx::Value& gap_seconds, const onnx::Value& place);

/// What a graph scores, padded.
struct PaddedInputs {
  onnx::Value ids;                    ///< (B, N, T)
  onnx::Value turn_tokens;            ///< (B, N) how many ids are real; 0: no such turn
  onnx::Value speaker, channel, gap;  ///< (B, N), (B), (B, N)
};

/// Adds the inputs of a graph that takes ids (docs/bundle.md).
PaddedInputs AddIdInputs(onnx::Graph& g);

/// Adds speaker, channel and gap_seconds, which every whole graph takes.
void AddTurnInputs(onnx::Graph& g, PaddedInputs* in);

/// Takes the padding out.
PackedInputs PackInputs(onnx::Graph& g, const PaddedInputs& in, std::int64_t pad_id);

/// The turns that differ in their ids, U of them with D tokens, for what sees one turn at a time:
/// the one that stands for "no such turn" is among them.
struct DistinctTurns {
  onnx::Value ids, positions, turn_of;  ///< (D) as in PackedInputs; turn_of 0..U-1
  onnx::Value start, end, lengths;      ///< (U)
  onnx::Value token_count, turn_count;  ///< scalars D, U
  onnx::Value turn_at;                  ///< (M) which of them each turn is
  onnx::Value token_at;                 ///< (P) which of their tokens each token is
};
DistinctTurns FindDistinctTurns(onnx::Graph& g, const PaddedInputs& in, const PackedInputs& packed,
                                std::int64_t pad_id);

}  // namespace arcsat
