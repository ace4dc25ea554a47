#pragma once

#include <memory>
#include <string>
#include <vector>

#include "insight/agents/catalogue.h"
#include "insight/agents/design.h"
#include "insight/agents/lesson_effect.h"
#include "insight/agents/paths.h"
#include "insight/agents/statements.h"

namespace arcsat {

/// An agent over all problems, weighted by how often the team has each.
struct AgentStanding {
  int agent = 0;
  double mean = 0;  ///< of the outcome, as it stands
  Standing standing;
};

/// Everything `arcsat agents` finds out. Agents and problems are codes of the records and design.
struct AgentsAnalysis {
  AgentsOptions options;
  AgentsDesign design;  ///< without its numbers
  std::unique_ptr<MixedFit> fit;
  std::vector<AgentStanding> agents;  ///< by code
  std::vector<PairStanding> pairs;  ///< sorted by agent, then problem; rare problems are not in it
  std::vector<double> expected;     ///< of each record, apart from its agent
  double satisfied_slope = 0;       ///< rise of p_satisfied for a rise of the outcome by 1
  std::vector<ProblemBehaviours> behaviours;  ///< of problems that a path leads to
  std::vector<LearningPath> paths;            ///< of agents with a gap
  std::optional<LessonEffects> lessons;
  double seconds = 0;  ///< that the model's fit took
};

/// The whole way from records to learning paths. `lessons` may be empty.
AgentsAnalysis AnalyseAgents(const AgentRecords& records, const LessonCatalogue& catalogue,
                             const std::vector<LessonTaken>& lessons, const AgentsOptions& options);

}  // namespace arcsat
