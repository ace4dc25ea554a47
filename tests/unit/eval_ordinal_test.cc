#include "eval/ordinal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/error.h"
#include "data/random.h"
#include "eval/logistic.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::VectorXd;

// Boxes 0..cuts.size() of a latent answer slope * x + logistic noise.
std::vector<int> OrdinalDraw(const VectorXd& x, double slope, const std::vector<double>& cuts,
                             std::uint64_t seed) {
  Random random(seed);
  std::vector<int> box;
  for (const double at : x) {
    const double latent = slope * at + Logit(random.Uniform(), 1e-12);
    box.push_back(0);
    for (const double cut : cuts) box.back() += latent > cut;
  }
  return box;
}

VectorXd Normals(int n, std::uint64_t seed) {
  Random random(seed);
  VectorXd x(n);
  for (double& value : x) value = 1.5 * random.Normal() + 0.5;
  return x;
}

// statsmodels 0.15, OrderedModel(distr="logit").
TEST(Ordinal, IsProportionalOdds) {
  VectorXd x(12);
  x << -2, -1.5, -1, -0.5, -0.5, 0, 0.5, 0.5, 1, 1.5, 2, 2.5;
  const OrdinalFit fit = FitOrdinal(x, {0, 0, 1, 0, 2, 1, 0, 2, 2, 1, 2, 2});
  EXPECT_NEAR(fit.slope, 1.186137536, 1e-7);
  EXPECT_NEAR(fit.thresholds(0), -0.791915365, 1e-7);
  EXPECT_NEAR(fit.thresholds(1), 0.755022648, 1e-7);
  EXPECT_NEAR(fit.log_likelihood, -9.977361774, 1e-9);
  EXPECT_EQ(fit.warning, "");
}

TEST(Ordinal, OfTwoBoxesIsLogisticRegression) {
  const VectorXd x = Normals(300, 1);
  const std::vector<int> box = OrdinalDraw(x, 0.8, {0.3}, 2);
  const OrdinalFit fit = FitOrdinal(x, box);
  const LogisticFit logistic =
      FitLogistic(x, Eigen::Map<const Eigen::VectorXi>(box.data(), x.size()).cast<double>());
  EXPECT_NEAR(fit.slope, logistic.coefficients(1), 1e-9);
  EXPECT_NEAR(fit.thresholds(0), -logistic.coefficients(0), 1e-9);
  EXPECT_NEAR(fit.covariance(1, 1), logistic.covariance(1, 1), 1e-9);
  EXPECT_NEAR(fit.covariance(0, 1), -logistic.covariance(0, 1), 1e-9);
  EXPECT_NEAR(fit.log_likelihood, logistic.log_likelihood, 1e-9);
}

TEST(Ordinal, FindsItsParameters) {
  const VectorXd x = Normals(20000, 3);
  const std::vector<double> cuts = {-2, -1, 0.5, 1.75};
  const OrdinalFit fit = FitOrdinal(x, OrdinalDraw(x, 1.2, cuts, 4));
  EXPECT_NEAR(fit.slope, 1.2, 4 * std::sqrt(fit.covariance(4, 4)));
  EXPECT_LT(std::sqrt(fit.covariance(4, 4)), 0.02);
  for (int k = 0; k < 4; ++k) {
    EXPECT_NEAR(fit.thresholds(k), cuts[static_cast<std::size_t>(k)],
                4 * std::sqrt(fit.covariance(k, k)));
  }
  EXPECT_LE(fit.iterations, 12);
}

TEST(Ordinal, SeparatedConstantAndFallingAreToldOf) {
  const VectorXd x = VectorXd::LinSpaced(30, -3, 3);
  std::vector<int> apart, falling;
  for (int i = 0; i < 30; ++i) {
    apart.push_back(i / 10);
    falling.push_back(2 - (i + i % 3) / 11);
  }
  const OrdinalFit separated = FitOrdinal(x, apart);
  EXPECT_TRUE(std::isfinite(separated.slope) && separated.thresholds.allFinite());
  EXPECT_GT(separated.slope, 0.5);
  EXPECT_EQ(separated.ridge, 1);
  EXPECT_NE(separated.warning, "");
  const OrdinalFit constant = FitOrdinal(VectorXd::Constant(30, 2), apart);
  EXPECT_NEAR(constant.slope, 0, 1e-9);
  EXPECT_NEAR(constant.thresholds(0), std::log(0.5), 1e-9);
  const OrdinalFit held = FitOrdinal(x, falling);
  EXPECT_EQ(held.slope, 0);
  EXPECT_NE(held.warning.find("fall"), std::string::npos);
  EXPECT_LT(held.thresholds(0), held.thresholds(1));
}

