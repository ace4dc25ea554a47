#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

const std::vector<double> kP = {.1, .4, .35, .8, .35, .9, .2, .65};
const std::vector<int> kY = {0, 0, 1, 1, 0, 1, 1, 0};
const std::vector<double> kW = {1, 2, 0, 3, 1, 1, 2, 1};

TEST(Metrics, BinaryFiguresOfEightItems) {
  EXPECT_DOUBLE_EQ(Accuracy(kP, kY), 0.625);
  EXPECT_DOUBLE_EQ(BalancedAccuracy(kP, kY), 0.625);
  EXPECT_NEAR(MacroF1(kP, kY), 0.6190476190476191, 1e-15);
  EXPECT_DOUBLE_EQ(RocAuc(kP, kY), 0.65625);  // 10.5 of 16 pairs, one tie
  EXPECT_NEAR(PrAuc(kP, kY), 0.7678571428571428, 1e-15);
  EXPECT_NEAR(Brier(kP, kY), 0.2284375, 1e-15);
  EXPECT_NEAR(LogLoss(kP, kY), 0.6355694104899704, 1e-15);
}

TEST(Metrics, WeightsAreFrequencies) {
  EXPECT_NEAR(Accuracy(kP, kY, 0.5, kW), 8.0 / 11, 1e-15);
  EXPECT_NEAR(RocAuc(kP, kY, kW), 22.0 / 30, 1e-15);
  EXPECT_NEAR(PrAuc(kP, kY, kW), 26.0 / 30, 1e-15);
  EXPECT_NEAR(LogLoss(kP, kY, kW), 0.6001167089317815, 1e-15);

  std::vector<double> p;
  std::vector<int> y;
  for (std::size_t i = 0; i < kP.size(); ++i) {
    for (int copy = 0; copy < kW[i]; ++copy) {
      p.push_back(kP[i]);
      y.push_back(kY[i]);
    }
  }
  EXPECT_NEAR(ExpectedCalibrationError(kP, kY, 4, kW), ExpectedCalibrationError(p, y, 4), 1e-15);
  EXPECT_NEAR(DebiasedCalibrationError(kP, kY, 2, kW), DebiasedCalibrationError(p, y, 2), 1e-15);
  EXPECT_NEAR(MacroF1(kP, kY, 0.5, kW), MacroF1(p, y), 1e-15);
}

TEST(Metrics, CalibrationErrorsInBinsOfEqualMass) {
  EXPECT_NEAR(ExpectedCalibrationError(kP, kY, 4), 0.29375, 1e-15);
  // Two bins: half say 0.2 and 1 of 4 is true, half say 0.9 and 2 of 4 are.
  const std::vector<double> p = {.2, .2, .2, .2, .9, .9, .9, .9};
  const std::vector<int> y = {0, 0, 1, 0, 1, 1, 0, 0};
  EXPECT_NEAR(ExpectedCalibrationError(p, y, 2), (0.05 + 0.4) / 2, 1e-15);
  const double squared = ((0.0025 - 0.25 * 0.75 / 3) + (0.16 - 0.5 * 0.5 / 3)) / 2;
  EXPECT_NEAR(DebiasedCalibrationError(p, y, 2), std::sqrt(squared), 1e-15);
  // Equal chances share a bin, so turning the items around changes nothing.
  const std::vector<double> same(9, 0.5);
  EXPECT_NEAR(ExpectedCalibrationError(same, std::vector<int>{1, 1, 1, 1, 1, 1, 0, 0, 0}, 3),
              1.0 / 6, 1e-15);
}

TEST(Metrics, DebiasedErrorIsNearZeroWhereCalibrated) {
  Random random(3);
  std::vector<double> p;
  std::vector<int> y;
  for (int i = 0; i < 20000; ++i) {
    p.push_back(random.Uniform());
    y.push_back(random.Chance(p.back()) ? 1 : 0);
  }
  EXPECT_LT(DebiasedCalibrationError(p, y), 0.01);
  EXPECT_LT(ExpectedCalibrationError(p, y), 0.02);
  for (double& value : p) value = value * value;
  EXPECT_NEAR(ExpectedCalibrationError(p, y), 1.0 / 6, 0.01);  // mean of u - u^2
}

TEST(Metrics, EmptyAndOneClassAreNaN) {
  const std::vector<double> none;
  const std::vector<int> no_labels;
  EXPECT_TRUE(std::isnan(Accuracy(none, no_labels)));
  EXPECT_TRUE(std::isnan(Brier(none, no_labels)));
  EXPECT_TRUE(std::isnan(RocAuc(none, no_labels)));
  EXPECT_TRUE(std::isnan(ExpectedCalibrationError(none, no_labels)));
  EXPECT_TRUE(std::isnan(DebiasedCalibrationError(none, no_labels)));
  const std::vector<double> p = {.2, .7};
  const std::vector<int> zeros = {0, 0};
  EXPECT_TRUE(std::isnan(RocAuc(p, zeros)));
  EXPECT_TRUE(std::isnan(PrAuc(p, zeros)));
  EXPECT_TRUE(std::isnan(BalancedAccuracy(p, zeros)));
  EXPECT_DOUBLE_EQ(Accuracy(p, zeros), 0.5);
  EXPECT_TRUE(std::isnan(Spearman(std::vector<double>{1, 1}, std::vector<double>{1, 2})));
  EXPECT_TRUE(std::isnan(CohenKappa(Confusion(zeros, zeros, 2))));
  EXPECT_TRUE(std::isnan(UnweightedAverageRecall(Eigen::MatrixXd::Zero(3, 3))));
}

