#include "eval/population.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "eval/prediction_powered.h"

namespace arcsat {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// 400 chats of which 80 answered and 60 are satisfied, 600 calls of which 40 answered and 10 are.
std::vector<PopulationItem> Strata() {
  std::vector<PopulationItem> items;
  const auto add = [&](const char* channel, int n, int answered, int satisfied) {
    for (int i = 0; i < n; ++i) {
      PopulationItem item;
      item.id = std::to_string(items.size());
      item.context.channel = channel;
      item.context.problem_type = "billing";
      item.p_satisfied = 0.5;
      if (i < answered) item.satisfied = i < satisfied;
      items.push_back(item);
    }
  };
  add("chat", 400, 80, 60);
  add("voice", 600, 40, 10);
  return items;
}

PopulationOptions NearlyNoRidge() {
  PopulationOptions options;
  options.response.ridge = 1e-9;
  return options;
}

TEST(Population, WeightingByOneFieldIsPoststratification) {
  const Population population = MeasurePopulation(Strata(), NearlyNoRidge());
  const PopulationFigures& all = population.overall.satisfied;
  EXPECT_NEAR(all.measured->value, 70.0 / 120, 1e-12);
  EXPECT_NEAR(all.measured->interval->low, 0.4938803, 1e-6);  // Wilson's
  EXPECT_NEAR(all.measured->interval->high, 0.6676165, 1e-6);
  // 0.4 * 60 / 80 + 0.6 * 10 / 40.
  EXPECT_NEAR(all.reweighted->value, 0.45, 1e-6);
  // Within strata 0.75 * 0.25 and 0.25 * 0.75, each made up for its n - 1 twice over (HC3), and
  // between strata 0.4 * 0.3^2 + 0.6 * 0.2^2 of 1,000.
  const double within =
      0.16 * 0.1875 / 80 * std::pow(80.0 / 79, 2) + 0.36 * 0.1875 / 40 * std::pow(40.0 / 39, 2);
  // Members who answered carry their share of it, enlarged likewise; a thousandth of the whole.
  EXPECT_NEAR(all.reweighted->standard_error, std::sqrt(within + 0.06 / 1000), 3e-4);
  // Weights 5 and 15: (400 + 600)^2 / (80 * 25 + 40 * 225).
  EXPECT_NEAR(population.response->effective_sample_size, 1e6 / 11000, 1e-3);
  EXPECT_NEAR(population.response->design_effect, 120 * 11000 / 1e6, 1e-4);
  EXPECT_EQ(population.response->trimmed, 0);
  for (const BalanceLine& line : population.response->balance) {
    EXPECT_NEAR(line.after, 0, 1e-6) << line.name;
  }
  // A constant prediction tells nothing.
  EXPECT_EQ(all.prediction_powered->lambda, 0);
  EXPECT_EQ(all.prediction_powered->value, all.reweighted->value);
  EXPECT_FALSE(population.overall.answer.has_value());  // nobody's answer on the scale is known
}

TEST(Population, GroupsHaveTheirOwnFigures) {
  auto items = Strata();
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].agent = i % 50 == 0 ? "a-few" : i % 2 == 0 ? "a-even" : "a-odd";
    items[i].other["team"] = i < 500 ? "emea" : "";
    items[i].context.turns = i < 500 ? 9 : 40;
  }
  PopulationOptions options = NearlyNoRidge();
  options.by = {"channel", "agent", "team", "length"};
  const Population population = MeasurePopulation(items, options);
  std::string names;
  for (const PopulationGroup& group : population.by) {
    names += group.by + ":" + group.value + " ";
  }
  EXPECT_EQ(names,
            "channel:chat channel:voice agent:a-even agent:a-few agent:a-odd team:(none) "
            "team:emea length:9-16 length:33+ ");
  const PopulationGroup& chat = population.by[0];
  EXPECT_EQ(chat.n, 400);
  EXPECT_EQ(chat.answered, 80);
  EXPECT_NEAR(chat.satisfied.reweighted->value, 0.75, 1e-9);
  const PopulationGroup& few = population.by[3];
  EXPECT_EQ(few.answered, 3);
  EXPECT_TRUE(few.satisfied.measured.has_value());
  EXPECT_FALSE(few.satisfied.reweighted.has_value());
  EXPECT_FALSE(few.satisfied.prediction_powered.has_value());
  // Nobody of (none) answered: not even a measured figure.
  EXPECT_EQ(population.by[5].answered, 0);
  EXPECT_FALSE(population.by[5].satisfied.measured.has_value());
  EXPECT_THAT(population.notes, Contains(HasSubstr("fewer than 30 answers")));
  options.by = {"region"};
  try {
    MeasurePopulation(items, options);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("channel, problem_type, agent, length, team"));
  }
}

