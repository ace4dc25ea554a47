#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "data/encoded.h"
#include "data/score.h"

namespace arcsat {

class ArcModel;
class KnownTurns;
class KnownTurnsFile;

struct ScorerOptions {
  int batch_tokens = 8192;   ///< tokens computed at once
  int segment_turns = 1024;  ///< a longer conversation is scored in segments, with the same result
  std::int64_t known_bytes = std::int64_t{256} << 20;  ///< for states of turns that may come again
  KnownTurnsFile* known_file = nullptr;  ///< where they are kept for later runs; must outlive it
};

/// Scores encoded conversations. Batch mates and their order change nothing. While it lives the
/// weights must stay as they are: what its turns were computed to be is kept. Not thread-safe.
///
///   Scorer scorer(*loaded.model);
///   std::vector<RawScore> scores = scorer.Score(conversations);  // in the order given
class Scorer {
 public:
  explicit Scorer(const ArcModel& model, const ScorerOptions& options = {});
  ~Scorer();
  /// A conversation without turns gets a score without turns, its outlook at even odds.
  /// `progress` is told how many conversations are done.
  std::vector<RawScore> Score(const std::vector<EncodedConversation>& conversations,
                              const std::function<void(std::size_t)>& progress = {}) const;

 private:
  const ArcModel& model_;
  ScorerOptions options_;
  std::unique_ptr<KnownTurns> known_;
};

}  // namespace arcsat
