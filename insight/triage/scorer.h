#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/score.h"

namespace arcsat {

/// A conversation that has grown.
struct GrownConversation {
  const Conversation* conversation = nullptr;  ///< what has been said so far
  int kept = 0;  ///< leading turns that are as they were when it was last scored; 0 at first
};

/// Scores conversations while they run. What it says at a turn depends on that turn and those
/// before it alone, and neither on the other conversations nor on how often it was asked.
class TurnScorer {
 public:
  virtual ~TurnScorer() = default;
  /// Calibrated scores of what has been said so far, in the order given.
  virtual std::vector<Score> ScoreGrown(std::span<const GrownConversation> grown) = 0;
  /// The conversation is over: what is kept of it can go.
  virtual void Forget(const std::string& /*conversation*/) {}
};

}  // namespace arcsat
