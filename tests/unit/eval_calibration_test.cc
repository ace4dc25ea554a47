#include "eval/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"
#include "tests/unit/calibration_test_support.h"

namespace arcsat {
namespace {

double Loss(const Calibration& calibration, const std::string& method) {
  for (const auto& [name, loss] : calibration.log_loss) {
    if (name == method) return loss;
  }
  return std::nan("");
}

TEST(Calibration, FindsTheOutlooksMap) {
  World world;
  world.n = 4000;
  CalibrationOptions options;
  options.final = "outlook";
  const Calibration calibration = FitCalibration(Simulate(world), options);
  EXPECT_EQ(calibration.outlook.method, "platt");
  EXPECT_NEAR(calibration.outlook.coefficients(1), 0.5, 0.08);
  EXPECT_NEAR(calibration.outlook.coefficients(0), 0.4, 0.15);
  EXPECT_EQ(calibration.labels, 4000);
  EXPECT_LT(Loss(calibration, "platt"), Loss(calibration, "temperature"));
  EXPECT_LT(Loss(calibration, "temperature"), Loss(calibration, "uncalibrated"));
  // The map that made the labels cannot be beaten by more than luck: its entropy is the floor.
  double sum = 0, held = 0;
  for (const LabeledScore& item : Simulate(world)) {
    const Score score = Apply(calibration, item.raw);
    const double truth = Sigmoid(0.5 * item.raw.outlook_logit + 0.4);
    sum += std::abs(score.p_satisfied - truth);
    held += score.interval->first <= truth && truth <= score.interval->second;
    EXPECT_LE(score.interval->first, score.p_satisfied);
    EXPECT_GE(score.interval->second, score.p_satisfied);
  }
  EXPECT_LT(sum / 4000, 0.02);
  EXPECT_GT(held / 4000, 0.5);  // one fit: its intervals hold the truth together or not
}

TEST(Calibration, ArcIsChosenWhereDeltaCounts) {
  World world;
  world.by_delta = 4;
  const Calibration calibration = FitCalibration(Simulate(world));
  EXPECT_EQ(calibration.chosen, "arc");
  EXPECT_LT(Loss(calibration, "arc"), Loss(calibration, "platt") - 0.03);
  EXPECT_GT(calibration.arc.coefficients(2), 1);
  ASSERT_EQ(calibration.tests.size(), 4u);
  EXPECT_LT(calibration.tests[2].p_value, 1e-6) << calibration.tests[2].name;
}

TEST(Calibration, OutlookIsMostlyChosenWhereDeltaTellsNothing) {
  int outlook = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world;
    world.n = 200;
    world.seed = seed;
    outlook += FitCalibration(Simulate(world)).chosen == "outlook";
  }
  EXPECT_GE(outlook, 12);
}

TEST(Calibration, StateIsFittedToRatings) {
  const Calibration calibration = FitCalibration(Simulate({}));
  EXPECT_EQ(calibration.state.method, "affine");
  EXPECT_EQ(calibration.state.target, "turn_ratings");
  EXPECT_NEAR(calibration.state.a, 2, 1e-6);  // the ratings hold no noise
  EXPECT_NEAR(calibration.state.b, -0.3, 1e-6);
  World world;
  world.rated = false;
  EXPECT_EQ(FitCalibration(Simulate(world)).state.target, "none");  // the answer ignores the state
  world.by_delta = 5;
  EXPECT_EQ(FitCalibration(Simulate(world)).state.target, "survey");
}

TEST(Calibration, TurnClassesAreFittedAndKept) {
  const Calibration calibration = FitCalibration(Simulate({}));
  EXPECT_GT(calibration.classes.turns, 20);
  EXPECT_EQ(calibration.classes.rule, "middle");
  const Calibration read = ParseCalibration(ToJson(calibration).dump(), "x");
  EXPECT_EQ(read.classes.rule, calibration.classes.rule);
  EXPECT_EQ(read.classes.low, calibration.classes.low);
  EXPECT_EQ(read.classes.high, calibration.classes.high);
  EXPECT_EQ(read.classes.sign, calibration.classes.sign);
  EXPECT_EQ(read.classes.turns, calibration.classes.turns);
  Json older = ToJson(calibration);
  older.erase("turn_classes");
  EXPECT_EQ(ParseCalibration(older.dump(), "x").classes.turns, 0);
  CalibrationOptions options;
  options.rating_rule = "rounded";
  EXPECT_EQ(FitCalibration(Simulate({}), options).classes.rule, "rounded");
  options.rating_rule = "thirds";
  EXPECT_THROW(FitCalibration(Simulate({}), options), UsageError);
}

TEST(Calibration, ScoresStayInRangeAndKeepTheirOrder) {
  const Calibration calibration = FitCalibration(Simulate({}));
  double before = -1;
  for (const double state : {0.0, 1e-9, 0.1, 0.5, 0.9, 1 - 1e-9, 1.0}) {
    const double after = ApplyState(calibration.state, state);
    EXPECT_GE(after, before);
    EXPECT_GE(after, 0);
    EXPECT_LE(after, 1);
    before = after;
  }
  RawScore raw;
  raw.outlook_logit = 1e4;
  const Score extreme = Apply(calibration, raw);
  EXPECT_EQ(extreme.p_satisfied, 1);
  EXPECT_TRUE(extreme.turns.empty());
  EXPECT_EQ(extreme.delta, 0);  // no customer turn: entry and exit are the same
  ASSERT_TRUE(extreme.csat);
  EXPECT_LE(*extreme.csat, 5);
}

TEST(Calibration, ApplyIsTheDocumentedFormula) {
  Calibration c;
  c.chosen = "arc";
  c.state = {"affine", "survey", 2, 0.5};
  c.outlook.coefficients << -1, 0.5;
  c.arc.fitted = true;
  c.arc.coefficients << -1, 2, 3, 0.25;
  c.csat = {true, 1.5, 3, 1, 5, {}};
  RawScore raw;
  raw.id = "x";
  raw.outlook_logit = 2;
  raw.turns = {{1, Speaker::kCustomer, 0.5, 4}, {3, Speaker::kCustomer, 0.75, 2}};
  const Score score = Apply(c, raw);
  const double entry = 1 / (1 + std::exp(-0.5));
  const double exit = 1 / (1 + std::exp(-(2 * std::log(3.0) + 0.5)));
  EXPECT_NEAR(score.entry, entry, 1e-15);
  EXPECT_NEAR(score.exit, exit, 1e-15);
  EXPECT_NEAR(score.delta, exit - entry, 1e-15);
  const double p = 1 / (1 + std::exp(-(-1 + 2 * entry + 3 * (exit - entry) + 0.5)));
  EXPECT_NEAR(score.p_satisfied, p, 1e-15);
  EXPECT_NEAR(*score.csat, 1.5 + 3 * p, 1e-14);
  EXPECT_TRUE(score.boxes.empty());
  EXPECT_FALSE(score.interval);  // no covariance, no interval
  ASSERT_EQ(score.turns.size(), 2u);
  EXPECT_EQ(score.turns[1].index, 3);
  EXPECT_NEAR(score.turns[0].outlook, 1 / (1 + std::exp(-1.0)), 1e-15);
}

TEST(Calibration, ThresholdIsTheBestOneAskedFor) {
  World world;
  world.shift = 2;  // most are satisfied, so balanced accuracy wants a high threshold
  CalibrationOptions options;
  options.threshold = "balanced";
  EXPECT_GT(FitCalibration(Simulate(world), options).threshold, 0.6);
  options.threshold = "half";
  EXPECT_EQ(FitCalibration(Simulate(world), options).threshold, 0.5);
}

TEST(Calibration, CsatIsTheExpectedAnswer) {
  const std::vector<LabeledScore> items = Simulate({});
  const Calibration calibration = FitCalibration(items);
  ASSERT_TRUE(calibration.csat.boxes.fitted());
  EXPECT_EQ(calibration.csat.boxes.answers, (std::vector<int>{1, 2, 3, 4, 5}));
  double predicted = 0, answered = 0;
  std::vector<double> expected(5), given(5);
  for (const LabeledScore& item : items) {
    const Score score = Apply(calibration, item.raw);
    ASSERT_EQ(score.boxes.size(), 5u);
    double sum = 0, mean = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_GE(score.boxes[k], 0);
      sum += score.boxes[k];
      mean += static_cast<double>(k + 1) * score.boxes[k];
      expected[k] += score.boxes[k];
    }
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_NEAR(*score.csat, mean, 1e-12);
    predicted += *score.csat;
    answered += *item.answer;
    given[static_cast<std::size_t>(*item.answer) - 1] += 1;
  }
  EXPECT_NEAR(predicted / 600, answered / 600, 0.05);
  EXPECT_NEAR(*calibration.csat.mean_answer, answered / 600, 1e-12);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(expected[k] / 600, given[k] / 600, 0.02) << k;
  World world;
  world.answered = false;
  EXPECT_FALSE(FitCalibration(Simulate(world)).csat.fitted);
}

