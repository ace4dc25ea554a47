#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/conversation.h"
#include "data/score.h"
#include "eval/alarm_measure.h"
#include "eval/response_columns.h"
#include "insight/triage/options.h"

namespace arcsat {

/// A finished conversation, to choose thresholds on or to measure alerts with.
struct FinishedConversation {
  Score score;
  std::vector<std::optional<double>> at;  ///< of every turn, seconds from the start
  std::optional<double> started;          ///< seconds since 1970
  std::optional<bool> satisfied;          ///< empty where nobody answered
  SurveyContext context;
};

/// thresholds.json: rules, and what they rest on (data/schema/thresholds.schema.json).
struct Thresholds {
  std::string model;  ///< whose scores they are for
  double outlook = 0, fall = 0;
  int from_turn = 1;
  Json basis;  ///< "promise" or "budget", "data", "assumptions"
};

/// The outlook threshold by a promise, or by a budget where fit.per_day > 0; the other rules as
/// they stand in `rules` (their alerts count against a budget). Errors: nobody answered, too few
/// unsatisfied answers, alerts of falls alone above the budget, no dates to tell a day's volume.
Thresholds FitThresholds(const std::vector<FinishedConversation>& finished,
                         const TriageOptions& rules, const TriageFitOptions& fit);

Json ToJson(const Thresholds& thresholds);
/// Error names `place` and the field.
Thresholds ParseThresholds(std::string_view text, const std::string& place);
/// The rules with those of the file. Error where it is for another model.
void UseThresholds(const Thresholds& thresholds, const std::string& model, const std::string& place,
                   TriageOptions* rules);

/// What the rules do on held-out conversations.
struct TriageMeasure {
  std::vector<AlarmFigures> groups;  ///< all first, then channels
  double conversations_day = 0;      ///< 0: not known
  bool weighted = false;
  std::vector<std::string> notes;
};
TriageMeasure MeasureTriage(const std::vector<FinishedConversation>& finished,
                            const TriageOptions& rules, const TriageFitOptions& fit);
Json ToJson(const TriageMeasure& measure, const TriageOptions& rules);

}  // namespace arcsat