TEST(Population, NumbersStandBySizeAndMissingValuesApart) {
  auto items = Strata();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const char* const tier[] = {"10", "9", "-1.5"};
    if (i % 4 < 3) items[i].other["attribute:tier"] = tier[i % 4];
    items[i].other["nan"] = i % 2 == 0 ? "nan" : "inf";
  }
  PopulationOptions options = NearlyNoRidge();
  options.by = {"attribute:tier", "nan"};
  std::string values;
  int n = 0;
  for (const PopulationGroup& group : MeasurePopulation(items, options).by) {
    values += group.value + " ";
    n += group.n;
  }
  EXPECT_EQ(values, "(none) -1.5 9 10 inf nan ");
  EXPECT_EQ(n, 2000);
}

// Conversations whose mean answer is a straight line of exit, while the chance of an answer is no
// logistic curve of anything: it jumps.
TEST(Population, ReweightingIsRightWhereTheAnswerFollowsTheColumns) {
  Random random(5);
  std::vector<PopulationItem> items;
  double truth = 0;
  for (int i = 0; i < 3000; ++i) {
    PopulationItem item;
    item.id = std::to_string(i);
    item.context.exit = random.Uniform();
    item.context.entry = random.Uniform();
    item.context.turns = 5 + i % 20;
    item.p_satisfied = 0.5;
    const double answer = 1 + 4 * item.context.exit;
    truth += answer / 3000;
    if (random.Chance(item.context.exit > 0.35 && item.context.exit < 0.6 ? 0.02 : 0.3)) {
      item.satisfied = answer > 3;
      item.answer = answer;
    }
    items.push_back(item);
  }
  const Population population = MeasurePopulation(items, NearlyNoRidge());
  const PopulationFigures& answer = *population.overall.answer;
  EXPECT_NEAR(answer.reweighted->value, truth, 1e-5);
  // All that is left is which customers were drawn: deviation 4 / sqrt(12 * 3000).
  EXPECT_NEAR(answer.reweighted->standard_error, 0.02108, 6e-4);
  EXPECT_FALSE(answer.prediction_powered.has_value());
  EXPECT_THAT(population.notes, Contains(HasSubstr("mean answer")));
}

TEST(Population, PerfectPredictionsLeaveTheDrawAlone) {
  Random random(6);
  std::vector<PopulationItem> items;
  double truth = 0;
  for (int i = 0; i < 2000; ++i) {
    PopulationItem item;
    item.id = std::to_string(i);
    item.context.channel = i % 3 == 0 ? "voice" : "chat";
    const bool satisfied = random.Chance(0.7);
    item.p_satisfied = satisfied ? 1 : 0;
    item.truth = satisfied;
    truth += satisfied ? 1.0 / 2000 : 0;
    if (random.Chance(i % 3 == 0 ? 0.05 : 0.2)) item.satisfied = satisfied;
    items.push_back(item);
  }
  const Population population = MeasurePopulation(items);
  const PopulationFigure& figure = *population.overall.satisfied.prediction_powered;
  EXPECT_NEAR(*population.overall.truth, truth, 1e-12);
  EXPECT_NEAR(*figure.lambda, 1, 1e-3);
  EXPECT_NEAR(figure.value, truth, 1e-5);
  EXPECT_NEAR(figure.standard_error, std::sqrt(truth * (1 - truth) / 2000), 3e-4);
  EXPECT_GT(population.overall.satisfied.reweighted->standard_error, 2 * figure.standard_error);
}

// Where nothing is known before the survey the weights are equal, and the published estimator of
// two samples (with and without answers) is the same thing.
TEST(Population, WithoutCovariatesItIsThePublishedEstimator) {
  Random random(7);
  std::vector<PopulationItem> items;
  std::vector<double> y, f, f_without;
  for (int i = 0; i < 24000; ++i) {
    PopulationItem item;
    item.id = std::to_string(i);
    item.p_satisfied = random.Uniform();
    const bool satisfied = random.Chance(0.2 + 0.7 * item.p_satisfied);
    if (i % 8 == 0) {
      item.satisfied = satisfied;
      y.push_back(satisfied ? 1 : 0);
      f.push_back(item.p_satisfied);
    } else {
      f_without.push_back(item.p_satisfied);
    }
    items.push_back(item);
  }
  const auto vector = [](const std::vector<double>& v) {
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(v.size())));
  };
  const PpiMean published = PredictionPoweredMean(vector(y), vector(f), vector(f_without));
  const PopulationFigure figure = *MeasurePopulation(items).overall.satisfied.prediction_powered;
  // Lambda of the answered and all is that of the answered and the rest times 8 / 7.
  EXPECT_NEAR(*figure.lambda, published.lambda * 8 / 7, 0.04);
  EXPECT_NEAR(figure.value, published.value, 3e-4);
  EXPECT_NEAR(figure.standard_error, published.standard_error, 1e-4);
  EXPECT_LT(figure.standard_error, 0.95 * std::sqrt(0.24 / 3000));
}