TEST(Calibration, CsatIsALineWhereBoxesAreNotToBeHad) {
  std::vector<LabeledScore> items = Simulate({});
  for (LabeledScore& item : items) item.answer = *item.satisfied ? 5 : 1;  // two boxes
  const Calibration calibration = FitCalibration(items);
  EXPECT_TRUE(calibration.csat.fitted);
  EXPECT_FALSE(calibration.csat.boxes.fitted());
  double predicted = 0, answered = 0;
  for (const LabeledScore& item : items) {
    const Score score = Apply(calibration, item.raw);
    EXPECT_TRUE(score.boxes.empty());
    predicted += *score.csat;
    answered += *item.answer;
  }
  EXPECT_NEAR(predicted / 600, answered / 600, 0.02);
  items[0].answer = 4.5;
  items[1].answer = 2;
  EXPECT_FALSE(FitCalibration(items).csat.boxes.fitted());
}

TEST(Calibration, AnyMethodMayBeAskedFor) {
  for (const std::string& method : kOutlookMethods) {
    CalibrationOptions options;
    options.outlook = method;
    options.final = "outlook";
    const Calibration calibration = FitCalibration(Simulate({}), options);
    EXPECT_EQ(calibration.outlook.method, method);
    const Calibration again = ParseCalibration(ToJson(calibration).dump(), "again");
    double before = 0;
    for (double z = -12.1; z <= 12; z += 0.25) {
      RawScore raw;
      raw.outlook_logit = z;
      raw.turns = {{0, Speaker::kCustomer, 0.5, z}};
      const Score score = Apply(again, raw);
      EXPECT_GE(score.p_satisfied, before) << method << " at " << z;
      EXPECT_LE(score.p_satisfied, 1);
      EXPECT_EQ(score.turns[0].outlook, score.p_satisfied);
      EXPECT_EQ(score.p_satisfied, Apply(calibration, raw).p_satisfied);
      EXPECT_EQ(score.interval.has_value(), method != "isotonic");
      before = score.p_satisfied;
    }
  }
}