TEST(Metrics, CertainAndWrongCostsTheClippedLoss) {
  EXPECT_NEAR(LogLoss(std::vector<double>{0}, std::vector<int>{1}), 36.04365338911715, 1e-12);
}

TEST(Metrics, BadInputIsAnError) {
  EXPECT_THROW(Accuracy(std::vector<double>{.2, .3}, std::vector<int>{1}), Error);
  EXPECT_THROW(Brier(std::vector<double>{std::nan("")}, std::vector<int>{1}), Error);
  EXPECT_THROW(Brier(std::vector<double>{1.01}, std::vector<int>{1}), Error);
  EXPECT_THROW(Brier(std::vector<double>{.5}, std::vector<int>{2}), Error);
  EXPECT_THROW(Brier(std::vector<double>{.5}, std::vector<int>{1}, std::vector<double>{-1}), Error);
  EXPECT_THROW(Confusion(std::vector<int>{3}, std::vector<int>{0}, 3), Error);
  EXPECT_THROW(Spearman(std::vector<double>{std::nan(""), 1}, std::vector<double>{1, 2}), Error);
}

TEST(Metrics, ThreeClassFigures) {
  const std::vector<int> y = {0, 0, 1, 1, 2, 2, 2, 2, 1, 0};
  const std::vector<int> predicted = {0, 1, 1, 1, 2, 2, 1, 0, 1, 0};
  const Eigen::MatrixXd confusion = Confusion(y, predicted, 3);
  EXPECT_EQ(confusion(2, 0), 1);
  EXPECT_EQ(confusion(0, 2), 0);
  EXPECT_DOUBLE_EQ(Accuracy(confusion), 0.7);
  EXPECT_NEAR(UnweightedAverageRecall(confusion), 0.7222222222222222, 1e-15);
  EXPECT_NEAR(MacroF1(confusion), 0.6944444444444443, 1e-15);
  EXPECT_NEAR(CohenKappa(confusion), 0.5588235294117647, 1e-15);
  EXPECT_NEAR(CohenKappa(confusion, KappaWeights::kLinear), 0.5348837209302326, 1e-15);
  EXPECT_NEAR(CohenKappa(confusion, KappaWeights::kQuadratic), 0.5081967213114753, 1e-15);
}

TEST(Metrics, SpearmanByMidranks) {
  const std::vector<double> a = {1, 2, 2, 4, 5}, b = {2, 1, 4, 4, 9};
  EXPECT_NEAR(Spearman(a, b), 0.7631578947368421, 1e-15);
  const std::vector<double> cubes = {1, 8, 27}, falling = {3, 2, 1};
  EXPECT_DOUBLE_EQ(Spearman(std::vector<double>{1, 2, 3}, cubes), 1);
  EXPECT_DOUBLE_EQ(Spearman(cubes, falling), -1);
  EXPECT_NEAR(Spearman(a, b, std::vector<double>{2, 1, 0, 1, 1}),
              Spearman(std::vector<double>{1, 1, 2, 4, 5}, std::vector<double>{2, 2, 1, 4, 9}),
              1e-15);
}

TEST(Metrics, MajorityRatingTakesTheLowestOfATie) {
  EXPECT_EQ(MajorityRating(std::vector<double>{3, 4, 4}), 4);
  EXPECT_EQ(MajorityRating(std::vector<double>{4, 2, 3}), 2);
  EXPECT_TRUE(std::isnan(MajorityRating({})));
}

TEST(Special, ChiSquareAndNormal) {
  EXPECT_NEAR(ChiSquareSurvival(3.841458820694124, 1), 0.05, 1e-14);
  EXPECT_NEAR(ChiSquareSurvival(10, 3), 0.0185661354630432, 1e-14);
  EXPECT_NEAR(ChiSquareSurvival(0.5, 2), std::exp(-0.25), 1e-14);
  EXPECT_NEAR(ChiSquareSurvival(100, 2) / std::exp(-50.0), 1, 1e-12);
  EXPECT_EQ(ChiSquareSurvival(0, 1), 1);
  EXPECT_EQ(ChiSquareSurvival(INFINITY, 1), 0);
  EXPECT_TRUE(std::isnan(ChiSquareSurvival(std::nan(""), 1)));
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(NormalQuantile(0.001), -3.090232306167813, 1e-11);
  EXPECT_TRUE(std::isnan(NormalQuantile(1)));
  EXPECT_EQ(Sigmoid(-800), 0);
  EXPECT_EQ(Sigmoid(800), 1);
  EXPECT_NEAR(Logit(1, 1e-6), 13.815509557963774, 1e-9);
}

}  // namespace
}  // namespace arcsat
