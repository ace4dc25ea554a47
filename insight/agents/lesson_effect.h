#pragma once

#include <optional>
#include <string>
#include <vector>

#include "insight/agents/records.h"

namespace arcsat {

/// That somebody took a lesson, as the user's file has it.
struct LessonTaken {
  std::string agent, problem, lesson;  ///< the lesson's name may be empty
  double time = 0;                     ///< seconds since 1970, the day's end excluded
  std::string date;                    ///< as it was given
};

/// Reads lines {"agent":…,"problem_type":…,"date":"2026-03-01","lesson":…}.
std::vector<LessonTaken> ReadLessonsTaken(const std::string& path, const ReadOptions& read);

/// How an agent changed at a problem around a lesson, against comparable agents.
struct LessonEffect {
  LessonTaken lesson;
  std::string reason;         ///< why there are no figures, or empty
  int before = 0, after = 0;  ///< conversations
  int controls = 0;           ///< comparable agents
  double change = 0;          ///< of the agent: mean after less mean before, of residuals
  double control_change = 0;
  double effect = 0;  ///< the difference of the two
  double error = 0;
  Interval interval;
};

struct LessonEffects {
  std::vector<LessonEffect> lessons;
  int estimated = 0;                 ///< of them, how many have figures
  double effect = 0;                 ///< mean of those
  std::optional<Interval> interval;  ///< of the mean; empty for none
  std::string method;                ///< "cluster bootstrap over agents", or "normal" for few
};

/// Difference in differences. `problem` has each record's code into `problem_names`, `residual` its
/// outcome less what was to be expected. Comparable are agents who have the problem, took no lesson
/// for it within two windows of the date, have enough conversations on both sides, and whose mean
/// before is nearest: a lesson is taken after a bad spell, and what would have come back by itself
/// (regression to the mean) is in the comparison then.
LessonEffects EstimateLessons(const AgentRecords& records, const std::vector<int>& problem,
                              const std::vector<std::string>& problem_names,
                              const std::vector<double>& residual,
                              const std::vector<LessonTaken>& lessons,
                              const AgentsOptions& options);

}  // namespace arcsat
