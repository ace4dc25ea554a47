#include "eval/logistic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/claim.h"
#include "eval/special.h"

namespace arcsat {
namespace {

// Hours studied and passing an exam: the example of Wikipedia's article on logistic regression.
Eigen::VectorXd Hours() {
  Eigen::VectorXd x(20);
  x << .5, .75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5,
      5.5;
  return x;
}
Eigen::VectorXd Passed() {
  Eigen::VectorXd y(20);
  y << 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1;
  return y;
}

TEST(Logistic, HoursAndPassing) {
  const LogisticFit fit = FitLogistic(Hours(), Passed());
  EXPECT_NEAR(fit.coefficients(0), -4.07771343, 1e-7);
  EXPECT_NEAR(fit.coefficients(1), 1.50464543, 1e-7);
  EXPECT_NEAR(fit.StandardErrors()(0), 1.76099431, 1e-7);
  EXPECT_NEAR(fit.StandardErrors()(1), 0.62872085, 1e-7);
  EXPECT_NEAR(fit.log_likelihood, -8.029878464344675, 1e-10);
  EXPECT_FALSE(fit.separated);
  EXPECT_TRUE(fit.warning.empty());
}

TEST(Logistic, WeightsAreCopies) {
  const Eigen::VectorXd x = Hours(), y = Passed();
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(20), more_x(22), more_y(22);
  weights(6) = 3;
  more_x << x, x(6), x(6);
  more_y << y, y(6), y(6);
  const LogisticFit weighted = FitLogistic(x, y, {}, weights);
  const LogisticFit copied = FitLogistic(more_x, more_y);
  EXPECT_TRUE(weighted.coefficients.isApprox(copied.coefficients, 1e-9));
  EXPECT_TRUE(weighted.covariance.isApprox(copied.covariance, 1e-9));
}

TEST(Logistic, LogOddsErrorIsTheDeltaMethod) {
  const LogisticFit fit = FitLogistic(Hours(), Passed());
  const Eigen::VectorXd row = Eigen::VectorXd::Constant(1, 3);
  const Eigen::MatrixXd& v = fit.covariance;
  EXPECT_NEAR(fit.LogOddsError(row), std::sqrt(v(0, 0) + 6 * v(0, 1) + 9 * v(1, 1)), 1e-12);
}

TEST(Logistic, SeparatedClassesGetARidgeAndAWarning) {
  const Eigen::VectorXd x = Hours();
  Eigen::VectorXd y = Eigen::VectorXd::Zero(20);
  y.tail(10).setOnes();
  const LogisticFit complete = FitLogistic(x, y);
  EXPECT_TRUE(complete.separated);
  EXPECT_NE(complete.warning.find("separated"), std::string::npos);
  EXPECT_TRUE(complete.coefficients.allFinite());
  EXPECT_LT(complete.StandardErrors()(1), 10);
  // Quasi-complete: one value holds both classes, the rest are separated by it.
  Eigen::VectorXd step = Eigen::VectorXd::Zero(20);
  step.tail(5).setOnes();
  Eigen::VectorXd outcome = Eigen::VectorXd::Ones(20);
  outcome.head(8).setZero();
  EXPECT_TRUE(FitLogistic(step, outcome).separated);
}

TEST(Logistic, CollinearAndConstantColumnsAreFound) {
  Eigen::MatrixXd x(20, 2);
  x << Hours(), 3 * Hours().array() - 1;
  const LogisticFit twice = FitLogistic(x, Passed());
  EXPECT_TRUE(twice.separated);
  EXPECT_NE(twice.warning.find("collinear"), std::string::npos);
  // Standardised, both columns are the same, so they share the weight equally.
  EXPECT_NEAR(twice.coefficients(1), 3 * twice.coefficients(2), 1e-8);
  x.col(1).setConstant(0.5);
  const LogisticFit constant = FitLogistic(x, Passed());
  EXPECT_NEAR(constant.coefficients(2), 0, 1e-9);
}

TEST(Logistic, OneClassOnlyStaysFinite) {
  const LogisticFit fit = FitLogistic(Hours(), Eigen::VectorXd::Ones(20));
  EXPECT_TRUE(fit.separated);
  EXPECT_TRUE(fit.coefficients.allFinite());
}

TEST(Logistic, BadInputIsAnError) {
  EXPECT_THROW(FitLogistic(Eigen::MatrixXd(0, 1), Eigen::VectorXd(0)), Error);
  EXPECT_THROW(FitLogistic(Hours(), Eigen::VectorXd::Constant(20, 1.5)), Error);
  EXPECT_THROW(FitLogistic(Hours(), Eigen::VectorXd::Ones(19)), Error);
  Eigen::VectorXd x = Hours();
  x(3) = std::nan("");
  EXPECT_THROW(FitLogistic(x, Passed()), Error);
  EXPECT_THROW(FitLogistic(Hours(), Passed(), {}, Eigen::VectorXd::Zero(20)), Error);
}

TEST(Temperature, FindsTheSlopeThatMadeTheLabels) {
  Random random(7);
  Eigen::VectorXd logit(5000), y(5000);
  for (Eigen::Index i = 0; i < 5000; ++i) {
    logit(i) = 3 * random.Normal();
    y(i) = random.Chance(Sigmoid(0.5 * logit(i))) ? 1 : 0;
  }
  const TemperatureFit fit = FitTemperature(logit, y);
  EXPECT_NEAR(fit.slope, 0.5, 4 * fit.standard_error);
  EXPECT_LT(fit.standard_error, 0.02);
  // Stationary: the gradient at the answer is 0.
  EXPECT_NEAR((y - (fit.slope * logit).unaryExpr(&Sigmoid)).dot(logit), 0, 1e-8);
}

TEST(Temperature, StaysInRangeWhereNoSlopeIsBest) {
  const Eigen::VectorXd logit = Eigen::VectorXd::LinSpaced(10, -3, 3);
  const Eigen::VectorXd right = (logit.array() > 0).cast<double>();
  EXPECT_EQ(FitTemperature(logit, right).slope, 100);
  EXPECT_FALSE(FitTemperature(logit, right).warning.empty());
  EXPECT_EQ(FitTemperature(logit, 1 - right.array()).slope, 0.01);
  EXPECT_FALSE(FitTemperature(logit, 1 - right.array()).warning.empty());
}

// 400 conversations whose answer depends on entry and exit as told.
std::vector<NestedTest> Simulated(double by_entry, double by_exit, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> entry, exit, outlook;
  std::vector<int> y;
  for (int i = 0; i < 400; ++i) {
    entry.push_back(random.Uniform());
    exit.push_back(random.Uniform());
    outlook.push_back(random.Normal());
    const double log_odds = by_entry * (entry.back() - 0.5) + by_exit * (exit.back() - 0.5);
    y.push_back(random.Chance(Sigmoid(log_odds)) ? 1 : 0);
  }
  return TestClaim(entry, exit, outlook, y);
}

TEST(Claim, DeltaIsFoundWhereItCountsAndOnlyThere) {
  const auto by_delta = Simulated(-4, 4, 1);
  ASSERT_EQ(by_delta.size(), 4u);
  for (const NestedTest& test : by_delta) EXPECT_LT(test.p_value, 1e-6) << test.name;
  EXPECT_EQ(by_delta[0].name, "delta beyond entry");
  EXPECT_GT(by_delta[0].interval.low, 0);
  EXPECT_NEAR(by_delta[1].coefficient, 4, 3 * by_delta[1].standard_error);
  EXPECT_EQ(by_delta[3].degrees, 2);

  // Where exit alone decides, delta tells nothing beyond exit: 5% of such tests cry wolf.
  int significant = 0;
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const NestedTest test = Simulated(0, 4, 100 + seed)[1];
    significant += test.p_value < 0.05;
    sum += test.p_value;
  }
  EXPECT_LE(significant, 22);  // expected 10, four standard errors are 12
  EXPECT_NEAR(sum / 200, 0.5, 0.09);
}

TEST(Claim, SeparatedClassesHaveNoPValue) {
  const std::vector<double> entry = {.1, .2, .3, .4, .5, .6}, exit = {.1, .2, .3, .7, .8, .9},
                            outlook = {-1, 1, -1, 1, -1, 1};
  const auto tests = TestClaim(entry, exit, outlook, {0, 0, 0, 1, 1, 1});
  EXPECT_TRUE(std::isnan(tests[1].p_value));
  EXPECT_FALSE(tests[1].warning.empty());
  EXPECT_THROW(TestClaim(entry, exit, outlook, {0, 1}), Error);
}

}  // namespace
}  // namespace arcsat
