#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "eval/evaluation.h"

namespace arcsat {
namespace {

// The mean of `values`, resampled.
std::optional<Interval> MeanInterval(const std::vector<int>& clusters,
                                     const std::vector<double>& values,
                                     const BootstrapOptions& options) {
  const auto mean = [&](std::span<const double> w, std::span<double> out) {
    out[0] = std::inner_product(w.begin(), w.end(), values.begin(), 0.0) /
             std::accumulate(w.begin(), w.end(), 0.0);
  };
  std::vector<double> point(1);
  mean(std::vector<double>(values.size(), 1.0), point);
  return BootstrapIntervals(clusters, point, {IntervalKind::kPercentile}, mean, options)[0];
}

TEST(Bootstrap, IntervalsHoldTheTruthAsOftenAsTheySay) {
  // 300 samples of 40 clusters of 5 turns that share half their variance. Intervals that took the
  // turns for independent would be 1.7 times too short and hold the mean in about 74% of the
  // samples.
  Random random(11);
  BootstrapOptions options;
  options.resamples = 400;
  int held = 0, held_without_clusters = 0;
  for (int sample = 0; sample < 300; ++sample) {
    std::vector<int> clusters, each;
    std::vector<double> values;
    for (int c = 0; c < 40; ++c) {
      const double shared = random.Normal();
      for (int t = 0; t < 5; ++t) {
        clusters.push_back(c);
        each.push_back(static_cast<int>(each.size()));
        values.push_back(2 + shared + random.Normal());
      }
    }
    options.seed = static_cast<std::uint64_t>(sample);
    const auto interval = MeanInterval(clusters, values, options);
    held += interval->low <= 2 && 2 <= interval->high;
    const auto naive = MeanInterval(each, values, options);
    held_without_clusters += naive->low <= 2 && 2 <= naive->high;
  }
  // 285 at 95%, a little less with only 40 clusters; four standard errors below is 270.
  EXPECT_GE(held, 270);
  EXPECT_LE(held, 298);
  EXPECT_LE(held_without_clusters, 250);
}

TEST(Bootstrap, WidthIsThatOfTheStandardError) {
  std::vector<int> clusters(400);
  std::iota(clusters.begin(), clusters.end(), 0);
  std::vector<double> values(400, 0);
  std::fill(values.begin(), values.begin() + 100, 1.0);
  BootstrapOptions options;
  options.resamples = 4000;
  const auto interval = MeanInterval(clusters, values, options);
  const double error = std::sqrt(0.25 * 0.75 / 400);  // 0.02165
  EXPECT_NEAR(interval->high - interval->low, 2 * 1.96 * error, 0.06 * 2 * 1.96 * error);
  EXPECT_NEAR((interval->high + interval->low) / 2, 0.25, 0.005);
}

TEST(Bootstrap, SeedDecides) {
  const std::vector<int> clusters = {0, 1, 2, 3, 4, 5};
  const std::vector<double> values = {1, 2.5, 3, 4.5, 7, 11};
  BootstrapOptions options;
  const auto first = MeanInterval(clusters, values, options);
  const auto again = MeanInterval(clusters, values, options);
  EXPECT_EQ(first->low, again->low);
  EXPECT_EQ(first->high, again->high);
  options.seed = 2;
  const auto other = MeanInterval(clusters, values, options);
  EXPECT_NE(first->low + first->high, other->low + other->high);
}

TEST(Bootstrap, WhatCannotBeHadIsEmpty) {
  BootstrapOptions options;
  EXPECT_FALSE(MeanInterval({7, 7, 7}, {1, 2, 3}, options));  // one cluster
  const auto sometimes = [](std::span<const double> w, std::span<double> out) {
    out[0] = w[0] > 0 ? 1 : std::nan("");  // there in 75% of the resamples of two
  };
  EXPECT_FALSE(BootstrapIntervals(std::vector<int>{0, 1}, {1}, {IntervalKind::kPercentile},
                                  sometimes, options)[0]);
  options.resamples = 99;
  EXPECT_THROW(MeanInterval({0, 1}, {1, 2}, options), Error);
  options = {};
  options.level = 1;
  EXPECT_THROW(MeanInterval({0, 1}, {1, 2}, options), Error);
}

TEST(Bootstrap, AnErrorsLowEndTakesTheNoiseOut) {
  int call = 0;
  const auto counting = [&](std::span<const double>, std::span<double> out) {
    out[0] = out[1] = out[2] = call++;  // 0, 1, ..., 100
  };
  BootstrapOptions options;
  options.resamples = 101;
  const auto intervals = BootstrapIntervals(
      std::vector<int>{0, 1}, {10, 60, 10},
      {IntervalKind::kPercentile, IntervalKind::kError, IntervalKind::kError}, counting, options);
  EXPECT_NEAR(intervals[0]->low, 2.5, 1e-12);
  EXPECT_NEAR(intervals[0]->high, 97.5, 1e-12);
  EXPECT_NEAR(intervals[1]->low, 120 - 97.5, 1e-12);
  EXPECT_NEAR(intervals[1]->high, 97.5, 1e-12);
  EXPECT_EQ(intervals[2]->low, 0) << "errors are never negative";
  EXPECT_NEAR(intervals[2]->high, 97.5, 1e-12);
}

TEST(Bootstrap, WilsonIntervals) {
  const auto nine = WilsonInterval(9, 10);
  EXPECT_NEAR(nine->low, 0.5958499732047614, 1e-12);
  EXPECT_NEAR(nine->high, 0.982123786904927, 1e-12);
  const auto all = WilsonInterval(10, 10);
  EXPECT_NEAR(all->low, 0.7224672001371106, 1e-12);
  EXPECT_EQ(all->high, 1);
  EXPECT_FALSE(WilsonInterval(0, 0));
}

TEST(Bootstrap, AThousandResamplesOfTwentyThousandItemsTakeSeconds) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "times mean nothing under the address sanitizer";
#endif
  Random random(5);
  std::vector<SurveyItem> items;
  for (int i = 0; i < 20000; ++i) {
    SurveyItem item;
    item.p = random.Uniform();
    item.y = random.Chance(item.p);
    item.turns = 4;
    items.push_back(item);
  }
  const auto begin = std::chrono::steady_clock::now();
  const Evaluation evaluation = Evaluate(items, {});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", std::to_string(took.count()));
  ASSERT_EQ(evaluation.survey.size(), 2u);  // all, and the one length
  // Two groups; 30 s leaves room for a busy machine.
  EXPECT_LT(took.count(), 30);
}

}  // namespace
}  // namespace arcsat
