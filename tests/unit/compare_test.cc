#include "eval/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/delong.h"
#include "eval/groups.h"
#include "eval/paired_tests.h"

namespace arcsat {
namespace {

TEST(McNemar, ExactByHand) {
  // 1 of 10 heads or fewer: 11 of 1024, both ends.
  const McNemarTest test = McNemar(1, 9);
  EXPECT_EQ(test.method, "exact");
  EXPECT_NEAR(test.p_value, 22.0 / 1024, 1e-15);
  EXPECT_DOUBLE_EQ(McNemar(9, 1).p_value, test.p_value);
  EXPECT_DOUBLE_EQ(McNemar(0, 0).p_value, 1);
  EXPECT_DOUBLE_EQ(McNemar(5, 5).p_value, 1);
  EXPECT_NEAR(McNemar(0, 5).p_value, 2.0 / 32, 1e-15);
}

TEST(McNemar, ChiSquareFromTwentyFiveOn) {
  EXPECT_EQ(McNemar(12, 12).method, "exact");
  EXPECT_EQ(McNemar(0, 24).method, "exact");
  const McNemarTest test = McNemar(10, 30);
  EXPECT_EQ(test.method, "chi-square");
  EXPECT_NEAR(test.statistic, 361.0 / 40, 1e-12);  // (|10 - 30| - 1)^2 / 40
  EXPECT_NEAR(test.p_value, 0.0026639, 1e-6);      // sqrt of it is 3.00416 standard errors
  EXPECT_DOUBLE_EQ(McNemar(20, 20).p_value, 1);
  EXPECT_THROW(McNemar(-1, 3), Error);
}

TEST(Holm, ByHand) {
  const std::vector<double> p = {0.01, 0.04, 0.03, std::nan(""), 0.005};
  const std::vector<double> adjusted = Holm(p);
  EXPECT_NEAR(adjusted[0], 0.03, 1e-15);  // 3 * 0.01
  EXPECT_NEAR(adjusted[1], 0.06, 1e-15);  // never below the one before it
  EXPECT_NEAR(adjusted[2], 0.06, 1e-15);  // 2 * 0.03
  EXPECT_TRUE(std::isnan(adjusted[3]));
  EXPECT_NEAR(adjusted[4], 0.02, 1e-15);  // 4 * 0.005
  EXPECT_EQ(Holm(std::vector<double>{0.7, 0.8}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(Holm({}).empty());
}

TEST(LargestRejected, ByHand) {
  // Allowed at 0.1: up to 0.02, 0.04, 0.06, 0.08, 0.1 in order; what a later one allows holds for
  // all before it.
  EXPECT_EQ(LargestRejected({0.7, 0.001, 0.9, 0.05, 0.05}, 0.1), 0.05);
  EXPECT_EQ(LargestRejected({0.03, 0.2, 0.2, 0.2, 0.2}, 0.1), -1);
  EXPECT_EQ(LargestRejected({0.5}, 0.5), 0.5);
  EXPECT_EQ(LargestRejected({}, 0.1), -1);
}

TEST(SwapTest, OfAccuracyIsTheExactMcNemar) {
  PairedDecisions d;
  d.both_right[0] = 5;
  d.both_right[1] = 20;
  d.only_first[1] = 1;
  d.only_other[0] = 3;
  d.only_other[1] = 6;
  d.both_wrong[1] = 2;
  const auto accuracy = [](const BinaryCounts& counts) { return Accuracy(counts); };
  EXPECT_NEAR(SwapTest(d, accuracy), McNemar(1, 9).p_value, 1e-12);
}

TEST(SwapTest, BalancedAccuracyByHand) {
  // Two dissatisfied: both right in the other version alone. Four satisfied: one is right in the
  // first alone. The difference is (2/2 - 1/4) / 2; of the 8 arrangements, those as far apart are
  // both of the two on one side: 2 of 4, with either place of the third: 4 of 8.
  PairedDecisions d;
  d.only_other[0] = 2;
  d.only_first[1] = 1;
  d.both_right[1] = 3;
  EXPECT_DOUBLE_EQ(BalancedAccuracy(d.Other()) - BalancedAccuracy(d.First()), 0.375);
  const auto figure = [](const BinaryCounts& counts) { return BalancedAccuracy(counts); };
  EXPECT_NEAR(SwapTest(d, figure), 0.5, 1e-12);
  EXPECT_NEAR(SwapTest(PairedDecisions{.both_right = {1, 1}}, figure), 1, 1e-12);
  EXPECT_TRUE(std::isnan(SwapTest(PairedDecisions{.both_right = {0, 4}}, figure)));
}

TEST(SwapTest, HoldsItsLevel) {
  // Versions that err independently with the same chance: p below 0.05 in at most one of twenty.
  Random random(5);
  int rejected = 0;
  for (int sample = 0; sample < 400; ++sample) {
    PairedDecisions d;
    for (int i = 0; i < 150; ++i) {
      const int label = random.Chance(0.7) ? 1 : 0;
      const bool a = random.Chance(0.8), b = random.Chance(0.8);
      ++(a ? (b ? d.both_right : d.only_first) : (b ? d.only_other : d.both_wrong))[label];
    }
    rejected += SwapTest(d, [](const BinaryCounts& c) { return MacroF1(c); }) < 0.05;
  }
  EXPECT_LE(rejected, 33);  // 20, and three standard errors
  EXPECT_GE(rejected, 4);   // and it is no test that never rejects
}

TEST(SignFlipTest, ByHand) {
  // All six differences 1: only the two arrangements of one sign of 64 are as far from 0.
  const std::vector<double> ones(6, 1.0);
  EXPECT_NEAR(SignFlipTest(ones, 20000, 3), 2.0 / 64, 0.004);
  EXPECT_DOUBLE_EQ(SignFlipTest(ones, 500, 3), SignFlipTest(ones, 500, 3));
  EXPECT_DOUBLE_EQ(SignFlipTest(std::vector<double>(8, 0.0), 100, 1), 1);
  EXPECT_TRUE(std::isnan(SignFlipTest({}, 100, 1)));
}

TEST(DeLong, ThreeAndThreeByHand) {
  // First: satisfied 3, 5, 6, dissatisfied 1, 2, 4. Placements of the satisfied 2/3, 1, 1, of the
  // dissatisfied 1, 1, 2/3. Other: 6, 5, 2 and 1, 3, 4: 1, 1, 1/3 and 1, 2/3, 2/3.
  const std::vector<double> first = {3, 5, 6, 1, 2, 4}, other = {6, 5, 2, 1, 3, 4};
  const std::vector<int> y = {1, 1, 1, 0, 0, 0};
  const DeLongTest test = DeLong(first, other, y);
  EXPECT_NEAR(test.auc_first, 8.0 / 9, 1e-15);
  EXPECT_NEAR(test.auc_other, 7.0 / 9, 1e-15);
  // Differences 1/3, 0, -2/3 and 0, -1/3, 0: variances 7/27 and 1/27, each over 3.
  EXPECT_NEAR(test.standard_error, std::sqrt(8.0 / 81), 1e-15);
  EXPECT_NEAR(test.z, -1.0 / 9 / std::sqrt(8.0 / 81), 1e-14);
  EXPECT_NEAR(test.p_value, 0.7236736, 1e-6);
  ASSERT_TRUE(test.interval);
  EXPECT_NEAR(test.interval->high - test.interval->low, 2 * 1.959964 * std::sqrt(8.0 / 81), 1e-6);
}

TEST(DeLong, WhereThereIsNoTest) {
  const std::vector<double> p = {0.1, 0.4, 0.6, 0.8}, reversed = {0.9, 0.7, 0.2, 0.1};
  const std::vector<int> y = {0, 0, 1, 1};
  EXPECT_DOUBLE_EQ(DeLong(p, p, y).p_value, 1);
  EXPECT_DOUBLE_EQ(DeLong(p, p, y).standard_error, 0);
  const DeLongTest opposite = DeLong(p, reversed, y);
  EXPECT_DOUBLE_EQ(opposite.difference, -1);
  EXPECT_TRUE(std::isnan(opposite.p_value));
  EXPECT_FALSE(opposite.interval);
  EXPECT_TRUE(std::isnan(DeLong(p, p, std::vector<int>{1, 1, 1, 0}).p_value));
  EXPECT_TRUE(std::isnan(DeLong({}, {}, {}).difference));
  EXPECT_THROW(DeLong(p, std::vector<double>{0.5}, y), Error);
  EXPECT_THROW(DeLong(p, reversed, std::vector<int>{0, 0, 1, 2}), Error);
}

TEST(Groups, EverythingThenColumns) {
  const auto groups = GroupItems({{"voice", "chat", "voice"}, {"", "", ""}, {9, 40, 3}});
  std::vector<std::string> names;
  for (const Group& group : groups) names.push_back(group.by + " " + group.value);
  EXPECT_EQ(names, (std::vector<std::string>{"all all", "channel chat", "channel voice",
                                             "length 1-8", "length 9-16", "length 33+"}));
  EXPECT_EQ(groups[2].members, (std::vector<std::size_t>{0, 2}));
}

// Conversations whose answer is drawn by a hidden chance, and a version that knows it up to
// `noise`.
std::vector<CompareItem> ComparedItems(int n, std::uint64_t seed, std::vector<double>* truth) {
  Random random(seed);
  std::vector<CompareItem> items;
  for (int i = 0; i < n; ++i) {
    truth->push_back(random.Chance(0.8) ? 0.95 : 0.05);
    items.push_back({"c-" + std::to_string(i), random.Chance(truth->back()),
                     i % 4 == 0 ? "voice" : "chat", i % 3 == 0 ? "billing" : "delivery",
                     1 + i % 20});
  }
  return items;
}

CompareVersion Version(const std::string& label, const std::vector<CompareItem>& items,
                       const std::vector<double>& truth, double noise, std::uint64_t seed) {
  Random random(seed);
  CompareVersion version;
  version.label = label;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Score score;
    score.id = items[i].id;
    const bool upside_down = random.Chance(noise);
    score.p_satisfied = (upside_down ? 1 - truth[i] : truth[i]) * 0.9 + 0.1 * random.Uniform();
    score.entry = 0.4;
    score.exit = score.p_satisfied;
    score.delta = score.exit - score.entry;
    score.turns = {{0, Speaker::kCustomer, 0.4, 0.5}, {2, Speaker::kCustomer, score.exit, 0.6}};
    version.scores.push_back(std::move(score));
  }
  return version;
}

const Difference& ComparedGet(const std::vector<Difference>& differences, const std::string& name) {
  for (const Difference& difference : differences) {
    if (difference.name == name) return difference;
  }
  throw std::out_of_range(name);
}

CompareOptions ComparedQuick() {
  CompareOptions options;
  options.bootstrap.resamples = 200;
  return options;
}

TEST(Compare, AVersionWithItself) {
  std::vector<double> truth;
  const auto items = ComparedItems(400, 1, &truth);
  const CompareVersion a = Version("A", items, truth, 0.02, 7);
  CompareVersion b = a;
  b.label = "B";
  const Comparison comparison = Compare(items, {a, b}, ComparedQuick());
  for (const ComparedSlice& slice : comparison.slices) {
    for (const Difference& d : slice.differences[0]) {
      ASSERT_TRUE(d.value && d.interval) << slice.value << " " << d.name;
      EXPECT_EQ(*d.value, 0) << slice.value << " " << d.name;
      EXPECT_EQ(d.interval->low, 0) << slice.value << " " << d.name;
      EXPECT_EQ(d.interval->high, 0) << slice.value << " " << d.name;
      if (d.test.empty()) continue;
      EXPECT_EQ(d.p, 1) << slice.value << " " << d.name;
      EXPECT_EQ(d.p_holm, 1) << slice.value << " " << d.name;
    }
  }
  const ComparedPair& pair = comparison.pairs[0];
  EXPECT_EQ(pair.mended + pair.spoilt, 0);
  EXPECT_TRUE(pair.flips.empty());
  EXPECT_TRUE(pair.shifts.empty());
  EXPECT_EQ(pair.mcnemar.p_value, 1);
  EXPECT_EQ(pair.delong.p_value, 1);
  EXPECT_EQ(pair.verdict.requirements[1].outcome, CompareOutcome::kPass);
}

TEST(Compare, SixConversationsByHand) {
  const std::vector<CompareItem> items = {{"a", true, "", "", 4},  {"b", true, "", "", 4},
                                          {"c", true, "", "", 4},  {"d", true, "", "", 4},
                                          {"e", false, "", "", 4}, {"f", false, "", "", 4}};
  const auto version = [&](const std::string& label, const std::vector<double>& p) {
    CompareVersion out{label, 0.5, {}};
    for (std::size_t i = 0; i < p.size(); ++i) {
      out.scores.push_back({});
      out.scores.back().id = items[i].id;
      out.scores.back().p_satisfied = p[i];
    }
    return out;
  };
  const Comparison comparison = Compare(items,
                                        {version("A", {0.9, 0.4, 0.3, 0.8, 0.6, 0.2}),
                                         version("B", {0.9, 0.7, 0.9, 0.45, 0.1, 0.25})},
                                        ComparedQuick());
  ASSERT_EQ(comparison.slices.size(), 2u);  // everything, and the one length group
  const auto& all = comparison.slices[0].differences[0];
  EXPECT_NEAR(*ComparedGet(all, "accuracy").value, 5.0 / 6 - 0.5, 1e-15);
  EXPECT_NEAR(*ComparedGet(all, "balanced_accuracy").value, (0.75 + 1) / 2 - 0.5, 1e-15);
  EXPECT_NEAR(*ComparedGet(all, "roc_auc").value, 1 - 6.0 / 8, 1e-15);
  EXPECT_NEAR(
      *ComparedGet(all, "brier").value,
      (0.01 + 0.09 + 0.01 + 0.3025 + 0.01 + 0.0625 - (0.01 + 0.36 + 0.49 + 0.04 + 0.36 + 0.04)) / 6,
      1e-15);
  EXPECT_NEAR(*ComparedGet(all, "accuracy").p, 2 * 5.0 / 16, 1e-12);  // 3 mended, 1 spoilt
  const ComparedPair& pair = comparison.pairs[0];
  EXPECT_EQ(pair.mended, 3);
  EXPECT_EQ(pair.spoilt, 1);
  std::string flipped, shifted;
  for (const Flip& flip : pair.flips) flipped += flip.item.id + (flip.other_right ? "+" : "-");
  for (const Flip& flip : pair.shifts) shifted += flip.item.id;
  EXPECT_EQ(flipped, "c+e+d-b+");  // 0.6, 0.5, 0.35, 0.3 apart
  EXPECT_EQ(shifted, "f");         // a did not move
}

TEST(Compare, IntervalsHoldTheDifferencesAndTheBetterWins) {
  std::vector<double> truth;
  const auto items = ComparedItems(1500, 2, &truth);
  const Comparison comparison =
      Compare(items, {Version("A", items, truth, 0.15, 3), Version("B", items, truth, 0.0, 4)},
              ComparedQuick());
  for (const ComparedSlice& slice : comparison.slices) {
    for (const Difference& d : slice.differences[0]) {
      ASSERT_TRUE(d.interval) << slice.value << " " << d.name;
      EXPECT_LE(d.interval->low, *d.value) << slice.value << " " << d.name;
      EXPECT_GE(d.interval->high, *d.value) << slice.value << " " << d.name;
    }
  }
  const auto& all = comparison.slices[0].differences[0];
  for (const char* name : {"accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "pr_auc"}) {
    EXPECT_GT(ComparedGet(all, name).interval->low, 0) << name;
  }
  for (const char* name : {"brier", "log_loss"})
    EXPECT_LT(ComparedGet(all, name).interval->high, 0);
  for (const char* name : {"accuracy", "balanced_accuracy", "macro_f1", "roc_auc"}) {
    EXPECT_LT(*ComparedGet(all, name).p, 1e-4) << name;
  }
  EXPECT_NEAR(*ComparedGet(all, "brier").p, 1.0 / 201, 1e-12);  // none of 200 flips was as far
  EXPECT_EQ(comparison.verdict.outcome, CompareOutcome::kPass) << comparison.verdict.text;
}

TEST(Compare, TheOrderOfVersionsTurnsTheSigns) {
  std::vector<double> truth;
  const auto items = ComparedItems(300, 5, &truth);
  const CompareVersion a = Version("A", items, truth, 0.1, 6), b = Version("B", items, truth, 0, 7);
  const Comparison forth = Compare(items, {a, b}, ComparedQuick()),
                   back = Compare(items, {b, a}, ComparedQuick());
  for (std::size_t s = 0; s < forth.slices.size(); ++s) {
    for (std::size_t f = 0; f < forth.slices[s].differences[0].size(); ++f) {
      const Difference& one = forth.slices[s].differences[0][f];
      const Difference& two = back.slices[s].differences[0][f];
      ASSERT_EQ(one.value.has_value(), two.value.has_value());
      if (!one.value) continue;
      EXPECT_NEAR(*one.value, -*two.value, 1e-15);
      ASSERT_TRUE(one.interval && two.interval) << one.name;
      EXPECT_NEAR(one.interval->low, -two.interval->high, 1e-12) << one.name;
      ASSERT_EQ(one.p.has_value(), two.p.has_value()) << one.name;
      if (one.p) {
        EXPECT_NEAR(*one.p, *two.p, 1e-12) << one.name;
      }
    }
  }
  EXPECT_EQ(forth.pairs[0].mended, back.pairs[0].spoilt);
}

TEST(Compare, HolmIsOverTheJudgedGroups) {
  std::vector<double> truth;
  auto items = ComparedItems(400, 8, &truth);
  for (int i = 0; i < 10; ++i) items[static_cast<std::size_t>(i)].problem_type = "rare";
  const Comparison comparison =
      Compare(items, {Version("A", items, truth, 0.1, 9), Version("B", items, truth, 0.05, 10)},
              ComparedQuick());
  std::vector<double> p, adjusted;
  for (const ComparedSlice& slice : comparison.slices) {
    const Difference& d = ComparedGet(slice.differences[0], "accuracy");
    if (slice.by == "all") {
      EXPECT_EQ(d.p_holm, d.p);  // one pair of versions
    } else if (slice.value == "rare") {
      EXPECT_TRUE(d.p && !d.p_holm);  // smaller than min_slice
    } else {
      p.push_back(*d.p);
      adjusted.push_back(*d.p_holm);
    }
  }
  EXPECT_EQ(p.size(), 7u);
  EXPECT_EQ(Holm(p), adjusted);
}

TEST(Compare, SeveralVersionsShareTheirResamples) {
  std::vector<double> truth;
  const auto items = ComparedItems(300, 11, &truth);
  const CompareVersion a = Version("A", items, truth, 0.2, 1),
                       b = Version("B", items, truth, 0.1, 2),
                       c = Version("C", items, truth, 0.0, 3);
  const Comparison three = Compare(items, {a, b, c}, ComparedQuick()),
                   two = Compare(items, {a, c}, ComparedQuick());
  ASSERT_EQ(three.pairs.size(), 2u);
  EXPECT_EQ(three.pairs[1].other, "C");
  const Difference& with = ComparedGet(three.slices[0].differences[1], "macro_f1");
  const Difference& without = ComparedGet(two.slices[0].differences[0], "macro_f1");
  EXPECT_EQ(with.interval->low, without.interval->low);
  EXPECT_EQ(with.p, without.p);
  EXPECT_GE(*with.p_holm, *with.p);
}

TEST(Compare, GroupsOfOneClassSayWhy) {
  std::vector<CompareItem> items;
  CompareVersion a{"A", 0.5, {}}, b{"B", 0.5, {}};
  for (int i = 0; i < 40; ++i) {
    items.push_back({std::to_string(i), true, "", "", 4});
    Score score;
    score.id = std::to_string(i);
    score.p_satisfied = 0.9;
    a.scores.push_back(score);
    b.scores.push_back(score);
  }
  CompareOptions options = ComparedQuick();
  options.figure = "roc_auc";
  const Comparison comparison = Compare(items, {a, b}, options);
  const Difference& auc = ComparedGet(comparison.slices[0].differences[0], "roc_auc");
  EXPECT_FALSE(auc.value);
  EXPECT_EQ(auc.reason, "all conversations are of one class");
  EXPECT_EQ(*ComparedGet(comparison.slices[0].differences[0], "accuracy").value, 0);
  EXPECT_EQ(comparison.verdict.outcome, CompareOutcome::kUndecided);
}

TEST(Compare, RefusesWhatDoesNotFit) {
  std::vector<double> truth;
  const auto items = ComparedItems(5, 1, &truth);
  const CompareVersion a = Version("A", items, truth, 0, 1);
  EXPECT_THROW(Compare({}, {a, a}, ComparedQuick()), Error);
  EXPECT_THROW(Compare(items, {a}, ComparedQuick()), Error);
  CompareVersion shorter = a, shuffled = a;
  shorter.scores.pop_back();
  EXPECT_THROW(Compare(items, {a, shorter}, ComparedQuick()), Error);
  std::swap(shuffled.scores[0], shuffled.scores[1]);
  EXPECT_THROW(Compare(items, {a, shuffled}, ComparedQuick()), Error);
  CompareOptions options = ComparedQuick();
  options.figure = "brier";
  EXPECT_THROW(Compare(items, {a, a}, options), UsageError);
  options = ComparedQuick();
  options.worse_by = -0.1;
  EXPECT_THROW(Compare(items, {a, a}, options), UsageError);
}

}  // namespace
}  // namespace arcsat
