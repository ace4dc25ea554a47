#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/shards/shard.h"
#include "data/training_set.h"

namespace arcsat {

/// A folder of shards (docs/formats.md) to learn from: tokenised conversations, mapped into memory
/// and read when their batch comes. Of the program's own memory it takes four bytes a conversation,
/// and none where all are learned from.
class ShardedConversations : public TrainingSet {
 public:
  enum class Which { kAll, kLabelled };

  /// Error where the folder is not whole, or not of the kind that the model wants. `weight` is that
  /// of each conversation.
  ShardedConversations(const std::filesystem::path& folder, const ShardKind& wanted, Which which,
                       double weight);

  std::int64_t size() const override;
  std::shared_ptr<const EncodedConversation> Get(std::int64_t i) const override;
  std::int64_t Tokens(std::int64_t i, int turns) const override;
  int Answer(std::int64_t i) const override;
  LabelCounts labels() const override;
  void Weigh(double dissatisfied, double satisfied) override;
  /// Of shards.json: by its checksums, without reading the conversations.
  std::string Fingerprint() const override;

 private:
  /// A shard and a conversation's number there.
  struct Place {
    const Shard* shard;
    std::int64_t number;
    ShardEntry Entry() const { return shard->Entry(number); }
  };
  Place At(std::int64_t i) const;
  void FindLabelled();

  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::int64_t> begins_;  ///< of each shard's first conversation; then of the end
  Which which_;
  std::vector<std::uint32_t> labelled_;  ///< where only those count
  float weight_;                         ///< of those who did not answer
  float weights_[2];                     ///< of the dissatisfied and the satisfied
  std::string manifest_;                 ///< shards.json
};

}  // namespace arcsat