TEST(Ordinal, BrokenInputIsAnError) {
  const VectorXd x = VectorXd::LinSpaced(4, 0, 3);
  EXPECT_THROW(FitOrdinal(x, {0, 1, 2}), Error);
  EXPECT_THROW(FitOrdinal(x, {0, 0, 2, 2}), Error);  // nobody chose box 1
  EXPECT_THROW(FitOrdinal(x, {1, 1, 2, 2}), Error);
  EXPECT_THROW(FitOrdinal(x, {0, 0, 0, 0}), Error);
  EXPECT_THROW(FitOrdinal(x, {-1, 0, 1, 2}), Error);
  EXPECT_THROW(FitOrdinal(VectorXd(), {}), Error);
  VectorXd nan = x;
  nan(2) = std::nan("");
  EXPECT_THROW(FitOrdinal(nan, {0, 1, 2, 0}), Error);
}

TEST(Boxes, AreDifferencesOfTheCumulativeChances) {
  OrdinalMap map{{1, 3, 4}, Eigen::Vector2d(-1, 0.5), 2, 0.1};
  const std::vector<double> chances = BoxChances(map, 1, 5, 0.25);
  ASSERT_EQ(chances.size(), 5u);
  EXPECT_NEAR(chances[0], 1 / (1 + std::exp(1.5)), 1e-15);
  EXPECT_EQ(chances[1], 0);  // nobody gave a 2
  EXPECT_NEAR(chances[2], 0.5 - 1 / (1 + std::exp(1.5)), 1e-15);
  EXPECT_NEAR(chances[3], 0.5, 1e-15);
  EXPECT_EQ(chances[4], 0);
}

TEST(Boxes, RiseWithTheLogOddsAndStayChances) {
  const VectorXd x = Normals(500, 5);
  const std::vector<int> box = OrdinalDraw(x, 1, {-2, -1.5, 0, 2}, 6);
  std::vector<double> answers(box.begin(), box.end());
  std::vector<std::string> warnings;
  const OrdinalMap map = FitOrdinalMap(x, answers, 0, 10, &warnings);
  EXPECT_EQ(map.answers, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(warnings.empty());
  double before = -1;
  for (double z = -40; z <= 40; z += 0.5) {
    const std::vector<double> chances = BoxChances(map, 0, 10, z);
    ASSERT_EQ(chances.size(), 11u);
    double mean = 0;
    for (std::size_t k = 0; k < chances.size(); ++k) {
      EXPECT_GE(chances[k], 0);
      if (k > 4) {
        EXPECT_EQ(chances[k], 0);
      }
      mean += static_cast<double>(k) * chances[k];
    }
    EXPECT_NEAR(std::accumulate(chances.begin(), chances.end(), 0.0), 1, 1e-12);
    EXPECT_GE(mean, before - 1e-12);
    before = mean;
  }
}

TEST(Boxes, AreFittedToWholeAnswersOfAShortScale) {
  const VectorXd x = Normals(200, 7);
  const std::vector<int> box = OrdinalDraw(x, 1, {-1, 1}, 8);
  std::vector<double> answers;
  for (const int b : box) answers.push_back(3 + b);
  std::vector<std::string> warnings;
  EXPECT_EQ(FitOrdinalMap(x, answers, 1, 5, &warnings).answers, (std::vector<int>{3, 4, 5}));
  EXPECT_TRUE(FitOrdinalMap(x, answers, -5, 15, &warnings).fitted());
  EXPECT_FALSE(FitOrdinalMap(x, answers, 0, 100, &warnings).fitted());
  EXPECT_FALSE(FitOrdinalMap(x, answers, 0.5, 5.5, &warnings).fitted());
  answers[0] = 3.5;
  EXPECT_FALSE(FitOrdinalMap(x, answers, 1, 5, &warnings).fitted());
  for (double& answer : answers) answer = answer > 4 ? 5 : 4;
  EXPECT_FALSE(FitOrdinalMap(x, answers, 1, 5, &warnings).fitted());  // two boxes
}

}  // namespace
}  // namespace arcsat