// Chances that no line of log-odds can make: far from it the flexible maps must win, and where a
// line is the truth the simple ones.
TEST(Calibration, ABentOutlookIsFound) {
  World world;
  world.n = 3000;
  std::vector<LabeledScore> items = Simulate(world);
  Random random(5);
  for (LabeledScore& item : items) {
    item.satisfied = random.Chance(item.raw.outlook_logit < 0 ? 0.25 : 0.9);
  }
  CalibrationOptions options;
  options.final = "outlook";
  const Calibration calibration = FitCalibration(items, options);
  EXPECT_TRUE(calibration.outlook.method == "spline" || calibration.outlook.method == "isotonic")
      << calibration.outlook.method;
  EXPECT_LT(Loss(calibration, calibration.outlook.method), Loss(calibration, "platt") - 0.01);
  EXPECT_LT(Loss(calibration, "beta"), Loss(calibration, "temperature"));
}

TEST(Calibration, TooFewOrOneClassIsAnError) {
  World world;
  world.n = 19;
  EXPECT_THROW(FitCalibration(Simulate(world)), Error);
  world.n = 100;
  std::vector<LabeledScore> items = Simulate(world);
  for (LabeledScore& item : items) item.satisfied = true;
  try {
    FitCalibration(items);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.problem().found.find("100 survey answers, 100 satisfied"), std::string::npos);
    EXPECT_NE(error.problem().remedy.find("identity_if_few"), std::string::npos);
  }
  CalibrationOptions options;
  options.identity_if_few = true;
  const Calibration identity = FitCalibration(items, options);
  EXPECT_EQ(identity.outlook.method, "identity");
  EXPECT_FALSE(identity.warnings.empty());
  EXPECT_DOUBLE_EQ(Apply(identity, items[0].raw).p_satisfied, Sigmoid(items[0].raw.outlook_logit));
}

TEST(Calibration, SmallAndSeparatedStaysFinite) {
  World world;
  world.n = 50;
  world.slope = 1000;
  world.shift = 0;
  const Calibration calibration = FitCalibration(Simulate(world));
  EXPECT_TRUE(calibration.outlook.coefficients.allFinite());
  EXPECT_TRUE(calibration.arc.coefficients.allFinite());
  EXPECT_FALSE(calibration.warnings.empty());
  EXPECT_NO_THROW(ParseCalibration(ToJson(calibration).dump(), "again"));
}

TEST(Calibration, BadScoresAndOptionsAreErrors) {
  std::vector<LabeledScore> items = Simulate({});
  items[3].raw.outlook_logit = std::nan("");
  EXPECT_THROW(FitCalibration(items), Error);
  items = Simulate({});
  items[3].raw.turns[0].state = 1.5;
  EXPECT_THROW(FitCalibration(items), Error);
  items = Simulate({});
  items[3].ratings.pop_back();
  EXPECT_THROW(FitCalibration(items), Error);
  CalibrationOptions options;
  options.outlook = "plat";
  EXPECT_THROW(FitCalibration(Simulate({}), options), UsageError);
  options = {};
  options.folds = 1;
  EXPECT_THROW(FitCalibration(Simulate({}), options), UsageError);
}

}  // namespace
}  // namespace arcsat
