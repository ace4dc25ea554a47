#include "model/stream_scorer.h"

#include <bit>

#include "data/error.h"
#include "data/random.h"
#include "model/scoring.h"

namespace arcsat {
namespace {

/// Of a conversation before its first turn.
std::uint64_t FirstFingerprint(const EncodedConversation& conversation) {
  return static_cast<std::uint64_t>(conversation.channel);
}

/// Goes on from the fingerprint of what is before turn `begin` to that of what is before `end`:
/// everything that the model reads of the turns between.
std::uint64_t Fingerprint(std::uint64_t hash, const EncodedConversation& conversation,
                          std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const EncodedTurn& turn = conversation.turns[i];
    hash = MixSeed(hash, static_cast<std::uint64_t>(turn.speaker) * 2 + (turn.has_time > 0),
                   std::bit_cast<std::uint32_t>(turn.gap));
    hash = HashTokens(hash, *turn.tokens);
  }
  return hash;
}

}  // namespace

StreamScorer::StreamScorer(const ArcModel& model, const StreamOptions& options)
    : model_(model), options_(options), known_(options.scorer.known_bytes) {}

void StreamScorer::Forget(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  bytes_ -= found->second->bytes;
  kept_.erase(found->second);
  by_id_.erase(found);
}

StreamScorer::Place StreamScorer::Find(const EncodedConversation& conversation) {
  const auto found = by_id_.find(conversation.id);
  if (found != by_id_.end()) {
    const Place place = found->second;
    if (place->turns <= conversation.turns.size() &&
        place->fingerprint ==
            Fingerprint(FirstFingerprint(conversation), conversation, 0, place->turns)) {
      kept_.splice(kept_.begin(), kept_, place);
      return place;
    }
    Forget(conversation.id);
  }
  kept_.push_front({});
  kept_.front().id = kept_.front().raw.id = conversation.id;
  kept_.front().fingerprint = FirstFingerprint(conversation);
  by_id_[conversation.id] = kept_.begin();
  return kept_.begin();
}

void StreamScorer::Evict() {
  while (bytes_ > options_.memory_bytes && !kept_.empty()) {
    const std::string id = kept_.back().id;
    Forget(id);
  }
}

std::vector<RawScore> StreamScorer::Score(const std::vector<EncodedConversation>& conversations) {
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    if (seen.emplace(conversations[c].id, c).second) continue;
    throw Error({conversations[c].id, "is there twice in one call", "expected each id once",
                 "give a conversation with all its turns so far"});
  }
  std::vector<Place> places;
  std::vector<ScoringTask> tasks;
  for (const EncodedConversation& conversation : conversations) {
    const Place place = Find(conversation);
    places.push_back(place);
    tasks.push_back({&conversation, static_cast<int>(place->turns), &place->memory, &place->raw});
  }
  try {
    ComputeScores(model_, options_.scorer, std::move(tasks), &known_);
  } catch (...) {
    for (const EncodedConversation& conversation : conversations) Forget(conversation.id);
    throw;
  }
  std::vector<RawScore> scores;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    Kept& kept = *places[c];
    turns_computed_ += static_cast<std::int64_t>(conversations[c].turns.size() - kept.turns);
    const std::size_t turns = conversations[c].turns.size();
    kept.fingerprint = Fingerprint(kept.fingerprint, conversations[c], kept.turns, turns);
    kept.turns = turns;
    bytes_ -= kept.bytes;
    kept.bytes = kept.memory.bytes();
    bytes_ += kept.bytes;
    scores.push_back(kept.raw);
    AddWords(model_, conversations[c], &scores.back());
  }
  Evict();
  return scores;
}

}  // namespace arcsat
