#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/score.h"
#include "insight/triage/options.h"

namespace arcsat {

/// Why an alert is raised.
enum class AlertReason {
  kFall,     ///< the state lies far below the one the customer came with
  kOutlook,  ///< a satisfied end has become unlikely
  kEnded,    ///< the conversation is over and a satisfied answer unlikely
};
/// "fall", "outlook", "ended".
const char* Name(AlertReason reason);

/// A rule that holds: the first customer turn where it did.
struct RuleFinding {
  AlertReason reason = AlertReason::kFall;
  std::size_t turn = 0;  ///< of Score::turns
};

/// At most one finding a reason, in the order of AlertReason. A score of what has been said so far
/// says at every turn what it said when that turn was the last, so that findings do not depend on
/// when it is looked at. Nothing where no customer spoke.
std::vector<RuleFinding> Judge(const Score& score, bool ended, const TriageOptions& options);

/// The lowest chance of a satisfied end that Judge() holds against options.outlook in an ended
/// conversation: Judge() finds kOutlook or kEnded exactly where it is at or below the threshold.
/// Nothing where no customer spoke.
std::optional<double> LowestChance(const Score& score, const TriageOptions& options);

/// A turn that cost the customer state.
struct Fall {
  int place = 0;     ///< of the turn in the conversation
  double by = 0;     ///< > 0, since the customer's turn before
  double state = 0;  ///< after it
};

/// One alert (data/schema/alert.schema.json). What is in it depends on the turns up to `place`
/// alone, for kEnded on the whole conversation.
struct Alert {
  std::string conversation;
  AlertReason reason = AlertReason::kFall;
  int place = 0;             ///< of the customer's turn where the rule first held
  std::optional<double> at;  ///< its seconds from the start
  double chance = 0;         ///< calibrated chance that the customer ends unsatisfied
  std::optional<std::pair<double, double>> interval;  ///< of it, 95%; of kEnded, where known
  double entry = 0, state = 0, outlook = 0;           ///< at that turn
  std::vector<Fall> why;                              ///< largest first
  std::optional<Channel> channel;
  std::string agent_id, problem_type, team;
  std::string model;
};

/// The alert of a finding. `facts` has what was known of the conversation by then, its turns are
/// not looked at; `at` is the turn's time.
Alert MakeAlert(const RuleFinding& finding, const Score& score, const Conversation& facts,
                std::optional<double> at, const TriageOptions& options);

/// One sentence for a person: "The chance of a satisfied end fell to 12%: the state fell by 0.31
/// at turn 6."
std::string Sentence(const Alert& alert);

Json ToJson(const Alert& alert);

}  // namespace arcsat
