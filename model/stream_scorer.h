#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/encoded.h"
#include "data/score.h"
#include "model/arc_model.h"
#include "model/scorer.h"

namespace arcsat {

struct StreamOptions {
  ScorerOptions scorer;
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< for what conversations keep between calls
};

/// Scores conversations that are still going on: give each again with the turns that came, and only
/// those are computed, against keys and values kept from the call before. The scores are those of
/// Scorer. Not thread-safe.
///
/// A conversation whose earlier turns are not those of the call before is computed anew, and so is
/// one whose memory had to go (the longest unused go first, beyond `memory_bytes`): what is given
/// decides the scores, not what is remembered.
class StreamScorer {
 public:
  explicit StreamScorer(const ArcModel& model, const StreamOptions& options = {});
  /// Ids must differ within a call; Error names one that does not.
  std::vector<RawScore> Score(const std::vector<EncodedConversation>& conversations);
  /// Frees what is kept of a conversation that has ended.
  void Forget(const std::string& id);

  std::int64_t bytes() const { return bytes_; }
  std::int64_t turns_computed() const { return turns_computed_; }  ///< since the beginning

 private:
  struct Kept {
    std::string id;
    std::size_t turns = 0;
    std::uint64_t fingerprint = 0;  ///< of those turns
    ArcMemory memory;
    RawScore raw;  ///< the network's part alone
    std::int64_t bytes = 0;
  };
  using Place = std::list<Kept>::iterator;
  Place Find(const EncodedConversation& conversation);
  void Evict();

  const ArcModel& model_;
  StreamOptions options_;
  std::list<Kept> kept_;  ///< the latest used first
  std::unordered_map<std::string, Place> by_id_;
  std::int64_t bytes_ = 0, turns_computed_ = 0;
  KnownTurns known_;
};

}  // namespace arcsat
