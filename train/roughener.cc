#include "train/roughener.h"

#include <string>
#include <utility>

#include "data/random.h"
#include "data/roughen/roughen.h"

namespace arcsat {
namespace {

constexpr int kChat = 1, kVoice = 2;  // EncodedConversation::channel

}  // namespace

Roughener::Roughener(ConversationEncoder encoder, const TrainOptions& options)
    : encoder_(std::move(encoder)),
      share_(options.roughen),
      most_(options.roughen_error),
      seed_(options.seed) {}

std::shared_ptr<const EncodedConversation> Roughener::Of(const EncodedConversation& conversation,
                                                         std::int64_t epoch) {
  if (conversation.channel != kChat || !conversation.texts) return nullptr;
  Random random(MixText(MixSeed(seed_, 0xA5E, static_cast<std::uint64_t>(epoch)), conversation.id));
  if (!random.Chance(share_)) return nullptr;
  const RoughenOptions options = WordErrors(random.Uniform() * most_, &confusions_);
  std::vector<std::string> texts;
  for (const std::string& text : *conversation.texts) {
    texts.push_back(Roughen(text, options, &random));
  }
  auto heard = std::make_shared<EncodedConversation>(encoder_.Retold(conversation, texts));
  heard->channel = kVoice;
  encoder_.Trim();
  return heard;
}

InMemoryConversations Roughener::All(const TrainingSet& conversations, std::int64_t epoch) {
  std::vector<EncodedConversation> all;
  for (std::int64_t i = 0; i < conversations.size(); ++i) {
    const auto written = conversations.Get(i);
    const auto heard = Of(*written, epoch);
    all.push_back(heard ? *heard : *written);
  }
  return InMemoryConversations(std::move(all));
}

}  // namespace arcsat
