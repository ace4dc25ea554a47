#include "insight/agents/paths.h"

#include <algorithm>
#include <map>

#include "eval/special.h"
#include "insight/agents/mean_figure.h"

namespace arcsat {
namespace {

class PathMaker {
 public:
  PathMaker(const AgentRecords& records, const std::vector<int>& problem,
            const std::vector<std::string>& names, const std::vector<PairStanding>& pairs,
            const std::vector<ProblemBehaviours>& behaviours, const LessonCatalogue& catalogue,
            const AgentsOptions& options)
      : records_(records), names_(names), catalogue_(catalogue), options_(options) {
    for (const ProblemBehaviours& here : behaviours) behaviours_[here.problem] = &here;
    for (const PairStanding& pair : pairs) {
      standings_[{pair.agent, pair.problem}] = &pair;
      if (pair.standing.statement == Statement::kGap) gaps_[pair.agent].push_back(&pair);
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto found = standings_.find({records.agent[i], problem[i]});
      if (found != standings_.end() && found->second->standing.statement == Statement::kGap) {
        members_[found->second].push_back(i);
      }
    }
  }

  std::vector<LearningPath> Make() {
    std::vector<LearningPath> paths;
    for (auto& [agent, gaps] : gaps_) {
      std::stable_sort(gaps.begin(), gaps.end(), [](const PairStanding* a, const PairStanding* b) {
        return a->cost > b->cost;
      });
      LearningPath& path = paths.emplace_back();
      path.agent = agent;
      for (const PairStanding* gap : gaps) {
        if (static_cast<int>(path.steps.size()) < options_.path) path.steps.push_back(Step(*gap));
      }
    }
    return paths;
  }

 private:
  PathStep Step(const PairStanding& gap) {
    PathStep step;
    step.pair = &gap;
    const std::string& name = names_[static_cast<std::size_t>(gap.problem)];
    step.lessons = catalogue_.For(name, "*");
    const auto found = behaviours_.find(gap.problem);
    if (found == behaviours_.end()) return step;
    const ProblemBehaviours& here = *found->second;
    for (const BehaviourDifference& difference : here.differences) {
      if (!difference.stated) continue;
      StepBehaviour behaviour;
      behaviour.difference = &difference;
      behaviour.own = OwnFigure(BehaviourValues(records_, members_[&gap], difference.behaviour),
                                difference.behaviour, options_.level);
      // Only where the agent is on the other side of the strong ones, as the rest are.
      const double away = difference.strong.value - behaviour.own.value;
      if (behaviour.own.n == 0 || away * difference.difference <= 0) continue;
      behaviour.lessons = catalogue_.For(
          name, BehaviourRules()[static_cast<std::size_t>(difference.behaviour)].name);
      step.behaviours.push_back(std::move(behaviour));
    }
    std::stable_sort(step.behaviours.begin(), step.behaviours.end(),
                     [](const StepBehaviour& a, const StepBehaviour& b) {
                       return a.difference->p < b.difference->p;
                     });
    for (const std::size_t i : here.examples) {
      if (static_cast<int>(step.examples.size()) < options_.examples &&
          records_.agent[i] != gap.agent) {
        step.examples.push_back(i);
      }
    }
    step.coach = Coach(here, gap);
    return step;
  }

  /// The surest of the strong agents who is not named for too many already.
  int Coach(const ProblemBehaviours& here, const PairStanding& gap) {
    std::vector<std::pair<double, int>> order;  // lower bound, agent
    for (const int agent : here.strong) {
      const Standing& standing = standings_.at({agent, gap.problem})->standing;
      if (agent != gap.agent && standing.p_above >= options_.certainty) {
        order.emplace_back(-standing.interval.low, agent);
      }
    }
    std::sort(order.begin(), order.end());
    for (const auto& [bound, agent] : order) {
      if (coached_[agent] >= options_.coaching) continue;
      ++coached_[agent];
      return agent;
    }
    return -1;
  }

  const AgentRecords& records_;
  const std::vector<std::string>& names_;
  const LessonCatalogue& catalogue_;
  const AgentsOptions& options_;
  std::map<int, const ProblemBehaviours*> behaviours_;
  std::map<std::pair<int, int>, const PairStanding*> standings_;
  std::map<int, std::vector<const PairStanding*>> gaps_;
  std::map<const PairStanding*, std::vector<std::size_t>> members_;
  std::map<int, int> coached_;
};

}  // namespace

std::vector<LearningPath> MakePaths(const AgentRecords& records, const std::vector<int>& problem,
                                    const std::vector<std::string>& problem_names,
                                    const std::vector<PairStanding>& pairs,
                                    const std::vector<ProblemBehaviours>& behaviours,
                                    const LessonCatalogue& catalogue,
                                    const AgentsOptions& options) {
  return PathMaker(records, problem, problem_names, pairs, behaviours, catalogue, options).Make();
}

}  // namespace arcsat
