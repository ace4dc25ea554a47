#pragma once

#include <string>

#include "eval/bootstrap.h"

namespace arcsat {

/// What customers' rise is measured by, and what it takes for a statement about an agent.
struct AgentsOptions {
  std::string outcome = "delta";  ///< "delta", "arc", "exit" or "p_satisfied": OutcomeOf()
  std::string problem = "fixed";  ///< problem types as "fixed" effects or as a "random" one
  int kinks = 3;                  ///< in the lines of entry and of time; 0: straight
  int min_problem = 30;           ///< conversations of a problem type; rarer ones are pooled
  int min_pair = 8;               ///< conversations of an agent at a problem for any statement
  int min_agent = 20;             ///< conversations of an agent for a statement over all problems
  double margin = 0.03;           ///< smallest distance from the team that is worth a statement
  double fdr = 0.10;              ///< expected share of false ones among stated gaps (strengths)
  double certainty = 0.80;        ///< probability that every single statement needs besides
  double level = 0.95;            ///< of every interval
  int path = 3;                   ///< steps of a learning path, at most
  int examples = 3;               ///< conversations to read for each step, at most
  int coaching = 3;               ///< steps that one colleague is named for, at most
  int lesson_days = 90;           ///< compared before and after a lesson
  int lesson_pair = 8;            ///< conversations needed on each side of it
  int lesson_controls = 10;       ///< comparable agents at most, those with the nearest start
  BootstrapOptions bootstrap;     ///< of the lessons' effect over all of them
};

}  // namespace arcsat