TEST(Population, WithoutAnswersItSaysWhy) {
  auto items = Strata();
  for (PopulationItem& item : items) item.satisfied.reset();
  const Population none = MeasurePopulation(items);
  EXPECT_EQ(none.overall.answered, 0);
  EXPECT_FALSE(none.overall.satisfied.measured.has_value());
  EXPECT_FALSE(none.response.has_value());
  EXPECT_TRUE(none.sensitivity.empty());
  EXPECT_THAT(none.notes, Contains(HasSubstr("0 answered and 1000 did not")));
  for (std::size_t i = 0; i < 12; ++i) items[i].satisfied = i < 9;
  const Population few = MeasurePopulation(items);
  EXPECT_NEAR(few.overall.satisfied.measured->value, 0.75, 1e-12);
  EXPECT_FALSE(few.overall.satisfied.reweighted.has_value());
  // Between the model's 20 and a group's 30 answers there is a model, but no figure.
  for (std::size_t i = 0; i < 25; ++i) items[i].satisfied = i < 20;
  const Population some = MeasurePopulation(items);
  EXPECT_TRUE(some.response.has_value());
  EXPECT_FALSE(some.overall.satisfied.reweighted.has_value());
  EXPECT_THAT(some.notes, Contains(HasSubstr("No corrected figures: fewer than 30 answers")));
}

// Everybody who answered was satisfied: that is no proof that everybody is.
TEST(Population, AnswersOfOneKindHaveAnInterval) {
  auto items = Strata();
  for (PopulationItem& item : items) {
    if (item.satisfied) item.satisfied = true;
  }
  const Population population = MeasurePopulation(items, NearlyNoRidge());
  const PopulationFigure& figure = *population.overall.satisfied.reweighted;
  EXPECT_NEAR(figure.value, 1, 1e-12);
  // Wilson's of 90.909 effective answers: n / (n + 1.959964^2).
  EXPECT_NEAR(figure.interval->low, 90.909 / (90.909 + 3.841459), 1e-4);
  EXPECT_NEAR(figure.interval->high, 1, 1e-12);
  EXPECT_NEAR(population.overall.satisfied.prediction_powered->interval->low, figure.interval->low,
              1e-9);
}

// Nobody below an exit of 0.6 answers: no weights can make the others stand for them.
TEST(Population, CustomersWhomNobodyStandsForAreMentioned) {
  Random random(9);
  std::vector<PopulationItem> items;
  for (int i = 0; i < 2000; ++i) {
    PopulationItem item;
    item.id = std::to_string(i);
    item.context.exit = random.Uniform();
    item.p_satisfied = item.context.exit;
    if (item.context.exit > 0.6 && random.Chance(0.4)) item.satisfied = random.Chance(0.8);
    items.push_back(item);
  }
  const Population population = MeasurePopulation(items);
  EXPECT_GT(population.response->below_floor, 500);
  EXPECT_THAT(population.notes, Contains(HasSubstr("hardly anybody stands for them")));
  EXPECT_THAT(population.notes, Contains(HasSubstr("from everybody in exit")));
}

TEST(Population, SilentGroupsAreNamed) {
  auto items = Strata();
  for (std::size_t i = 0; i < 30; ++i) items[999 - i].context.problem_type = "warranty";
  EXPECT_THAT(MeasurePopulation(items).notes, Contains(HasSubstr("problem_type[warranty]")));
}

TEST(Population, SensitivityIsTheClosedFormOfShares) {
  PopulationOptions options = NearlyNoRidge();
  options.claims = {0.5, 0.999};
  const Population population = MeasurePopulation(Strata(), options);
  ASSERT_EQ(population.sensitivity.size(), 6U);
  // Odds of silence are 4 for chats and 14 for calls. At gamma 2 the highest share raises those of
  // the satisfied (60 * 4 + 10 * 14) twofold, and halves those of the others (20 * 4 + 30 * 14).
  const double high = (70 + 2 * 380.0) / (70 + 2 * 380.0 + 50 + 500 / 2.0);
  const double low = (70 + 380 / 2.0) / (70 + 380 / 2.0 + 50 + 2 * 500.0);
  EXPECT_EQ(population.sensitivity[4].gamma, 2);
  EXPECT_NEAR(population.sensitivity[4].high, high, 1e-6);
  EXPECT_NEAR(population.sensitivity[4].low, low, 1e-6);
  EXPECT_NEAR(population.sensitivity[0].low, 0.45, 1e-6);
  EXPECT_NEAR(population.sensitivity[0].high, 0.45, 1e-6);
  EXPECT_NEAR(population.sensitivity[0].interval->low,
              population.overall.satisfied.reweighted->interval->low, 1e-9);
  EXPECT_LT(population.sensitivity[4].interval->low, low);
  EXPECT_GT(population.sensitivity[4].interval->high, high);
  // 0.5 is reached where 70 + 380 g = 50 + 500 / g.
  ASSERT_EQ(population.flips.size(), 3U);
  EXPECT_EQ(population.flips[1].text, "0.5");
  EXPECT_NEAR(*population.flips[1].gamma, (-20 + std::sqrt(400 + 4 * 380 * 500.0)) / 760, 1e-6);
  EXPECT_EQ(*population.flips[1].gamma_interval, 1);  // within the sampling error already
  EXPECT_GT(*population.flips[0].gamma, *population.flips[0].gamma_interval);
  EXPECT_FALSE(population.flips[2].gamma.has_value());  // beyond 100
}

