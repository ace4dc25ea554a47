#include "configs/bind_agents.h"

namespace arcsat {

void Bind(Options& options, AgentsOptions* a) {
  const auto share = Between(0.0, 1.0);
  options
      .Add("agents.outcome", &a->outcome, "what an agent is measured by, of a score",
           OneOf({"delta", "arc", "exit", "p_satisfied"}))
      .Add("agents.problem", &a->problem, "problem types as fixed or as random effects",
           OneOf({"fixed", "random"}))
      .Add("agents.kinks", &a->kinks, "in the lines of entry and time; 0: straight", Between(0, 10))
      .Add("agents.min_problem", &a->min_problem,
           "conversations of a problem type; rarer ones are pooled", AtLeast(1))
      .Add("agents.min_pair", &a->min_pair,
           "conversations of an agent at a problem for any statement", AtLeast(2))
      .Add("agents.min_agent", &a->min_agent,
           "conversations of an agent for a statement over all problems", AtLeast(2))
      .Add("agents.margin", &a->margin, "smallest distance from the team worth a statement", share)
      .Add("agents.fdr", &a->fdr, "expected share of false ones among stated gaps, and strengths",
           share)
      .Add("agents.certainty", &a->certainty, "probability that every single statement needs",
           Between(0.5, 1.0))
      .Add("agents.level", &a->level, "of every interval", Between(0.5, 0.9999))
      .Add("agents.path", &a->path, "steps of a learning path, at most", Between(0, 100))
      .Add("agents.examples", &a->examples, "conversations to read for each step; 0: none",
           Between(0, 12))
      .Add("agents.coaching", &a->coaching, "steps that one colleague is named for, at most",
           Between(0, 1000))
      .Add("agents.lesson_days", &a->lesson_days, "compared before and after a lesson",
           Between(1, 3650))
      .Add("agents.lesson_pair", &a->lesson_pair, "conversations needed on each side of it",
           AtLeast(2))
      .Add("agents.lesson_controls", &a->lesson_controls, "comparable agents, at most", AtLeast(2))
      .Add("agents.resamples", &a->bootstrap.resamples, "of the lessons' bootstrap",
           Between(100, 1'000'000))
      .Add("agents.seed", &a->bootstrap.seed, "of the lessons' bootstrap");
}

}  // namespace arcsat
