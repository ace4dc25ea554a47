#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "eval/paired_tests.h"
#include "eval/student.h"
#include "insight/agents/mean_figure.h"
#include "insight/agents/paths.h"

namespace arcsat {
namespace {

constexpr std::size_t kMostExamples = 12;  // of a problem: several steps choose among them

/// Records by agent of one problem.
using ByAgent = std::map<int, std::vector<std::size_t>>;

/// Agents that stand out at the problem, and by what rule they were found.
std::vector<int> StrongAgents(std::vector<const PairStanding*> here, const AgentsOptions& options,
                              std::string* chosen) {
  const auto pick = [&](const auto& wanted) {
    std::vector<int> agents;
    for (const PairStanding* pair : here) {
      if (wanted(pair->standing)) agents.push_back(pair->agent);
    }
    return agents;
  };
  *chosen = "strengths";
  auto agents = pick([](const Standing& s) { return s.statement == Statement::kStrength; });
  if (agents.size() >= 2) return agents;
  *chosen = "likely above the team";
  agents = pick([&](const Standing& s) { return s.p_above >= options.certainty; });
  if (agents.size() >= 2) return agents;
  *chosen = "best quarter";
  std::stable_sort(here.begin(), here.end(), [](const PairStanding* a, const PairStanding* b) {
    return a->standing.effect > b->standing.effect;
  });
  agents.clear();
  const std::size_t quarter = std::max<std::size_t>(2, here.size() / 4);
  for (std::size_t i = 0; i < std::min(quarter, here.size()); ++i) agents.push_back(here[i]->agent);
  std::sort(agents.begin(), agents.end());
  return agents;
}

BehaviourDifference Compare(const AgentRecords& records, const ByAgent& by_agent,
                            const std::set<int>& strong, const std::set<int>& enough,
                            Behaviour behaviour, const AgentsOptions& options) {
  BehaviourDifference out;
  out.behaviour = behaviour;
  std::vector<std::vector<double>> first, other;
  for (const auto& [agent, members] : by_agent) {
    if (enough.count(agent) == 0) continue;
    auto values = BehaviourValues(records, members, behaviour);
    if (values.empty()) continue;
    (strong.count(agent) > 0 ? first : other).push_back(std::move(values));
  }
  if (first.size() < 2 || other.size() < 2) return out;
  const ClusterMean a = MeanOverClusters(first), b = MeanOverClusters(other);
  out.strong = AsFigure(a, behaviour, options.level);
  out.rest = AsFigure(b, behaviour, options.level);
  out.difference = a.mean - b.mean;
  const double error = std::sqrt(a.variance + b.variance);
  // Two means with few clusters each: Welch's degrees of freedom.
  const double degrees = error > 0
                             ? std::pow(error, 4) / (a.variance * a.variance / (a.clusters - 1) +
                                                     b.variance * b.variance / (b.clusters - 1))
                             : 1;
  const double reach = StudentQuantile(0.5 + options.level / 2, degrees) * error;
  out.interval = {out.difference - reach, out.difference + reach};
  out.p = error > 0 ? 2 * StudentCdf(-std::abs(out.difference) / error, degrees) : 1;
  return out;
}

/// Benjamini and Hochberg (1995) over every comparison that was made.
void StateDifferences(std::vector<ProblemBehaviours>* all, double fdr) {
  std::vector<double> p_values;
  for (const ProblemBehaviours& problem : *all) {
    for (const BehaviourDifference& difference : problem.differences) {
      p_values.push_back(difference.p);
    }
  }
  const double allowed = LargestRejected(std::move(p_values), fdr);
  for (ProblemBehaviours& problem : *all) {
    for (BehaviourDifference& difference : problem.differences) {
      difference.stated = difference.p <= allowed;
    }
  }
}

/// Conversations of strong agents that went best against what was to be expected, no two of one
/// agent before each has one.
std::vector<std::size_t> Examples(const ByAgent& by_agent, const std::set<int>& strong,
                                  const std::vector<double>& residual) {
  std::vector<std::pair<int, std::size_t>> order;  // round, record
  for (const auto& [agent, members] : by_agent) {
    if (strong.count(agent) == 0) continue;
    std::vector<std::size_t> best = members;
    std::sort(best.begin(), best.end(), [&](std::size_t a, std::size_t b) {
      return residual[a] != residual[b] ? residual[a] > residual[b] : a < b;
    });
    for (std::size_t i = 0; i < std::min<std::size_t>(best.size(), 3); ++i) {
      order.emplace_back(static_cast<int>(i), best[i]);
    }
  }
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return residual[a.second] != residual[b.second] ? residual[a.second] > residual[b.second]
                                                    : a.second < b.second;
  });
  std::vector<std::size_t> examples;
  for (const auto& [round, record] : order) {
    if (examples.size() < kMostExamples) examples.push_back(record);
  }
  return examples;
}

}  // namespace

std::vector<ProblemBehaviours> CompareBehaviours(const AgentRecords& records,
                                                 const std::vector<int>& problem,
                                                 const std::vector<double>& residual,
                                                 const std::vector<PairStanding>& pairs,
                                                 const AgentsOptions& options) {
  std::map<int, std::vector<const PairStanding*>> by_problem;
  std::set<int> wanted;
  for (const PairStanding& pair : pairs) {
    if (pair.standing.statement == Statement::kTooFew) continue;
    by_problem[pair.problem].push_back(&pair);
    if (pair.standing.statement == Statement::kGap) wanted.insert(pair.problem);
  }
  std::map<int, ByAgent> members;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (wanted.count(problem[i]) > 0) members[problem[i]][records.agent[i]].push_back(i);
  }
  std::vector<ProblemBehaviours> all;
  for (const int code : wanted) {
    ProblemBehaviours& here = all.emplace_back();
    here.problem = code;
    here.strong = StrongAgents(by_problem[code], options, &here.chosen);
    const std::set<int> strong(here.strong.begin(), here.strong.end());
    std::set<int> enough;
    for (const PairStanding* pair : by_problem[code]) enough.insert(pair->agent);
    for (std::size_t b = 0; b < kBehaviours; ++b) {
      const auto difference =
          Compare(records, members[code], strong, enough, static_cast<Behaviour>(b), options);
      if (difference.strong.n > 0) here.differences.push_back(difference);
    }
    here.examples = Examples(members[code], strong, residual);
  }
  StateDifferences(&all, options.fdr);
  return all;
}

}  // namespace arcsat
