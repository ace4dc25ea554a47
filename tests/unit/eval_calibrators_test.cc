#include "eval/calibrators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/calibration_maps.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::VectorXd;

struct CalibratorSample {
  VectorXd z, y;
};

// y by Sigmoid(truth(z)).
template <class Truth>
CalibratorSample CalibratorDraw(int n, std::uint64_t seed, const Truth& truth) {
  Random random(seed);
  CalibratorSample sample{VectorXd(n), VectorXd(n)};
  for (int i = 0; i < n; ++i) {
    sample.z(i) = 2 * random.Normal();
    sample.y(i) = random.Chance(Sigmoid(truth(sample.z(i))));
  }
  return sample;
}

TEST(Isotonic, PoolsAdjacentViolators) {
  // scikit-learn's isotonic_regression of the same numbers: 2.75 four times, then 22 / 3.
  VectorXd x = VectorXd::LinSpaced(10, 0, 9), y(10);
  y << 5, 3, 1, 2, 8, 10, 7, 9, 6, 4;
  const IsotonicFit fit = FitIsotonic(x, y);
  ASSERT_EQ(fit.x, (std::vector<double>{0, 3, 4, 9}));
  EXPECT_DOUBLE_EQ(fit.y[0], 2.75);
  EXPECT_DOUBLE_EQ(fit.y[1], 2.75);
  EXPECT_DOUBLE_EQ(fit.y[2], 22.0 / 3);
  EXPECT_DOUBLE_EQ(fit.y[3], 22.0 / 3);
  EXPECT_DOUBLE_EQ(Interpolate(fit.x, fit.y, 3.5), (2.75 + 22.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(Interpolate(fit.x, fit.y, -7), 2.75);
  EXPECT_DOUBLE_EQ(Interpolate(fit.x, fit.y, 70), 22.0 / 3);
}

TEST(Isotonic, EqualPlacesAreAveragedAndWeightsCount) {
  VectorXd x(4), y(4), w(4);
  x << 2, 1, 2, 3;
  y << 0, 0.5, 1, 0.25;
  w << 1, 1, 3, 4;
  const IsotonicFit fit = FitIsotonic(x, y, w);  // at 2: 3/4, then pooled with 3: (3 + 1) / 8
  EXPECT_EQ(fit.x, (std::vector<double>{1, 3}));
  for (const double value : fit.y) EXPECT_DOUBLE_EQ(value, 0.5);
  EXPECT_THROW(FitIsotonic(VectorXd(), VectorXd()), Error);
  EXPECT_THROW(FitIsotonic(x, VectorXd(3)), Error);
}

TEST(Isotonic, ChancesStayInsideByLaplacesRule) {
  // Three dissatisfied, a mixed block of four, then six satisfied.
  VectorXd z = VectorXd::LinSpaced(13, 0, 12), y(13);
  y << 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1;
  const OutlookMap map = FitIsotonicMap(z, y);
  EXPECT_DOUBLE_EQ(ApplyOutlook(map, -100), 1.0 / 5);
  EXPECT_NEAR(ApplyOutlook(map, 5), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(ApplyOutlook(map, 100), 7.0 / 8);
  // One answer alone would get 1 / 3: its neighbours' 0.25 is the limit.
  VectorXd few = VectorXd::LinSpaced(9, 0, 8), answers(9);
  answers << 0, 1, 0, 0, 0, 1, 1, 0, 1;
  EXPECT_NEAR(ApplyOutlook(FitIsotonicMap(few, answers), 0), 0.25, 1e-12);
  // Nobody and everybody satisfied.
  EXPECT_DOUBLE_EQ(ApplyOutlook(FitIsotonicMap(few, VectorXd::Zero(9)), 3), 1.0 / 11);
  EXPECT_DOUBLE_EQ(ApplyOutlook(FitIsotonicMap(few, VectorXd::Ones(9)), 3), 10.0 / 11);
  EXPECT_DOUBLE_EQ(ApplyOutlook(FitIsotonicMap(VectorXd::Constant(9, 2), answers), 3), 4.0 / 9);
}

TEST(Isotonic, KnotsAreFewAndApart) {
  const CalibratorSample sample =
      CalibratorDraw(5000, 1, [](double z) { return z > 0 ? 2.0 : -2.0; });
  const OutlookMap map = FitIsotonicMap(sample.z, sample.y);
  ASSERT_LE(map.knots.size(), 33u);
  const double range = sample.z.maxCoeff() - sample.z.minCoeff();
  for (std::size_t i = 1; i < map.knots.size(); ++i) {
    EXPECT_GE(map.knots[i] - map.knots[i - 1], 0.01 * range);
    EXPECT_GE(map.chances[i], map.chances[i - 1]);
  }
  EXPECT_NEAR(ApplyOutlook(map, -2), Sigmoid(-2), 0.06);
  EXPECT_NEAR(ApplyOutlook(map, 2), Sigmoid(2), 0.06);
}

TEST(Outlook, BetaIsItsFormula) {
  const OutlookMap map{"beta", Eigen::Vector3d(0.3, 0.8, 1.7), Eigen::Matrix3d::Identity(), {}, {}};
  const double p = Sigmoid(0.9);
  EXPECT_NEAR(OutlookLogOdds(map, 0.9), 0.3 + 0.8 * std::log(p) - 1.7 * std::log(1 - p), 1e-14);
  EXPECT_NEAR(OutlookVariance(map, 0.9),
              1 + std::log(p) * std::log(p) + std::log(1 - p) * std::log(1 - p), 1e-14);
  // a = b is Platt's line; far out nothing overflows.
  const OutlookMap line{"beta", Eigen::Vector3d(0.3, 0.8, 0.8), Eigen::Matrix3d::Zero(), {}, {}};
  EXPECT_NEAR(OutlookLogOdds(line, -1.7), 0.3 - 0.8 * 1.7, 1e-14);
  EXPECT_NEAR(OutlookLogOdds(map, 1000), 0.3 + 1.7 * 1000, 1e-9);
  EXPECT_NEAR(OutlookLogOdds(map, -1000), 0.3 - 0.8 * 1000, 1e-9);
}

TEST(Outlook, BetaFindsItsParameters) {
  const auto truth = [](double z) {
    return 0.5 - 1.5 * std::log1p(std::exp(-z)) + 0.5 * std::log1p(std::exp(z));
  };
  const CalibratorSample sample = CalibratorDraw(20000, 2, truth);
  std::string warning;
  const OutlookMap map = FitOutlook("beta", sample.z, sample.y, &warning);
  EXPECT_EQ(warning, "");
  for (const auto& [i, value] : {std::pair(0, 0.5), std::pair(1, 1.5), std::pair(2, 0.5)}) {
    EXPECT_NEAR(map.coefficients(i), value, 4 * std::sqrt(map.covariance(i, i))) << i;
    EXPECT_LT(std::sqrt(map.covariance(i, i)), 0.1);
  }
}

TEST(Outlook, BetaOfAModelWorseThanChanceIsTheBaseRate) {
  const CalibratorSample sample = CalibratorDraw(400, 3, [](double z) { return -z; });
  std::string warning;
  const OutlookMap map = FitOutlook("beta", sample.z, sample.y, &warning);
  EXPECT_EQ(map.coefficients(1), 0);
  EXPECT_EQ(map.coefficients(2), 0);
  EXPECT_NEAR(ApplyOutlook(map, 5), sample.y.mean(), 1e-12);
  EXPECT_NEAR(map.covariance(0, 0), 1 / (400 * sample.y.mean() * (1 - sample.y.mean())), 1e-12);
}

TEST(Outlook, SplineIsItsFormula) {
  Eigen::VectorXd coefficients(5);
  coefficients << -0.4, 0.9, 0.5, 1.6, 0.25;
  const OutlookMap map{"spline", coefficients, Eigen::MatrixXd::Identity(5, 5), {-1, 0, 2}, {}};
  EXPECT_DOUBLE_EQ(OutlookLogOdds(map, -1), -0.4);
  EXPECT_DOUBLE_EQ(OutlookLogOdds(map, -3), -0.4 - 2 * 0.9);
  EXPECT_DOUBLE_EQ(OutlookLogOdds(map, -0.5), -0.4 + 0.5 * 0.5);
  EXPECT_DOUBLE_EQ(OutlookLogOdds(map, 1), -0.4 + 0.5 + 1.6);
  EXPECT_DOUBLE_EQ(OutlookLogOdds(map, 6), -0.4 + 0.5 + 2 * 1.6 + 4 * 0.25);
  EXPECT_DOUBLE_EQ(OutlookVariance(map, 6), 1 + 1 + 4 + 16);
}

TEST(Outlook, SplineOfAStraightTruthIsStraight) {
  const CalibratorSample sample = CalibratorDraw(20000, 4, [](double z) { return 0.6 * z - 0.2; });
  std::string warning;
  const OutlookMap map = FitOutlook("spline", sample.z, sample.y, &warning);
  EXPECT_EQ(map.knots.size(), 4u);
  for (double z = -4; z <= 4; z += 0.5) {
    EXPECT_NEAR(OutlookLogOdds(map, z), 0.6 * z - 0.2, 4 * std::sqrt(OutlookVariance(map, z))) << z;
    EXPECT_LT(std::sqrt(OutlookVariance(map, z)), 0.15) << z;
  }
}

TEST(Outlook, SplineHoldsSlopesThatWouldFallAtZero) {
  const CalibratorSample sample =
      CalibratorDraw(3000, 5, [](double z) { return std::abs(z) < 1.7 ? -z : z; });
  std::string warning;
  const OutlookMap map = FitOutlook("spline", sample.z, sample.y, &warning);
  EXPECT_EQ(map.coefficients.tail(5).minCoeff(), 0);
  EXPECT_GT(map.coefficients(1), 0.2);
}

// Few answers, all kinds of them: the maps stay finite, ordered and inside.
TEST(Outlook, SmallSamplesStaySound) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const double slope = static_cast<double>(seed % 4) * 5 - 5;  // -5: worse than chance; 10: sure
    CalibratorSample sample = CalibratorDraw(20, seed, [slope](double z) { return slope * z; });
    if (seed % 3 == 0) sample.z = sample.z.array().round();
    if (seed % 10 == 0) sample.z.setConstant(1.5);
    sample.y(0) = 0;
    sample.y(1) = 1;
    for (const std::string& method : kOutlookMethods) {
      if (method == "platt") continue;  // the only one that may fall
      std::string warning;
      const OutlookMap map = FitOutlook(method, sample.z, sample.y, &warning);
      double before = 0;
      for (double z = -20; z <= 20; z += 0.5) {
        const double p = ApplyOutlook(map, z);
        ASSERT_TRUE(p >= before - 1e-12 && p <= 1) << method << " " << seed << " at " << z;
        ASSERT_TRUE(std::isfinite(OutlookVariance(map, z))) << method << " " << seed;
        before = p;
      }
    }
  }
}

TEST(Outlook, SeparatedClassesAreToldOf) {
  CalibratorSample sample = CalibratorDraw(50, 6, [](double z) { return 1000 * z; });
  for (const char* method : {"temperature", "platt", "beta", "spline"}) {
    std::string warning;
    FitOutlook(method, sample.z, sample.y, &warning);
    EXPECT_NE(warning, "") << method;
  }
  std::string warning;
  EXPECT_THROW(FitOutlook("cubic", sample.z, sample.y, &warning), UsageError);
}

TEST(Outlook, NearTiesGoToTheSimplerMap) {
  using fitting::ChooseOutlook;
  // Four conversations; log losses of the chances given to what happened.
  const std::vector<int> y = {1, 1, 0, 0};
  const std::vector<double> good = {0.8, 0.8, 0.2, 0.2};
  const std::vector<double> luck = {0.99, 0.75, 0.2, 0.2};  // better by one conversation alone
  const std::vector<double> sure = {0.9, 0.89, 0.1, 0.11};  // better everywhere
  const std::vector<double> even = {0.5, 0.5, 0.5, 0.5};
  EXPECT_EQ(ChooseOutlook({good, even, luck, even, even}, y), 0u);
  EXPECT_EQ(ChooseOutlook({even, good, luck, even, even}, y), 1u);
  EXPECT_EQ(ChooseOutlook({good, even, sure, even, even}, y), 2u);
  EXPECT_EQ(ChooseOutlook({good, even, luck, even, sure}, y), 4u);
  EXPECT_EQ(ChooseOutlook({good, even, even, sure, sure}, y), 3u);
  EXPECT_EQ(ChooseOutlook({even, even, good, luck, even}, y), 2u);
  EXPECT_EQ(ChooseOutlook({good, luck, even, even, even}, y), 1u);  // these two by log loss alone
  EXPECT_EQ(ChooseOutlook({good, good, good, good, good}, y), 0u);
}

}  // namespace
}  // namespace arcsat
