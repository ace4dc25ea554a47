#include "eval/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"
#include "eval/student.h"

namespace arcsat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A centre whose chat customers, settled customers and short conversations answer more.
void ResponseDraw(int n, std::uint64_t seed, std::vector<SurveyContext>* contexts,
                  std::vector<int>* answered) {
  Random random(seed);
  for (int i = 0; i < n; ++i) {
    SurveyContext context;
    context.channel = random.Chance(0.4) ? "voice" : "chat";
    context.problem_type = random.Chance(0.5) ? "billing" : random.Chance(0.8) ? "login" : "other";
    context.turns = 4 + static_cast<int>(random.Below(30));
    context.entry = random.Uniform();
    context.exit = random.Uniform();
    const double log_odds =
        -2.5 + 1.5 * context.exit - 0.03 * context.turns - (context.channel == "voice" ? 0.7 : 0.0);
    contexts->push_back(context);
    answered->push_back(random.Chance(Sigmoid(log_odds)) ? 1 : 0);
  }
}

TEST(ResponseColumns, NamesSayWhatAColumnIs) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  // 40 answers of 80: 30 billing, 6 login, 2 each of two rare ones; nobody answered about warranty.
  const auto add = [&](const std::string& problem, int yes, int no) {
    for (int i = 0; i < yes + no; ++i) {
      SurveyContext context;
      context.problem_type = problem;
      context.turns = 9;  // the same for all: no column
      context.exit = static_cast<double>(contexts.size() % 11) / 10;
      contexts.push_back(context);
      answered.push_back(i < yes ? 1 : 0);
    }
  };
  add("billing", 30, 20);
  add("login", 6, 10);
  add("refund", 3, 3);
  add("outage", 2, 3);
  add("warranty", 0, 5);
  const ResponseColumns columns(contexts, answered, 1, 5);
  EXPECT_THAT(columns.names(), ElementsAre("problem_type[login]", "problem_type[(rare)]", "exit",
                                           "exit above 0.50"));
  EXPECT_THAT(columns.silent(), ElementsAre("problem_type[warranty]"));
  SurveyContext context;
  context.exit = 0.8;
  const auto row = [&](const std::string& problem) {
    context.problem_type = problem;
    const Eigen::VectorXd values = columns.Row(context);
    return std::vector<double>(values.data(), values.data() + values.size());
  };
  const auto near = [](double x) { return ::testing::DoubleNear(x, 1e-12); };
  EXPECT_THAT(row("billing"), ElementsAre(0, 0, 0.8, near(0.3)));
  EXPECT_THAT(row("login"), ElementsAre(1, 0, 0.8, near(0.3)));
  EXPECT_THAT(row("refund"), ElementsAre(0, 1, 0.8, near(0.3)));
  EXPECT_THAT(row("never seen"), ElementsAre(0, 1, 0.8, near(0.3)));
  context.exit = 0.4;
  EXPECT_THAT(row("billing"), ElementsAre(0, 0, 0.4, 0));
}

TEST(ResponseColumns, FewAnswersGiveFewColumns) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  ResponseDraw(4000, 1, &contexts, &answered);
  // channel, two problem types, and three lines with four kinks each.
  EXPECT_EQ(ResponseColumns(contexts, answered, 4, 5).names().size(), 18U);
  contexts.resize(500);
  answered.resize(500);
  int yes = 0;
  for (const int a : answered) yes += a;
  const ResponseColumns columns(contexts, answered, 4, 5);
  EXPECT_LE(static_cast<int>(columns.names().size()) * 5, yes);
  EXPECT_LT(columns.names().size(), 18U);
}

TEST(Response, WeightsBalanceWhatTheModelSees) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  ResponseDraw(6000, 2, &contexts, &answered);
  const ResponseModel model = *FitResponse(contexts, answered);
  ASSERT_TRUE(model.balancing.converged);
  Eigen::VectorXd weights(6000);
  double total = 0;
  for (int i = 0; i < 6000; ++i) {
    weights(i) = 1 / model.Propensity(contexts[static_cast<std::size_t>(i)]);
    if (answered[static_cast<std::size_t>(i)] == 1) total += weights(i);
  }
  EXPECT_NEAR(total, 6000, 1e-3);
  const auto lines = Balance(contexts, answered, weights);
  ASSERT_EQ(lines.size(), 8U);  // 2 channels, 3 problem types, 3 measures
  EXPECT_EQ(lines[0].name, "channel[chat]");
  EXPECT_GT(lines[0].before, 0.1);
  EXPECT_LT(lines[1].before, -0.1);
  EXPECT_EQ(lines[7].name, "exit");
  EXPECT_GT(lines[7].before, 0.2);
  // Turns are balanced through their logarithm with kinks; the others themselves.
  for (const BalanceLine& line : lines) EXPECT_LT(std::abs(line.after), 0.01) << line.name;
  const MeanBalance mean = MeanOf(lines);
  EXPECT_GT(mean.before, 0.1);
  EXPECT_LT(mean.after, 0.005);
  // True chances rank the answers with about this AUC; a coin has 0.5.
  EXPECT_GT(model.auc, 0.6);
  EXPECT_LT(model.auc, 0.75);
}