TEST(Population, JsonHasWhatTheContractNames) {
  auto items = Strata();
  for (PopulationItem& item : items) {
    item.truth = item.satisfied.value_or(true);
    if (item.satisfied) item.answer = *item.satisfied ? 5 : 2;
    item.expected_answer = 3.5;
  }
  const Json json = ToJson(MeasurePopulation(items));
  for (const char* key : {"overall", "by", "response", "sensitivity", "flips", "assumptions"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["overall"]["n"], 1000);
  EXPECT_EQ(json["overall"]["answered"], 120);
  EXPECT_EQ(json["overall"]["measured"]["interval"].size(), 2U);
  EXPECT_FALSE(json["overall"]["reweighted"].contains("lambda"));
  EXPECT_TRUE(json["overall"]["prediction_powered"]["lambda"].is_number());
  EXPECT_NEAR(json["overall"]["mean_answer"]["measured"]["value"].get<double>(),
              (70 * 5 + 50 * 2) / 120.0, 1e-12);
  EXPECT_NEAR(json["overall"]["truth"].get<double>(), 0.95, 1e-12);
  EXPECT_EQ(json["by"][1]["by"], "channel");
  EXPECT_EQ(json["by"][1]["value"], "voice");
  EXPECT_EQ(json["response"]["features"][0]["name"], "channel[voice]");
  EXPECT_EQ(json["response"]["balance"][0]["name"], "channel[chat]");
  EXPECT_EQ(json["sensitivity"][3]["gamma"], 1.5);
  EXPECT_EQ(json["flips"][0]["claim"], "the measured figure");
  EXPECT_GE(json["assumptions"].size(), 5U);
  EXPECT_FALSE(json.contains("notes"));
}

TEST(Population, BrokenInputIsNamed) {
  EXPECT_THROW(MeasurePopulation({}), Error);
  auto items = Strata();
  items[3].p_satisfied = 1.2;
  try {
    MeasurePopulation(items);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("conversation 3"));
    EXPECT_THAT(error.what(), HasSubstr("1.2"));
  }
  items[3].p_satisfied = 0.5;
  items[3].answer = std::nan("");
  EXPECT_THROW(MeasurePopulation(items), Error);
  items[3].answer.reset();
  PopulationOptions options;
  options.gammas = {0.5};
  EXPECT_THROW(MeasurePopulation(items, options), UsageError);
  options = {};
  options.level = 1;
  EXPECT_THROW(MeasurePopulation(items, options), UsageError);
  options = {};
  options.claims = {85};
  EXPECT_THROW(MeasurePopulation(items, options), UsageError);
}

TEST(PredictionPoweredMean, ByHand) {
  Eigen::VectorXd y(4), f(4), without(2);
  y << 1, 0, 1, 1;
  f << 0.8, 0.4, 0.6, 0.6;
  without << 0.2, 0.6;
  PpiOptions options;
  options.lambda = 1;
  const PpiMean mean = PredictionPoweredMean(y, f, without, options);
  EXPECT_NEAR(mean.value, 0.4 + 0.15, 1e-12);
  // Variances 0.04 of two, and of (0.2, -0.4, 0.4, 0.4), 0.1075, of four.
  EXPECT_NEAR(mean.standard_error, std::sqrt(0.04 / 2 + 0.1075 / 4), 1e-12);
  options.lambda = 0;
  EXPECT_NEAR(PredictionPoweredMean(y, f, without, options).value, 0.75, 1e-12);
  EXPECT_THROW(PredictionPoweredMean(y, f, Eigen::VectorXd(), options), Error);
  options.weights = Eigen::VectorXd::Zero(4);
  EXPECT_THROW(PredictionPoweredMean(y, f, without, options), Error);
}

}  // namespace
}  // namespace arcsat
