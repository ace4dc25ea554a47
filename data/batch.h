#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "data/encoded.h"

namespace arcsat {

/// Turns [first, first + count) of a conversation.
struct Segment {
  const EncodedConversation* conversation = nullptr;
  int first = 0;
  int count = 0;
};

/// Tokens of a segment's turns.
std::int64_t TokensOf(const Segment& segment);

/// A ragged batch: no padding anywhere. Distinct turns stand in order of length, so that turns of
/// equal length are one dense block; `token_of` then lays tokens out conversation by conversation.
///
///   C conversations, N turns, U distinct turns, T tokens, V tokens of distinct turns
struct RaggedBatch {
  torch::Tensor tokens;     ///< (V) int64 ids of the distinct turns, shortest turn first
  torch::Tensor positions;  ///< (V) int64, from 0 in each turn
  std::vector<std::pair<int, int>> blocks;  ///< (how many, length) of distinct turns, by length
  torch::Tensor bounds;  ///< (U + 1) int32: where each distinct turn begins among V, then V
  std::vector<std::shared_ptr<const std::vector<std::int32_t>>> distinct;  ///< (U) their tokens
  torch::Tensor token_of;               ///< (T) int64 into V: the tokens in conversation order
  torch::Tensor unique_of;              ///< (N) int64 into U
  torch::Tensor turn_of;                ///< (T) int64 into N
  std::vector<int> turn_lengths;        ///< (N) tokens of each turn
  std::vector<int> conversation_turns;  ///< (C) turns of each conversation
  torch::Tensor speaker;                ///< (N) int64: Speaker
  torch::Tensor channel;                ///< (N) int64
  torch::Tensor features;               ///< (N, 3) float: gap, has_time, log(1 + turns before)
  std::int64_t token_count = 0;         ///< T
};

/// Counts a turn of `length` tokens, no shorter than those before it, among RaggedBatch::blocks.
void CountTurn(int length, std::vector<std::pair<int, int>>* blocks);

/// Every segment must hold at least one turn.
RaggedBatch MakeBatch(const std::vector<Segment>& segments);
RaggedBatch To(const RaggedBatch& batch, torch::Device device);
/// To a GPU through pinned memory, while the processor goes on.
torch::Tensor MoveTo(const torch::Tensor& tensor, torch::Device device);

/// What the losses read, aligned with the batch. -1 where there is no label.
struct BatchLabels {
  torch::Tensor outlook_target;  ///< (N) float: 1, 0
  torch::Tensor outlook_weight;  ///< (N) float, sums to the conversation's weight over its turns
  torch::Tensor state_target;    ///< (N, K-1) float: share above box k
  torch::Tensor state_weight;    ///< (N) float
};

struct LabelOptions {
  int boxes = 5;             ///< K of the ordinal head
  double final_share = 0.6;  ///< of the outlook's weight on a conversation's last turn; the rest
                             ///< is spread over the turns before, growing with their place
  double rating_weight = 1;  ///< of a rated turn in the state's loss
  double survey_weight = 1;  ///< of the survey at the last customer turn in the state's loss
};

BatchLabels MakeLabels(const std::vector<Segment>& segments, const LabelOptions& options);
BatchLabels To(const BatchLabels& labels, torch::Device device);

}  // namespace arcsat
