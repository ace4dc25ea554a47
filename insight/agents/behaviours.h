#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What an agent does that somebody else could do too, read off a transcript by plain rules
/// (docs/agents.md lists them): no voice, no emotion, nothing learned.
enum class Behaviour {
  kAnswerSeconds,  ///< from the customer's first turn to the agent's next; natural logarithm of 1 +
                   ///< s
  kAcknowledges,   ///< says that it understands or feels with, in its first two answers
  kThanks,         ///< thanks the customer
  kApologises,
  kParaphrases,  ///< says the matter in its own words to have it confirmed
  kAsksAgain,    ///< asks for a reference or name that was given or asked for before
  kHolds,        ///< has the customer wait
  kTransfers,    ///< passes the customer on
  kPromises,     ///< promises something for later
  kChecks,       ///< has the customer try, or asks whether it works now
  kCloses,       ///< asks whether there is anything else
  kQuestions,    ///< share of the agent's turns that ask
  kWords,        ///< words a turn of the agent
};
inline constexpr std::size_t kBehaviours = 13;

/// One figure a behaviour, in the order above: 1 or 0 where it is done or not, else its number; NaN
/// where the transcript cannot tell.
using BehaviourFigures = std::array<float, kBehaviours>;

struct BehaviourRule {
  const char* name;                       ///< "checks": in catalogues and output
  const char* title;                      ///< "has the customer check that it works"
  bool share;                             ///< 0 or 1 a conversation; else a number
  std::vector<std::string_view> phrases;  ///< any of them in an agent's turn, lower case
};

/// The rules, in the order of Behaviour.
std::span<const BehaviourRule> BehaviourRules();

BehaviourFigures Behave(const Conversation& conversation);

}  // namespace arcsat
