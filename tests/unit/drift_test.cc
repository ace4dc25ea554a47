#include "eval/drift.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

TEST(Drift, TwoChannelsByHand) {
  const ColumnDrift drift = MeasureDrift("channel", {"chat", "voice"}, {50, 50}, {80, 20});
  EXPECT_NEAR(drift.psi, 0.3 * std::log(1.6) - 0.3 * std::log(0.4), 1e-15);
  EXPECT_NEAR(drift.total_variation, 0.3, 1e-15);
  EXPECT_NEAR(drift.psi_by_chance, 0.02, 1e-15);
  // 130 chats and 70 calls, 65 and 35 expected on each side.
  EXPECT_NEAR(drift.chi_squared, 2 * 225.0 / 65 + 2 * 225.0 / 35, 1e-12);
  EXPECT_EQ(drift.degrees, 1);
  EXPECT_LT(*drift.p, 1e-4);
  EXPECT_EQ(drift.size, "large");
}

TEST(Drift, TheSameSharesAreNone) {
  const ColumnDrift drift = MeasureDrift("x", {"a", "b", "c"}, {10, 20, 30}, {100, 200, 300});
  EXPECT_NEAR(drift.psi, 0, 1e-15);
  EXPECT_NEAR(drift.total_variation, 0, 1e-15);
  EXPECT_NEAR(*drift.p, 1, 1e-12);
  EXPECT_EQ(drift.size, "small");
}

TEST(Drift, AnEmptyCategoryIsFinite) {
  const ColumnDrift drift = MeasureDrift("x", {"a", "b"}, {10, 0}, {5, 5});
  // With 0.5 more each: 10.5 / 11 and 0.5 / 11 against one half each.
  EXPECT_NEAR(
      drift.psi,
      (0.5 - 10.5 / 11) * std::log(0.5 * 11 / 10.5) + (0.5 - 0.5 / 11) * std::log(0.5 * 11 / 0.5),
      1e-15);
  EXPECT_NEAR(drift.total_variation, 0.5, 1e-15);
  EXPECT_FALSE(drift.p);  // b expects 2.5 on either side
}

TEST(Drift, RareCategoriesAreTestedTogether) {
  // c and d expect 1.5 and 2 on either side; together 3.5, so that b, which expects 6, joins them:
  // 90 and 91 against 90.5, 10 and 9 against 9.5.
  const ColumnDrift drift = MeasureDrift("x", {"a", "b", "c", "d"}, {90, 4, 3, 3}, {91, 8, 0, 1});
  EXPECT_EQ(drift.degrees, 1);
  EXPECT_NEAR(drift.chi_squared, 0.5 / 90.5 + 0.5 / 9.5, 1e-12);
  EXPECT_EQ(drift.categories.size(), 4u);
}

TEST(Drift, HoldsItsLevel) {
  // Samples of one distribution: psi is what chance makes it on average, p is small as often as it
  // says.
  Random random(3);
  double psi = 0;
  int rejected = 0;
  for (int sample = 0; sample < 500; ++sample) {
    std::vector<double> before(4), after(4);
    for (int i = 0; i < 300; ++i) ++before[random.Below(4)];
    for (int i = 0; i < 200; ++i) ++after[random.Below(4)];
    const ColumnDrift drift = MeasureDrift("x", {"a", "b", "c", "d"}, before, after);
    psi += drift.psi / drift.psi_by_chance / 500;
    rejected += *drift.p < 0.05;
  }
  EXPECT_NEAR(psi, 1, 0.12);
  EXPECT_GE(rejected, 11);
  EXPECT_LE(rejected, 40);  // 25, and three standard errors
}

TEST(Drift, RefusesWhatIsNoCount) {
  EXPECT_THROW(MeasureDrift("x", {"a"}, {1, 2}, {1}), Error);
  EXPECT_THROW(MeasureDrift("x", {"a", "b"}, {-1, 2}, {1, 1}), Error);
  EXPECT_THROW(MeasureDrift("x", {"a"}, {std::nan("")}, {1}), Error);
  const ColumnDrift none = MeasureDrift("x", {"a", "b"}, {0, 0}, {3, 4});
  EXPECT_FALSE(none.p);
  EXPECT_EQ(none.psi, 0);
}

TEST(Drift, OfTwoSetsOfConversations) {
  DataSummary before, after;
  for (int i = 0; i < 200; ++i) {
    before.Add(i % 2 == 0 ? "chat" : "voice", "", 1 + i % 30,
               i % 10 == 0 ? std::optional<bool>(i % 20 == 0) : std::nullopt);
    after.Add("chat", "", 1 + i % 30, i % 2 == 0 ? std::optional<bool>(i % 4 == 0) : std::nullopt);
  }
  EXPECT_EQ(before.answered, 20);
  EXPECT_EQ(before.satisfied, 10);
  const std::vector<ColumnDrift> columns = MeasureDrift(before, after);
  std::vector<std::string> names;
  for (const ColumnDrift& column : columns) names.push_back(column.name);
  // No conversation has a problem type.
  EXPECT_EQ(names, (std::vector<std::string>{"channel", "length", "answered", "satisfied"}));
  EXPECT_NEAR(columns[0].total_variation, 0.5, 1e-12);
  EXPECT_NEAR(columns[1].total_variation, 0, 1e-12);
  EXPECT_NEAR(columns[2].total_variation, 0.4, 1e-12);
  EXPECT_NEAR(columns[3].total_variation, 0, 1e-12);
  EXPECT_LT(*columns[0].p_holm, 1e-6);
  EXPECT_GE(*columns[0].p_holm, *columns[0].p);
  EXPECT_TRUE(MeasureDrift(DataSummary{}, after).empty());
}

}  // namespace
}  // namespace arcsat
