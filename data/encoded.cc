#include "data/encoded.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "data/random.h"

namespace arcsat {

std::uint64_t HashTokens(std::uint64_t seed, const std::vector<std::int32_t>& ids) {
  std::uint64_t hash = MixSeed(seed, ids.size());
  for (const std::int32_t id : ids) hash = MixSeed(hash, static_cast<std::uint64_t>(id));
  return hash;
}

ConversationEncoder::ConversationEncoder(const Tokenizer& tokenizer, const TokenizeOptions& options,
                                         int boxes)
    : tokenizer_(tokenizer), options_(options), boxes_(boxes) {}

std::shared_ptr<const std::vector<std::int32_t>> ConversationEncoder::Tokens(
    const std::string& text) {
  const auto found = cache_.find(text);
  if (found != cache_.end()) return found->second;
  auto tokens = std::make_shared<const std::vector<std::int32_t>>(
      tokenizer_.EncodeTurn(text, options_.max_turn_tokens));
  cached_bytes_ += text.size() + tokens->size() * sizeof(std::int32_t) + 96;
  cache_.emplace(text, tokens);
  return tokens;
}

void ConversationEncoder::Trim(std::size_t bytes) {
  if (cached_bytes_ <= bytes) return;
  cache_.clear();
  cached_bytes_ = 0;
}

EncodedConversation ConversationEncoder::Retold(const EncodedConversation& conversation,
                                                const std::vector<std::string>& texts) {
  EncodedConversation out = conversation;
  out.texts.reset();
  out.tokens = 0;
  for (std::size_t i = 0; i < out.turns.size(); ++i) {
    out.turns[i].tokens = Tokens(texts[i]);
    out.tokens += static_cast<std::int64_t>(out.turns[i].tokens->size());
  }
  return out;
}

EncodedConversation ConversationEncoder::Encode(const Conversation& conversation,
                                                const SurveyOptions& survey) {
  EncodedConversation out;
  out.id = conversation.id;
  if (conversation.channel) out.channel = *conversation.channel == Channel::kChat ? 1 : 2;
  if (const auto satisfied = Satisfied(conversation, survey)) out.satisfied = *satisfied ? 1 : 0;
  if (const auto score = NormalisedScore(conversation, survey)) {
    out.survey = static_cast<float>(*score);
  }
  out.turns.reserve(conversation.turns.size());
  std::optional<double> before;
  for (const Turn& turn : conversation.turns) {
    EncodedTurn encoded;
    encoded.tokens = Tokens(turn.text);
    encoded.speaker = turn.speaker;
    if (turn.at && before) {
      // As the graph has it, which takes seconds in single precision.
      constexpr double kLongest = std::numeric_limits<float>::max();
      const double seconds = std::clamp(*turn.at - *before, 0.0, kLongest);
      encoded.gap = static_cast<float>(std::log1p(seconds));
      encoded.has_time = 1;
    }
    before = turn.at;
    if (!turn.satisfaction.empty()) {
      encoded.rating = static_cast<float>(MeanSatisfaction(turn));
      encoded.rating_exceeds.assign(static_cast<std::size_t>(boxes_ - 1), 0.0F);
      for (const double rating : turn.satisfaction) {
        const double level = (rating - 1) / 4 * (boxes_ - 1);
        for (int k = 0; k + 1 < boxes_; ++k) {
          if (level > k + 0.5 - 1e-9) encoded.rating_exceeds[static_cast<std::size_t>(k)] += 1;
        }
      }
      for (float& share : encoded.rating_exceeds) {
        share /= static_cast<float>(turn.satisfaction.size());
      }
    }
    out.tokens += static_cast<std::int64_t>(encoded.tokens->size());
    out.turns.push_back(std::move(encoded));
  }
  return out;
}

}  // namespace arcsat
