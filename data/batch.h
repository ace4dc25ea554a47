#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/conversation.h"
#include "data/survey.h"
#include "data/tokenizer.h"

namespace arcsat {

/// How text becomes tokens.
struct TokenizeOptions {
  int max_turn_tokens = 128;  ///< special tokens counted; a longer turn loses its middle
};

/// A conversation as the model sees it. Token lists are shared between turns with equal text.
struct EncodedTurn {
  std::shared_ptr<const std::vector<std::int32_t>> tokens;  ///< special tokens included, >= 2
  Speaker speaker = Speaker::kCustomer;
  float gap = 0;       ///< log(1 + seconds since the turn before); 0 where times are missing
  float has_time = 0;  ///< 1 where `at` is known for this turn and the one before
  float rating = -1;   ///< mean of annotators on 0..1, or -1
  std::vector<float> rating_exceeds;  ///< share of annotators above box k, K-1 values, or empty
};

struct EncodedConversation {
  std::string id;
  int channel = 0;       ///< 0 unknown, 1 chat, 2 voice
  float satisfied = -1;  ///< 1 yes, 0 no, -1 unknown
  float survey = -1;     ///< the answer on 0..1, or -1
  float weight = 1;      ///< of its survey labels in the loss
  std::vector<EncodedTurn> turns;
  std::int64_t tokens = 0;  ///< of all turns
};

/// Tokenises conversations, each distinct turn text once. Not thread-safe.
class ConversationEncoder {
 public:
  ConversationEncoder(const Tokenizer& tokenizer, const TokenizeOptions& options, int boxes);
  EncodedConversation Encode(const Conversation& conversation, const SurveyOptions& survey);
  /// Forgets the texts seen, once they take more than `bytes`: a stream stays in flat memory.
  void Trim(std::size_t bytes = std::size_t{64} << 20);

 private:
  std::shared_ptr<const std::vector<std::int32_t>> Tokens(const std::string& text);
  const Tokenizer& tokenizer_;
  TokenizeOptions options_;
  int boxes_;
  std::size_t cached_bytes_ = 0;
  std::unordered_map<std::string, std::shared_ptr<const std::vector<std::int32_t>>> cache_;
};

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
  torch::Tensor token_of;                   ///< (T) int64 into V: the tokens in conversation order
  torch::Tensor unique_of;                  ///< (N) int64 into U
  torch::Tensor turn_of;                    ///< (T) int64 into N
  std::vector<int> turn_lengths;            ///< (N) tokens of each turn
  std::vector<int> conversation_turns;      ///< (C) turns of each conversation
  torch::Tensor speaker;                    ///< (N) int64: Speaker
  torch::Tensor channel;                    ///< (N) int64
  torch::Tensor features;                   ///< (N, 3) float: gap, has_time, log(1 + turns before)
  std::int64_t token_count = 0;             ///< T
};

/// Every segment must hold at least one turn.
RaggedBatch MakeBatch(const std::vector<Segment>& segments);
RaggedBatch To(const RaggedBatch& batch, torch::Device device);

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
