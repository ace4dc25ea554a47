// The study of experiments/coverage/ in small: do the intervals hold the truth as often as they
// say?
#include <gtest/gtest.h>

#include <vector>

#include "data/random.h"
#include "experiments/coverage/replicates.h"

namespace arcsat::coverage {
namespace {

constexpr int kReplicates = 200;

const std::vector<TrueConversation>& Centre() {
  static const std::vector<TrueConversation> centre = SimulateCentre(3000, 11);
  return centre;
}

// How often each interval held the centre's share of satisfied.
struct Held {
  int measured = 0, reweighted = 0, prediction_powered = 0, range = 0;
  double error = 0;  // of the reweighted figure, mean
};

Held Count(Response response, std::vector<double> gammas) {
  const double truth = TrueShare(Centre());
  const auto holds = [&](const std::optional<Interval>& interval) {
    return interval->low <= truth && truth <= interval->high ? 1 : 0;
  };
  ReplicateOptions replicate;
  replicate.response = response;
  replicate.conversations = 2500;
  PopulationOptions options;
  options.by = {};
  options.gammas = std::move(gammas);
  Held held;
  for (std::uint64_t r = 0; r < kReplicates; ++r) {
    const Population population =
        MeasurePopulation(DrawReplicate(Centre(), replicate, MixSeed(5, r)), options);
    const PopulationFigures& figures = population.overall.satisfied;
    held.measured += holds(figures.measured->interval);
    held.reweighted += holds(figures.reweighted->interval);
    held.prediction_powered += holds(figures.prediction_powered->interval);
    held.error += (figures.reweighted->value - truth) / kReplicates;
    const SensitivityLine& widest = population.sensitivity.back();
    held.range += widest.low <= truth && truth <= widest.high ? 1 : 0;
  }
  return held;
}

// 190 of 200 at 95%; four standard errors (3.1) below is 177.
TEST(Coverage, CorrectedIntervalsHoldWhereResponseIsByWhatIsSeen) {
  const Held held = Count(Response::kSeen, {1});
  EXPECT_LE(held.measured, 10);
  EXPECT_GE(held.reweighted, 178);
  EXPECT_GE(held.prediction_powered, 178);
  // Not by being endless: a coverage of 0.99 has 200 in one of seven.
  EXPECT_LE(held.reweighted, 199);
  EXPECT_LE(held.prediction_powered, 199);
}

TEST(Coverage, NoneHoldsWhereResponseIsByTheAnswerButTheRangeDoes) {
  const Held held = Count(Response::kUnseen, {1.25});
  EXPECT_EQ(held.measured, 0);
  EXPECT_LE(held.reweighted, 170);
  EXPECT_LE(held.prediction_powered, 170);
  EXPECT_GT(held.error, 0.01);
  EXPECT_GE(held.range, 190);
  // Satisfied customers' odds of answering are about twice the others': 1.25 is enough here only
  // because the exit state tells most of their answer.
  EXPECT_GT(AnswerOddsRatio(Centre(), {}), 1.9);
  EXPECT_LT(AnswerOddsRatio(Centre(), {}), 2.5);
}

}  // namespace
}  // namespace arcsat::coverage
