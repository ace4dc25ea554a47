#pragma once

#include <string>
#include <vector>

#include "insight/agents/catalogue.h"
#include "insight/agents/records.h"
#include "insight/agents/statements.h"

namespace arcsat {

/// An agent at a problem.
struct PairStanding {
  int agent = 0, problem = 0;  ///< codes; the problem's is the design's
  double mean = 0;             ///< of the outcome, as it stands
  Standing standing;
  double cost = 0;         ///< customers that would have been satisfied at the team's level
  Interval cost_interval;  ///< from the effect's interval
};

/// A mean over conversations with its interval.
struct MeanFigure {
  double value = 0;
  Interval interval;
  int n = 0;
};

/// A behaviour by which the strong agents at a problem differ from the others there.
struct BehaviourDifference {
  Behaviour behaviour = Behaviour::kChecks;
  MeanFigure strong, rest;
  double difference = 0;
  Interval interval;    ///< of the difference; agents are the clusters
  double p = 1;         ///< two-sided, Student's
  bool stated = false;  ///< within options.fdr over all problems and behaviours (BH 1995)
};

struct ProblemBehaviours {
  int problem = 0;
  std::vector<int> strong;  ///< agents
  std::string chosen;       ///< how: "strengths", "likely above the team", "best quarter"
  std::vector<BehaviourDifference> differences;  ///< every behaviour that could be compared
  std::vector<std::size_t> examples;             ///< records of strong agents, the best first
};

/// Where an agent differs from the strong ones in the way that the strong differ from the rest.
struct StepBehaviour {
  const BehaviourDifference* difference = nullptr;  ///< of the problem
  MeanFigure own;
  std::vector<const Lesson*> lessons;
};

struct PathStep {
  const PairStanding* pair = nullptr;
  std::vector<StepBehaviour> behaviours;  ///< the clearest first
  std::vector<const Lesson*> lessons;     ///< for the problem as a whole
  std::vector<std::size_t> examples;      ///< records
  int coach = -1;                         ///< an agent; -1: nobody has time and strength
};

struct LearningPath {
  int agent = 0;
  std::vector<PathStep> steps;  ///< the gap that costs most satisfied customers first
};

/// Compares strong agents with the others at each problem where somebody has a gap. `problem` has
/// the design's code of each record, `residual` its outcome less what was to be expected.
std::vector<ProblemBehaviours> CompareBehaviours(const AgentRecords& records,
                                                 const std::vector<int>& problem,
                                                 const std::vector<double>& residual,
                                                 const std::vector<PairStanding>& pairs,
                                                 const AgentsOptions& options);

/// `pairs` and `behaviours` are pointed into.
std::vector<LearningPath> MakePaths(const AgentRecords& records, const std::vector<int>& problem,
                                    const std::vector<std::string>& problem_names,
                                    const std::vector<PairStanding>& pairs,
                                    const std::vector<ProblemBehaviours>& behaviours,
                                    const LessonCatalogue& catalogue, const AgentsOptions& options);

}  // namespace arcsat
