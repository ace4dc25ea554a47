#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"

namespace arcsat {

/// A held-out conversation and whether it raised an alarm.
struct AlarmCase {
  bool alarmed = false;
  std::optional<bool> unsatisfied;     ///< empty where nobody answered
  double weight = 1;                   ///< of an answer: conversations that it stands for
  int lead_turns = 0;                  ///< from the alarm to the last turn
  std::optional<double> lead_seconds;  ///< likewise, where times are known
  std::string reason;                  ///< of the first alarm
  std::string group;                   ///< the channel
};

struct AlarmShare {
  double value = 0, n = 0;  ///< `n` is the effective number where weighted
  std::optional<Interval> interval;
};

/// Quartiles of the lead time of rightly alarmed conversations, and an interval of the median from
/// its order statistics (exact for any distribution).
struct LeadTime {
  int n = 0;
  double q25 = 0, median = 0, q75 = 0;
  std::optional<Interval> interval;
};

struct AlarmFigures {
  std::string group;  ///< "all" first, then by name
  int conversations = 0, alarms = 0, answered = 0, unsatisfied = 0;
  std::optional<AlarmShare> share;      ///< of conversations with an alarm
  std::optional<AlarmShare> recall;     ///< alarmed among the unsatisfied
  std::optional<AlarmShare> precision;  ///< unsatisfied among the alarmed who answered
  std::optional<AlarmShare> early;      ///< of the rightly alarmed: before the last turn
  std::optional<AlarmShare> recall_everyone, precision_everyone;  ///< weighted
  std::optional<AlarmShare> per_day;  ///< call-backs; where the number of days is known
  std::optional<LeadTime> lead_turns, lead_seconds;
  std::vector<std::pair<std::string, AlarmShare>> precision_by_reason;
};

struct AlarmMeasureOptions {
  double level = 0.95;                      ///< of every interval
  std::optional<double> conversations_day;  ///< for call-backs a day, taken as known
};

/// Overall and by group. Shares with Wilson's interval, weighted ones at the effective number.
std::vector<AlarmFigures> MeasureAlarms(const std::vector<AlarmCase>& cases,
                                        const AlarmMeasureOptions& options);

Json ToJson(const AlarmFigures& figures);

}  // namespace arcsat
