// How often do the 95% intervals of eval/population.h hold the truth, when those who answer are not
// like the others? Writes Markdown tables. See README.md beside this file.
//
//   arcsat_coverage [REPLICATES] [CONVERSATIONS] [SEED]
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "experiments/coverage/replicates.h"

namespace arcsat::coverage {
namespace {

constexpr int kCentre = 50000;

struct Scenario {
  const char* title;
  Response response;
  bool scores_know;
};
constexpr std::array<Scenario, 4> kScenarios = {
    {{"0. Whoever answers is drawn at random", Response::kRandom, true},
     {"A. Missing at random: by channel, length, escalation and the exit state as it is seen",
      Response::kSeen, true},
     {"A'. As A, with scores that know nothing", Response::kSeen, false},
     {"B. Not at random: by the answer itself", Response::kUnseen, true}}};

// One figure over the replicates.
struct Tally {
  int n = 0, held = 0, too_high = 0;
  double error = 0, squared = 0, variance = 0, width = 0, lambda = 0;

  void Add(const std::optional<PopulationFigure>& figure, double truth) {
    if (!figure || !figure->interval) return;
    ++n;
    held += figure->interval->low <= truth && truth <= figure->interval->high;
    too_high += truth < figure->interval->low;
    error += figure->value - truth;
    squared += (figure->value - truth) * (figure->value - truth);
    variance += figure->standard_error * figure->standard_error;
    width += figure->interval->high - figure->interval->low;
    lambda += figure->lambda.value_or(0);
  }
  std::string Row(const std::string& name) const {
    const Interval interval = *WilsonInterval(held, n);
    const double bias = error / n;
    return fmt::format(
        "| {} | {:.1f}% [{:.1f}, {:.1f}] | {:.1f}% | {:+.4f} | {:.4f} | {:.4f} | "
        "{:.4f} | {:.2f} |\n",
        name, 100.0 * held / n, 100 * interval.low, 100 * interval.high, 100.0 * too_high / n, bias,
        std::sqrt(squared / n - bias * bias), std::sqrt(variance / n), width / n, lambda / n);
  }
};

// "channel: chat" and the share that is true of it.
using Truths = std::map<std::string, double>;

Truths TruthOfGroups(const std::vector<TrueConversation>& centre) {
  std::map<std::string, std::pair<double, double>> sums;
  for (const TrueConversation& row : centre) {
    for (const std::string& group :
         {"channel" + row.context.channel, "problem_type" + row.context.problem_type}) {
      sums[group].first += row.score >= 4 ? 1 : 0;
      sums[group].second += 1;
    }
  }
  Truths truths;
  for (const auto& [group, sum] : sums) truths[group] = sum.first / sum.second;
  return truths;
}

struct Study {
  std::map<std::string, Tally> tallies;          // in the order of their names
  std::map<double, std::pair<int, int>> ranges;  // gamma: truth in the range, in its interval
  double answered = 0, effective = 0;
  int replicates = 0;
};

void AddAll(const std::string& name, const PopulationFigures& figures, double truth, Study* study) {
  study->tallies[name + ", measured"].Add(figures.measured, truth);
  study->tallies[name + ", reweighted"].Add(figures.reweighted, truth);
  study->tallies[name + ", prediction-powered"].Add(figures.prediction_powered, truth);
}

Study Run(const std::vector<TrueConversation>& centre, const Scenario& scenario, int replicates,
          int conversations, std::uint64_t seed) {
  ReplicateOptions options;
  options.response = scenario.response;
  options.scores_know = scenario.scores_know;
  options.conversations = conversations;
  const double share = TrueShare(centre), mean = TrueMean(centre);
  const Truths truths = TruthOfGroups(centre);
  Study study;
  study.replicates = replicates;
  for (int r = 0; r < replicates; ++r) {
    // The same seeds in every scenario.
    const auto items = DrawReplicate(centre, options, MixSeed(seed, static_cast<unsigned>(r)));
    const Population population = MeasurePopulation(items);
    const PopulationGroup& all = population.overall;
    AddAll("1 everybody: share satisfied", all.satisfied, share, &study);
    if (all.answer) AddAll("2 everybody: mean answer", *all.answer, mean, &study);
    for (const PopulationGroup& group : population.by) {
      if (!group.satisfied.reweighted) continue;
      const std::string name = group.by == "channel" ? "3 a channel" : "4 a problem type";
      AddAll(name, group.satisfied, truths.at(group.by + group.value), &study);
    }
    for (const SensitivityLine& line : population.sensitivity) {
      auto& [range, interval] = study.ranges[line.gamma];
      range += line.low <= share && share <= line.high;
      interval += line.interval->low <= share && share <= line.interval->high;
    }
    study.answered += all.answered;
    if (population.response) study.effective += population.response->effective_sample_size;
  }
  return study;
}

void Print(const Scenario& scenario, const Study& study) {
  const double n = study.replicates;
  fmt::print("\n### {}\n{:.0f} answers a replicate, worth {:.0f} unweighted ones.\n\n",
             scenario.title, study.answered / n, study.effective / n);
  fmt::print(
      "| figure | held | too high | bias | deviation | standard error | width | lambda |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const auto& [name, tally] : study.tallies) {
    if (tally.n >= study.replicates) fmt::print("{}", tally.Row(name.substr(2)));
  }
  fmt::print(
      "\n| gamma | the range held the truth | with its sampling error |\n| --- | --- | --- |\n");
  for (const auto& [gamma, held] : study.ranges) {
    fmt::print("| {:g} | {:.1f}% | {:.1f}% |\n", gamma, 100 * held.first / n,
               100 * held.second / n);
  }
  std::fflush(stdout);
}

int Number(int argc, char** argv, int at, int otherwise) {
  if (argc <= at) return otherwise;
  int value = 0;
  const char* end = argv[at] + std::strlen(argv[at]);
  const auto read = std::from_chars(argv[at], end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 1) {
    throw UsageError({"arcsat_coverage", fmt::format("found \"{}\"", argv[at]),
                      "expected a whole number of at least 1",
                      "call arcsat_coverage [REPLICATES] [CONVERSATIONS] [SEED]"});
  }
  return value;
}

int Main(int argc, char** argv) {
  const int replicates = Number(argc, argv, 1, 1000), conversations = Number(argc, argv, 2, 5000);
  const auto seed = static_cast<std::uint64_t>(Number(argc, argv, 3, 1));
  const auto centre = SimulateCentre(kCentre, seed);
  fmt::print(
      "{} replicates of {} conversations. Truth: {:.4f} satisfied, mean answer {:.4f}. Odds "
      "of answering in B, satisfied against dissatisfied: {:.2f}.\n",
      replicates, conversations, TrueShare(centre), TrueMean(centre), AnswerOddsRatio(centre, {}));
  for (const Scenario& scenario : kScenarios) {
    Print(scenario, Run(centre, scenario, replicates, conversations, seed));
  }
  return 0;
}

}  // namespace
}  // namespace arcsat::coverage

int main(int argc, char** argv) {
  try {
    return arcsat::coverage::Main(argc, argv);
  } catch (const arcsat::UsageError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
