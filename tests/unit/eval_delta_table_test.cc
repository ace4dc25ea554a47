#include "eval/delta_table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

struct DeltaSample {
  std::vector<double> delta;
  std::vector<int> y;
};

DeltaSample DeltaDraw(int n, double slope, std::uint64_t seed) {
  Random random(seed);
  DeltaSample sample;
  for (int i = 0; i < n; ++i) {
    sample.delta.push_back(2 * random.Uniform() - 1);
    sample.y.push_back(random.Chance(Sigmoid(slope * sample.delta.back())) ? 1 : 0);
  }
  return sample;
}

TEST(MonotoneFit, PoolsAdjacentViolators) {
  const std::vector<double> values = {1, 3, 2, 4}, weights = {1, 1, 3, 1};
  EXPECT_EQ(MonotoneFit(values, weights), (std::vector<double>{1, 2.25, 2.25, 4}));
  const std::vector<double> falling = {3, 2, 1}, ones = {1, 1, 1};
  EXPECT_EQ(MonotoneFit(falling, ones), (std::vector<double>{2, 2, 2}));
  const std::vector<double> late = {1, 2, 3, 0}, same = {1, 1, 1, 1};
  EXPECT_EQ(MonotoneFit(late, same), (std::vector<double>{1, 5.0 / 3, 5.0 / 3, 5.0 / 3}));
  EXPECT_TRUE(MonotoneFit({}, {}).empty());
}

TEST(DeltaTable, ForKnownAnswers) {
  const std::vector<double> delta = {-0.8, -0.4, 0, 0.2, 0.5, 0.9};
  const std::vector<int> y = {0, 1, 0, 0, 1, 1};
  DeltaTableOptions options;
  options.bins = 3;
  options.min_bin = 2;
  const DeltaTable table = MakeDeltaTable(delta, y, options);
  ASSERT_EQ(table.bins.size(), 3u);
  EXPECT_EQ(table.bins[0].low, -1);
  EXPECT_NEAR(table.bins[0].high, -0.2, 1e-15);  // halfway from -0.4 to 0
  EXPECT_EQ(table.bins[1].low, table.bins[0].high);
  EXPECT_NEAR(table.bins[1].high, 0.35, 1e-15);
  EXPECT_EQ(table.bins[2].high, 1);
  const double shares[] = {0.5, 0, 1}, fitted[] = {0.25, 0.25, 1};
  for (std::size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(table.bins[b].n, 2);
    EXPECT_EQ(table.bins[b].satisfied, shares[b]);
    EXPECT_EQ(table.bins[b].fitted, fitted[b]);
  }
  EXPECT_NEAR(table.bins[1].interval->high, 0.6576197724933469, 1e-12);
  EXPECT_TRUE(table.monotone);
  EXPECT_EQ(ChanceOfDelta(table, -1), 0.25);
  EXPECT_EQ(ChanceOfDelta(table, 0.1), 0.25);
  EXPECT_EQ(ChanceOfDelta(table, 0.5), 1);
  EXPECT_EQ(ChanceOfDelta(table, 1), 1);
}

TEST(DeltaTable, FindsTheTruth) {
  const DeltaSample s = DeltaDraw(20000, 3, 5);
  const DeltaTable table = MakeDeltaTable(s.delta, s.y);
  ASSERT_EQ(table.bins.size(), 10u);
  EXPECT_TRUE(table.monotone);
  double before = 0;
  int n = 0;
  for (const DeltaBin& bin : table.bins) {
    EXPECT_NEAR(bin.n, 2000, 1);
    EXPECT_GE(bin.fitted, before);
    EXPECT_NEAR(bin.fitted, Sigmoid(1.5 * (bin.low + bin.high)), 0.05);
    EXPECT_LT(bin.interval->low, bin.satisfied);
    EXPECT_GT(bin.interval->high, bin.satisfied);
    before = bin.fitted;
    n += bin.n;
  }
  EXPECT_EQ(n, 20000);
}

TEST(DeltaTable, SaysWhereTheDataFall) {
  const DeltaSample falling = DeltaDraw(2000, -3, 6);
  EXPECT_FALSE(MakeDeltaTable(falling.delta, falling.y).monotone);
  // A flat truth, and luck alone: bins rise and fall, within their intervals.
  int monotone = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const DeltaSample flat = DeltaDraw(400, 0, seed);
    monotone += MakeDeltaTable(flat.delta, flat.y).monotone;
  }
  EXPECT_GE(monotone, 95);
}

TEST(DeltaTable, FewAnswersAndTies) {
  const DeltaSample s = DeltaDraw(45, 1, 7);
  EXPECT_EQ(MakeDeltaTable(s.delta, s.y).bins.size(), 2u);
  const DeltaSample few = DeltaDraw(5, 1, 7);
  const DeltaTable one = MakeDeltaTable(few.delta, few.y);
  ASSERT_EQ(one.bins.size(), 1u);
  EXPECT_EQ(one.bins[0].low, -1);
  EXPECT_EQ(one.bins[0].high, 1);
  const std::vector<double> same(200, 0.0);
  const std::vector<int> y(200, 1);
  EXPECT_EQ(MakeDeltaTable(same, y).bins.size(), 1u);
  const DeltaTable none = MakeDeltaTable({}, {});
  EXPECT_TRUE(none.bins.empty());
  EXPECT_TRUE(std::isnan(ChanceOfDelta(none, 0)));
  EXPECT_EQ(ToJson(none).dump(), "[]");
}

TEST(DeltaTable, JsonHasWhatTheReportReads) {
  const DeltaSample s = DeltaDraw(200, 1, 8);
  const Json json = ToJson(MakeDeltaTable(s.delta, s.y));
  ASSERT_EQ(json.size(), 10u);
  for (const char* key : {"low", "high", "n", "satisfied", "interval", "fitted"}) {
    EXPECT_TRUE(json[0].contains(key)) << key;
  }
}

TEST(DeltaTable, WhatMakesNoSenseIsAnError) {
  const std::vector<double> delta = {0.1, 1.2};
  const std::vector<int> y = {1, 0}, three = {1, 0, 1}, two = {2, 0};
  EXPECT_THROW(MakeDeltaTable(delta, y), Error);
  const std::vector<double> good = {0.1, 0.2};
  EXPECT_THROW(MakeDeltaTable(good, three), Error);
  EXPECT_THROW(MakeDeltaTable(good, two), Error);
  DeltaTableOptions options;
  options.min_bin = 0;
  EXPECT_THROW(MakeDeltaTable(good, y, options), UsageError);
}

}  // namespace
}  // namespace arcsat
