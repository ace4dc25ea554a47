#include "eval/sensitivity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

double Mean(const std::vector<double>& y, const std::vector<double>& odds,
            const std::vector<double>& tilt) {
  double sum = 0, mass = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double w = 1 + tilt[i] * odds[i];
    sum += w * y[i];
    mass += w;
  }
  return sum / mass;
}

TEST(Sensitivity, NoOtherTiltGoesFurther) {
  // The ends of a linear-fractional programme over a box lie in its corners: all 2^10 of them.
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> y, odds;
    for (int i = 0; i < 10; ++i) {
      y.push_back(static_cast<double>(1 + random.Below(5)));
      odds.push_back(20 * random.Uniform());
    }
    const double gamma = 1 + 3 * random.Uniform();
    double low = 1e9, high = -1e9;
    for (int corner = 0; corner < 1024; ++corner) {
      std::vector<double> tilt;
      for (int i = 0; i < 10; ++i) tilt.push_back((corner >> i) % 2 == 0 ? gamma : 1 / gamma);
      low = std::min(low, Mean(y, odds, tilt));
      high = std::max(high, Mean(y, odds, tilt));
    }
    const TiltedRange range = WeightedMeanRange(y, odds, gamma);
    EXPECT_NEAR(range.low, low, 1e-12);
    EXPECT_NEAR(range.high, high, 1e-12);
    EXPECT_NEAR(Mean(y, odds, range.low_tilt), low, 1e-12);
    EXPECT_NEAR(Mean(y, odds, range.high_tilt), high, 1e-12);
  }
}

TEST(Sensitivity, RangesAreNestedAndBeginAtTheMean) {
  const std::vector<double> y = {1, 0, 1, 1}, odds = {3, 9, 4, 2};
  const TiltedRange one = WeightedMeanRange(y, odds, 1);
  EXPECT_NEAR(one.low, 12.0 / 22, 1e-12);
  EXPECT_NEAR(one.high, 12.0 / 22, 1e-12);
  double low = one.low, high = one.high;
  for (const double gamma : {1.1, 1.5, 3.0, 50.0}) {
    const TiltedRange range = WeightedMeanRange(y, odds, gamma);
    EXPECT_LT(range.low, low);
    EXPECT_GT(range.high, high);
    low = range.low;
    high = range.high;
  }
  // All the same answer: nothing to tilt.
  const TiltedRange constant = WeightedMeanRange({1, 1}, {5, 3}, 3);
  EXPECT_EQ(constant.low, 1);
  EXPECT_EQ(constant.high, 1);
}

TEST(Sensitivity, GammaToReachIsWhereTheRangeEnds) {
  const std::vector<double> y = {1, 0, 1, 1}, odds = {3, 9, 4, 2};
  for (const double value : {0.2, 0.5, 0.6, 0.9}) {
    const double gamma = *GammaToReach(y, odds, value);
    const TiltedRange range = WeightedMeanRange(y, odds, gamma);
    EXPECT_NEAR(std::min(std::abs(range.low - value), std::abs(range.high - value)), 0, 1e-7);
  }
  EXPECT_EQ(*GammaToReach(y, odds, 12.0 / 22), 1);
  EXPECT_FALSE(GammaToReach(y, odds, 0.999).has_value());
}

TEST(Sensitivity, BrokenInputIsRefused) {
  EXPECT_THROW(WeightedMeanRange({}, {}, 2), Error);
  EXPECT_THROW(WeightedMeanRange({1, 0}, {1}, 2), Error);
  EXPECT_THROW(WeightedMeanRange({1, 0}, {1, -1}, 2), Error);
  EXPECT_THROW(WeightedMeanRange({1, 0}, {1, 1}, 0.9), Error);
}

}  // namespace
}  // namespace arcsat
