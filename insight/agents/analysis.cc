#include "insight/agents/analysis.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace arcsat {
namespace {

using Index = Eigen::Index;

/// Means and counts of the outcome, and sums for the slope, a pair.
struct PairTally {
  double outcome = 0, satisfied = 0;
};

std::vector<std::size_t> PairOfRecord(const AgentsDesign& design, const PairSums& sums) {
  std::vector<std::size_t> first(static_cast<std::size_t>(sums.agents) + 1, sums.pairs.size());
  for (std::size_t p = sums.pairs.size(); p-- > 0;) {
    first[static_cast<std::size_t>(sums.pairs[p].agent)] = p;
  }
  std::vector<std::size_t> pair(design.data.agent.size());
  for (std::size_t i = 0; i < pair.size(); ++i) {
    std::size_t p = first[static_cast<std::size_t>(design.data.agent[i])];
    while (sums.pairs[p].problem != design.data.problem[i]) ++p;
    pair[i] = p;
  }
  return pair;
}

std::vector<PairTally> PairMeans(const AgentRecords& records, const std::vector<std::size_t>& pair,
                                 const PairSums& sums) {
  std::vector<PairTally> tally(sums.pairs.size());
  for (std::size_t i = 0; i < pair.size(); ++i) {
    tally[pair[i]].outcome += records.outcome[i] / sums.pairs[pair[i]].n;
    tally[pair[i]].satisfied += records.satisfied[i] / sums.pairs[pair[i]].n;
  }
  return tally;
}

/// Regression of the chance to be satisfied on the outcome, both within pairs.
double SatisfiedSlope(const AgentRecords& records, const std::vector<std::size_t>& pair,
                      const std::vector<PairTally>& means) {
  double cross = 0, square = 0;
  for (std::size_t i = 0; i < pair.size(); ++i) {
    const double rise = records.outcome[i] - means[pair[i]].outcome;
    cross += rise * (records.satisfied[i] - means[pair[i]].satisfied);
    square += rise * rise;
  }
  return square > 0 ? cross / square : 0;
}

void StandPairs(const std::vector<PairTally>& means, AgentsAnalysis* out) {
  const PairSums& sums = out->fit->sums();
  for (std::size_t p = 0; p < sums.pairs.size(); ++p) {
    const PairSums::Pair& here = sums.pairs[p];
    if (out->design.problems[static_cast<std::size_t>(here.problem)] == kRareProblems) continue;
    PairStanding pair;
    pair.agent = here.agent;
    pair.problem = here.problem;
    pair.mean = means[p].outcome;
    const VarianceComponents& variances = out->fit->variances();
    pair.standing = MakeStanding(out->fit->AgentAt(p), variances.agent + variances.pair,
                                 static_cast<int>(here.n), out->options.min_pair, out->options);
    const double lost = -here.n * out->satisfied_slope;
    pair.cost = lost * pair.standing.effect;
    const double ends[] = {lost * pair.standing.interval.low, lost * pair.standing.interval.high};
    pair.cost_interval = {std::min(ends[0], ends[1]), std::max(ends[0], ends[1])};
    out->pairs.push_back(pair);
  }
  std::vector<Standing*> standings;
  for (PairStanding& pair : out->pairs) standings.push_back(&pair.standing);
  StateAll(standings, out->options);
}

void StandAgents(const std::vector<PairTally>& means, AgentsAnalysis* out) {
  const PairSums& sums = out->fit->sums();
  std::vector<double> weights(static_cast<std::size_t>(sums.problems), 0.0);
  std::vector<double> n(static_cast<std::size_t>(sums.agents), 0.0), mean = n;
  for (std::size_t p = 0; p < sums.pairs.size(); ++p) {
    const PairSums::Pair& here = sums.pairs[p];
    weights[static_cast<std::size_t>(here.problem)] += here.n / sums.n;
    n[static_cast<std::size_t>(here.agent)] += here.n;
    mean[static_cast<std::size_t>(here.agent)] += here.n * means[p].outcome;
  }
  double prior = out->fit->variances().agent;
  for (const double share : weights) prior += share * share * out->fit->variances().pair;
  for (int agent = 0; agent < sums.agents; ++agent) {
    const auto a = static_cast<std::size_t>(agent);
    out->agents.push_back(
        {agent, mean[a] / n[a],
         MakeStanding(out->fit->AgentOver(agent, weights), prior, static_cast<int>(n[a]),
                      out->options.min_agent, out->options)});
  }
  std::vector<Standing*> standings;
  for (AgentStanding& agent : out->agents) standings.push_back(&agent.standing);
  StateAll(standings, out->options);
}

}  // namespace

AgentsAnalysis AnalyseAgents(const AgentRecords& records, const LessonCatalogue& catalogue,
                             const std::vector<LessonTaken>& lessons,
                             const AgentsOptions& options) {
  AgentsAnalysis out;
  out.options = options;
  const auto start = std::chrono::steady_clock::now();
  out.design = MakeDesign(records, options);
  out.fit = std::make_unique<MixedFit>(SumPairs(out.design.data),
                                       MixedOptions{options.problem == "random"});
  const MixedData& data = out.design.data;
  const auto pair = PairOfRecord(out.design, out.fit->sums());
  const auto means = PairMeans(records, pair, out.fit->sums());
  out.satisfied_slope = options.outcome == "p_satisfied" ? 1 : SatisfiedSlope(records, pair, means);
  StandPairs(means, &out);
  StandAgents(means, &out);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::vector<double> residual;
  for (std::size_t i = 0; i < records.size(); ++i) {
    out.expected.push_back(
        out.fit->Expected(data.x.row(static_cast<Index>(i)).transpose(), data.problem[i]));
    residual.push_back(records.outcome[i] - out.expected.back());
  }
  out.behaviours = CompareBehaviours(records, data.problem, residual, out.pairs, options);
  out.paths = MakePaths(records, data.problem, out.design.problems, out.pairs, out.behaviours,
                        catalogue, options);
  if (!lessons.empty()) {
    out.lessons =
        EstimateLessons(records, data.problem, out.design.problems, residual, lessons, options);
  }
  out.design.data.x.resize(0, 0);
  return out;
}

}  // namespace arcsat
