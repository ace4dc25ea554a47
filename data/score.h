#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What the model says at one turn, before calibration.
struct RawTurn {
  int index = 0;  ///< counts all turns of the conversation from 0
  Speaker speaker = Speaker::kCustomer;
  double state = 0;          ///< expected box of the ordinal head, scaled to 0..1
  double outlook_logit = 0;  ///< log-odds that the conversation ends satisfied
};

/// What the model says of one conversation, before calibration. `turns` has the customer's turns.
struct RawScore {
  std::string id;
  std::vector<RawTurn> turns;
  double outlook_logit = 0;  ///< at the conversation's last turn, whoever spoke
  /// State at the customer's first and last turn; 0.5 where no customer spoke.
  double entry() const { return turns.empty() ? 0.5 : turns.front().state; }
  double exit() const { return turns.empty() ? 0.5 : turns.back().state; }
  double delta() const { return exit() - entry(); }
};

struct ScoredTurn {
  int index = 0;
  Speaker speaker = Speaker::kCustomer;
  double state = 0;    ///< calibrated, 0..1
  double outlook = 0;  ///< calibrated chance, 0..1
};

/// One line of a score file (docs/formats.md). All figures calibrated.
struct Score {
  std::string id;
  double entry = 0, exit = 0, delta = 0;              ///< 0..1, 0..1, -1..1
  double p_satisfied = 0;                             ///< 0..1
  std::optional<std::pair<double, double>> interval;  ///< 95% interval of p_satisfied, where known
  std::optional<double> csat;                         ///< expected answer on the survey's own scale
  std::vector<double> boxes;  ///< chance of each answer of that scale, lowest first, together 1;
                              ///< empty where not known
  /// A set that holds the answer in a stated share of conversations: answers on the survey's scale,
  /// or 0 and 1 for dissatisfied and satisfied.
  struct AnswerSet {
    double level = 0;             ///< that share, in (0, 1)
    bool scale = false;           ///< answers are on the survey's scale
    std::vector<double> answers;  ///< ascending; may be empty where the sets are randomised
  };
  std::optional<AnswerSet> set;  ///< where the model has conformal sets
  std::vector<ScoredTurn> turns;
  std::string model;
};

std::string ToJsonLine(const Score& score);
/// Its "turns" alone.
Json TurnsJson(const Score& score);
Score ParseScore(std::string_view line, const std::string& place);

}  // namespace arcsat
