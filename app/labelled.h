#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/calibration.h"
#include "eval/response_columns.h"

namespace arcsat {

/// A scored conversation with what calibration and evaluation need of its record.
struct LabelledConversation {
  LabeledScore score;
  std::string channel, problem_type;
  int turns = 0;
  std::optional<bool> escalated;
  /// By the question that the model was trained on, whatever is evaluated: who answered, and what
  /// a simulator knows of everybody.
  std::optional<bool> answered_satisfied;
  std::optional<double> answer;
  double scale_low = 1, scale_high = 5;  ///< of the survey
  std::optional<bool> truth;
  std::map<std::string, std::string> columns;  ///< others that were asked for

  /// Whether there is an answer or a rated turn.
  bool labelled() const;
  /// What was known of it before the survey, by its calibrated score.
  SurveyContext Context(const Score& score) const;
};

}  // namespace arcsat
