#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/roughen/confusions.h"
#include "data/training_set.h"
#include "train/options.h"

namespace arcsat {

/// Chats as a speech recogniser would hand them over, so that a model trained on
/// chat keeps what it knows on calls: `options.roughen` of them in an epoch, each with a word error
/// rate drawn evenly from 0 to `options.roughen_error`. Which, and how, depends on the seed, the
/// epoch and the conversation's id alone, so a resumed run and every process see the same.
class Roughener {
 public:
  static constexpr std::int64_t kAfterwards = -1;  ///< the epoch of what is fitted after training

  Roughener(ConversationEncoder encoder, const TrainOptions& options);

  /// `conversation` as `epoch` sees it, by voice then; null where that is as it is. Its texts must
  /// have been kept.
  std::shared_ptr<const EncodedConversation> Of(const EncodedConversation& conversation,
                                                std::int64_t epoch);
  /// All of them, each once, as `epoch` sees them.
  InMemoryConversations All(const TrainingSet& conversations, std::int64_t epoch);

 private:
  ConversationEncoder encoder_;
  Confusions confusions_;
  double share_, most_;
  std::uint64_t seed_;
};

}  // namespace arcsat
