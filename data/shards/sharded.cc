#include "data/shards/sharded.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {

ShardedConversations::ShardedConversations(const std::filesystem::path& folder,
                                           const ShardKind& wanted, Which which, double weight)
    : which_(which), weight_(static_cast<float>(weight)), weights_{weight_, weight_} {
  const ShardManifest manifest = ReadShardManifest(folder);
  CheckKind(manifest.kind, wanted, folder, /*survey=*/which == Which::kLabelled);
  manifest_ = ReadFile(folder / kShardManifest);
  begins_.push_back(0);
  for (const ShardFile& file : manifest.files) {
    shards_.push_back(std::make_unique<Shard>(folder, file, manifest.kind.layout));
    begins_.push_back(begins_.back() + shards_.back()->size());
  }
  if (begins_.back() > std::int64_t{std::numeric_limits<std::uint32_t>::max()}) {
    throw Error({folder.string(), fmt::format("holds {} conversations", begins_.back()),
                 "expected at most 4,294,967,295", "train on a part of them"});
  }
  if (which == Which::kLabelled) FindLabelled();
  for (const auto& shard : shards_) shard->ReadAtRandom();
}

void ShardedConversations::FindLabelled() {
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    for (std::int64_t i = 0; i < shards_[s]->size(); ++i) {
      const ShardEntry entry = shards_[s]->Entry(i);
      if (entry.satisfied >= 0 || entry.rated != 0) {
        labelled_.push_back(static_cast<std::uint32_t>(begins_[s] + i));
      }
    }
  }
}

std::int64_t ShardedConversations::size() const {
  return which_ == Which::kAll ? begins_.back() : static_cast<std::int64_t>(labelled_.size());
}

ShardedConversations::Place ShardedConversations::At(std::int64_t i) const {
  if (which_ == Which::kLabelled) i = labelled_[static_cast<std::size_t>(i)];
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), i);
  const auto shard = static_cast<std::size_t>(next - begins_.begin() - 1);
  return {shards_[shard].get(), i - begins_[shard]};
}

std::shared_ptr<const EncodedConversation> ShardedConversations::Get(std::int64_t i) const {
  const Place place = At(i);
  auto conversation = std::make_shared<EncodedConversation>(place.shard->Read(place.number));
  conversation->weight =
      conversation->satisfied < 0 ? weight_ : weights_[conversation->satisfied > 0.5F ? 1 : 0];
  return conversation;
}

std::int64_t ShardedConversations::Tokens(std::int64_t i, int turns) const {
  const Place place = At(i);
  const ShardEntry entry = place.Entry();
  if (entry.turns <= turns && entry.turns < kManyTurns) return entry.tokens;
  return TokensOfLast(place.shard->Read(place.number), turns);
}

int ShardedConversations::Answer(std::int64_t i) const { return At(i).Entry().satisfied; }

LabelCounts ShardedConversations::labels() const {
  LabelCounts counts;
  for (std::int64_t i = 0; i < size(); ++i) {
    const ShardEntry entry = At(i).Entry();
    counts.satisfied += entry.satisfied == 1 ? 1 : 0;
    counts.dissatisfied += entry.satisfied == 0 ? 1 : 0;
    counts.rated += entry.rated;
  }
  return counts;
}

void ShardedConversations::Weigh(double dissatisfied, double satisfied) {
  weights_[0] *= static_cast<float>(dissatisfied);
  weights_[1] *= static_cast<float>(satisfied);
}

std::string ShardedConversations::Fingerprint() const {
  return Sha256(
      fmt::format("{}{} {} {}\n", manifest_, static_cast<int>(which_), weights_[0], weights_[1]));
}

}  // namespace arcsat
