// How well `arcsat agents` finds what the simulator knows: README.md has the command and figures.
//
//   arcsat_agents_study [replicates] [truth's conversations] [noise] [outcome]
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "data/simulator/world.h"
#include "experiments/agents/study.h"

namespace arcsat {
namespace {

constexpr int kAgents = 40;

std::vector<double> Ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<double>(i);
  return ranks;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

/// What a large sample of the same world says: effects of each pair and agent, nearly without
/// error.
struct Truth {
  std::map<std::pair<int, int>, double> pair;
  std::vector<double> overall, skill;
};

Truth MakeTruth(const SimulateOptions& world, std::int64_t n, const AgentsOptions& options) {
  const AgentRecords records = SimulatedRecords(world, 1'000'000, n, 0, options.outcome);
  const AgentsAnalysis analysis = AnalyseAgents(records, {}, {}, options);
  Truth truth;
  for (const PairStanding& pair : analysis.pairs) {
    truth.pair[{pair.agent, pair.problem}] = pair.standing.effect;
  }
  for (const AgentStanding& agent : analysis.agents) {
    truth.overall.push_back(agent.standing.effect);
    double skill = 0;
    for (std::size_t k = 0; k < records.problems.size(); ++k) {
      skill += AgentSkill(world, agent.agent, static_cast<int>(k));
    }
    truth.skill.push_back(skill / static_cast<double>(records.problems.size()));
  }
  const VarianceComponents& v = analysis.fit->variances();
  fmt::print(
      "truth from {} conversations: deviations agent {:.4f}, pair {:.4f}, residual {:.4f}; "
      "rank correlation of effect and mean skill {:.3f}; {:.1f} s\n",
      n, std::sqrt(v.agent), std::sqrt(v.pair), std::sqrt(v.residual),
      Correlation(Ranks(truth.overall), Ranks(truth.skill)), analysis.seconds);
  return truth;
}

struct Sums {
  double rank_skill = 0, rank_effect = 0, raw_rank_skill = 0, raw_rank_effect = 0;
  double error = 0, raw_error = 0, slope_cross = 0, slope_square = 0, raw_cross = 0, raw_square = 0;
  int pairs = 0, pairs_covered = 0, enough = 0, enough_covered = 0, agents = 0, agents_covered = 0;
  int stated = 0, stated_planted = 0, stated_below_margin = 0, stated_below = 0;
  int planted = 0, planted_enough = 0, found = 0, strengths = 0, strengths_true = 0;
};

bool Holds(const Interval& interval, double value) {
  return interval.low <= value && value <= interval.high;
}

void CountPairs(const AgentsAnalysis& analysis, const Truth& truth, const SimulateOptions& world,
                Sums* sums) {
  const double margin = analysis.options.margin;
  for (const PairStanding& pair : analysis.pairs) {
    const double effect = truth.pair.at({pair.agent, pair.problem});
    const bool covered = Holds(pair.standing.interval, effect);
    const bool planted = HasGap(world, pair.agent, pair.problem);
    const bool enough = pair.standing.statement != Statement::kTooFew;
    const bool gap = pair.standing.statement == Statement::kGap;
    const bool strength = pair.standing.statement == Statement::kStrength;
    ++sums->pairs;
    sums->pairs_covered += covered;
    sums->enough += enough;
    sums->enough_covered += enough && covered;
    sums->planted += planted;
    sums->planted_enough += planted && enough;
    sums->found += planted && gap;
    sums->stated += gap;
    sums->stated_planted += gap && planted;
    sums->stated_below_margin += gap && effect < -margin;
    sums->stated_below += gap && effect < 0;
    sums->strengths += strength;
    sums->strengths_true += strength && effect > margin;
  }
}

void CountAgents(const AgentsAnalysis& analysis, const Truth& truth, Sums* sums) {
  std::vector<double> effects, raw;
  double mean = 0;
  for (const AgentStanding& agent : analysis.agents) mean += agent.mean / kAgents;
  for (const AgentStanding& agent : analysis.agents) {
    effects.push_back(agent.standing.effect);
    raw.push_back(agent.mean - mean);
    const double real = truth.overall[static_cast<std::size_t>(agent.agent)];
    ++sums->agents;
    sums->agents_covered += Holds(agent.standing.interval, real);
    sums->error += std::pow(effects.back() - real, 2);
    sums->raw_error += std::pow(raw.back() - real, 2);
    sums->slope_cross += effects.back() * real;
    sums->slope_square += effects.back() * effects.back();
    sums->raw_cross += raw.back() * real;
    sums->raw_square += raw.back() * raw.back();
  }
  sums->rank_skill += Correlation(Ranks(effects), Ranks(truth.skill));
  sums->rank_effect += Correlation(Ranks(effects), Ranks(truth.overall));
  sums->raw_rank_skill += Correlation(Ranks(raw), Ranks(truth.skill));
  sums->raw_rank_effect += Correlation(Ranks(raw), Ranks(truth.overall));
}

double Share(int part, int whole) { return whole > 0 ? 100.0 * part / whole : NAN; }

void Print(int each, int replicates, const Sums& s) {
  fmt::print("{} conversations an agent, {} replicates\n", each, replicates);
  fmt::print(
      "  rank correlation, all problems: with mean skill {:.3f} (raw means {:.3f}), with true "
      "effect {:.3f} (raw {:.3f})\n",
      s.rank_skill / replicates, s.raw_rank_skill / replicates, s.rank_effect / replicates,
      s.raw_rank_effect / replicates);
  fmt::print(
      "  root mean squared error {:.4f} (raw {:.4f}); slope of truth on estimate {:.2f} (raw "
      "{:.2f})\n",
      std::sqrt(s.error / s.agents), std::sqrt(s.raw_error / s.agents),
      s.slope_cross / s.slope_square, s.raw_cross / s.raw_square);
  fmt::print(
      "  95% intervals hold the truth: agents {:.1f}% of {}, pairs {:.1f}% of {}, pairs with "
      "enough {:.1f}% of {}\n",
      Share(s.agents_covered, s.agents), s.agents, Share(s.pairs_covered, s.pairs), s.pairs,
      Share(s.enough_covered, s.enough), s.enough);
  fmt::print(
      "  gaps stated {}: not below the margin {:.1f}%, not below 0 {:.1f}%, not planted "
      "{:.1f}%; planted gaps {}, with enough {}, found {:.1f}% of these\n",
      s.stated, Share(s.stated - s.stated_below_margin, s.stated),
      Share(s.stated - s.stated_below, s.stated), Share(s.stated - s.stated_planted, s.stated),
      s.planted, s.planted_enough, Share(s.found, s.planted_enough));
  fmt::print("  strengths stated {}: not above the margin {:.1f}%\n", s.strengths,
             Share(s.strengths - s.strengths_true, s.strengths));
}

void Study(int replicates, std::int64_t truth_size, double noise, const std::string& outcome) {
  SimulateOptions world;
  world.agents = kAgents;
  AgentsOptions options;
  options.min_problem = 1;
  options.outcome = outcome;
  const Truth truth = MakeTruth(world, truth_size, options);
  std::int64_t next = 0;
  for (const int each : {10, 50, 200, 1000}) {
    Sums sums;
    for (int r = 0; r < replicates; ++r) {
      const AgentRecords records =
          SimulatedRecords(world, next, std::int64_t{each} * kAgents, noise, options.outcome);
      next += std::int64_t{each} * kAgents;
      const AgentsAnalysis analysis = AnalyseAgents(records, {}, {}, options);
      CountPairs(analysis, truth, world, &sums);
      CountAgents(analysis, truth, &sums);
    }
    Print(each, replicates, sums);
  }
}

}  // namespace
}  // namespace arcsat

int main(int argc, char** argv) {
  const int replicates = argc > 1 ? std::atoi(argv[1]) : 10;
  const std::int64_t truth = argc > 2 ? std::atoll(argv[2]) : 480'000;
  arcsat::Study(replicates, truth, argc > 3 ? std::atof(argv[3]) : 0.05,
                argc > 4 ? argv[4] : "delta");
  return 0;
}
