#pragma once

#include <cstdint>
#include <memory>
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

/// Equal for equal ids and seeds.
std::uint64_t HashTokens(std::uint64_t seed, const std::vector<std::int32_t>& ids);

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
  float guess = -1;      ///< the chance of satisfied that models gave it (0..1), or -1; it stands
                         ///< in where nobody answered
  float weight = 1;      ///< of its survey labels in the loss
  std::vector<EncodedTurn> turns;
  std::int64_t tokens = 0;                                ///< of all turns
  std::shared_ptr<const std::vector<std::string>> texts;  ///< of the turns, where they were kept
};

/// Tokenises conversations, each distinct turn text once. Not thread-safe.
class ConversationEncoder {
 public:
  ConversationEncoder(const Tokenizer& tokenizer, const TokenizeOptions& options, int boxes);
  EncodedConversation Encode(const Conversation& conversation, const SurveyOptions& survey);
  /// The same conversation with the texts that its turns have now, one a turn.
  EncodedConversation Retold(const EncodedConversation& conversation,
                             const std::vector<std::string>& texts);
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

}  // namespace arcsat