TEST(Response, CoefficientsAreFound) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  ResponseDraw(40000, 3, &contexts, &answered);
  ResponseOptions options;
  options.kinks = 0;
  const ResponseModel model = *FitResponse(contexts, answered, options);
  EXPECT_EQ(model.columns.names().front(), "channel[voice]");
  EXPECT_EQ(model.columns.names().back(), "exit");
  // True: -0.7 and 1.5. Both ways of fitting find them, within four standard errors.
  const Eigen::Index last = model.fit.coefficients.size() - 1;
  const double error = model.fit.StandardErrors()(last);
  EXPECT_NEAR(model.fit.coefficients(last), 1.5, 4 * error);
  EXPECT_NEAR(model.balancing.coefficients(last), 1.5, 8 * error);
  EXPECT_NEAR(model.fit.coefficients(1), -0.7, 4 * model.fit.StandardErrors()(1));
}

TEST(Response, ChancesBelowTheFloorAreRaised) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  ResponseDraw(3000, 4, &contexts, &answered);
  ResponseOptions options;
  options.trim = 1.2;  // no weight above 1.2 times all / answered
  const ResponseModel model = *FitResponse(contexts, answered, options);
  double yes = 0;
  for (const int a : answered) yes += a;
  EXPECT_DOUBLE_EQ(model.floor, yes / 3000 / 1.2);
  SurveyContext unlikely = contexts.front();
  unlikely.channel = "voice";
  unlikely.exit = 0;
  unlikely.turns = 33;
  EXPECT_DOUBLE_EQ(model.Propensity(unlikely), model.floor);
}

TEST(Response, NoModelWithoutEnoughOfBothKinds) {
  std::vector<SurveyContext> contexts(100);
  std::vector<int> answered(100, 0);
  EXPECT_FALSE(FitResponse(contexts, answered).has_value());
  for (std::size_t i = 0; i < 19; ++i) answered[i] = 1;
  EXPECT_FALSE(FitResponse(contexts, answered).has_value());
  answered.assign(100, 1);
  EXPECT_FALSE(FitResponse(contexts, answered).has_value());
  // Nothing tells these apart: the same weight for all.
  for (std::size_t i = 0; i < 80; ++i) answered[i] = 0;
  const auto model = FitResponse(contexts, answered);
  ASSERT_TRUE(model.has_value());
  EXPECT_NEAR(model->Propensity(contexts[0]), 0.2, 1e-9);
}

TEST(Response, BrokenInputIsNamed) {
  std::vector<SurveyContext> contexts(50);
  std::vector<int> answered(50, 0);
  contexts[7].exit = 1.5;
  try {
    FitResponse(contexts, answered);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("number 7"));
    EXPECT_THAT(error.what(), HasSubstr("exit 1.5"));
  }
  contexts[7].exit = std::nan("");
  EXPECT_THROW(FitResponse(contexts, answered), Error);
  contexts[7].exit = 0.5;
  answered[3] = 2;
  EXPECT_THROW(FitResponse(contexts, answered), Error);
  answered.pop_back();
  EXPECT_THROW(FitResponse(contexts, answered), Error);
  answered.assign(50, 0);
  ResponseOptions options;
  options.trim = 0.5;
  EXPECT_THROW(FitResponse(contexts, answered, options), UsageError);
  options = {};
  options.ridge = 0;
  EXPECT_THROW(FitResponse(contexts, answered, options), UsageError);
}

TEST(Balance, StandardisedDifferencesByHand) {
  std::vector<SurveyContext> contexts(4);
  const double exits[] = {0.1, 0.2, 0.5, 0.8};
  const char* channels[] = {"chat", "voice", "voice", "chat"};
  for (std::size_t i = 0; i < 4; ++i) {
    contexts[i].exit = exits[i];
    contexts[i].channel = channels[i];
  }
  const std::vector<int> answered = {0, 1, 0, 1};
  Eigen::VectorXd weights(4);
  weights << 9, 3, 9, 1;
  const auto lines = Balance(contexts, answered, weights);
  ASSERT_EQ(lines.size(), 5U);
  // Half of all are on chat, half of those who answered, a quarter of them weighted; the deviation
  // of (1, 0, 0, 1) is 0.57735.
  EXPECT_NEAR(lines[0].before, 0, 1e-12);
  EXPECT_NEAR(lines[0].after, -0.25 / 0.5773502691896258, 1e-12);
  // Exit: mean 0.4, deviation 0.3162278; answered 0.5, weighted 0.35.
  EXPECT_NEAR(lines[4].before, 0.1 / 0.31622776601683794, 1e-12);
  EXPECT_NEAR(lines[4].after, -0.05 / 0.31622776601683794, 1e-12);
  EXPECT_EQ(lines[2].name, "turns");
  EXPECT_EQ(lines[2].before, 0);  // the same for all
  EXPECT_TRUE(Balance(contexts, {0, 0, 0, 0}, weights).empty());
}

TEST(Balance, KishByHand) {
  Eigen::VectorXd weights(4);
  weights << 0, 1, 2, 3;
  EXPECT_NEAR(KishEffectiveSize(weights), 36.0 / 14, 1e-12);
  EXPECT_EQ(KishEffectiveSize(Eigen::VectorXd::Zero(3)), 0);
}

TEST(Student, QuantilesOfTables) {
  EXPECT_NEAR(StudentQuantile(0.975, 1), 12.706204736174698, 1e-9);
  EXPECT_NEAR(StudentQuantile(0.975, 10), 2.2281388519862745, 1e-10);
  EXPECT_NEAR(StudentQuantile(0.05, 2.5), -2.5582186141359364, 1e-10);
  EXPECT_NEAR(StudentQuantile(0.975, 1e7), 1.959963984540054, 1e-8);
  EXPECT_EQ(StudentQuantile(0.5, 3), 0);
  EXPECT_NEAR(StudentCdf(2.2281388519862745, 10), 0.975, 1e-12);
}

}  // namespace
}  // namespace arcsat
