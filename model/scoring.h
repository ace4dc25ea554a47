#pragma once

#include <functional>
#include <vector>

#include "model/arc_model.h"
#include "model/scorer.h"

namespace arcsat {

/// Turns of a conversation that are to be scored: those from `first` on.
struct ScoringTask {
  const EncodedConversation* conversation = nullptr;
  int first = 0;
  ArcMemory* memory = nullptr;  ///< of the turns before; null: there are none, and none are kept
  RawScore* score = nullptr;    ///< gets the turns, the words' part left out
};

/// Computes every task, like lengths together; `known` has states of turns from before, and gets
/// those of others. `progress` is told how many tasks are done. What a memory holds after an
/// exception is of no use.
void ComputeScores(const ArcModel& model, const ScorerOptions& options,
                   std::vector<ScoringTask> tasks, KnownTurns* known,
                   const std::function<void(std::size_t)>& progress = {});

/// Adds what the words say to a score of the network's (model/lexical.h).
void AddWords(const ArcModel& model, const EncodedConversation& conversation, RawScore* score);

}  // namespace arcsat
