#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/alarm_measure.h"
#include "eval/alarm_threshold.h"
#include "eval/special.h"

namespace arcsat {
namespace {

TEST(BinomialCdf, LiteralNumbers) {
  EXPECT_NEAR(BinomialCdf(0, 29, 0.1), std::pow(0.9, 29), 1e-15);
  // 0.5^10 * (1 + 10 + 45)
  EXPECT_NEAR(BinomialCdf(2, 10, 0.5), 56.0 / 1024, 1e-14);
  EXPECT_NEAR(BinomialCdf(3, 4, 0.3), 1 - std::pow(0.3, 4), 1e-14);
  EXPECT_EQ(BinomialCdf(-1, 5, 0.3), 0);
  EXPECT_EQ(BinomialCdf(5, 5, 0.3), 1);
  EXPECT_EQ(BinomialCdf(0, 0, 0.3), 1);
  EXPECT_NEAR(BinomialCdf(5000, 10000, 0.5), 0.503989, 1e-6);
}

TEST(BinomialUpperLimit, LiteralNumbers) {
  EXPECT_NEAR(BinomialUpperLimit(0, 29, 0.95), 1 - std::pow(0.05, 1.0 / 29), 1e-12);
  // Clopper and Pearson: the beta distribution's quantile, beta.ppf(0.95, 6, 95)
  EXPECT_NEAR(BinomialUpperLimit(5, 100, 0.95), 0.102253, 1e-6);
  EXPECT_EQ(BinomialUpperLimit(4, 4, 0.95), 1);
}

std::vector<AlarmItem> Unsatisfied(int n) {
  std::vector<AlarmItem> items;
  for (int i = 0; i < n; ++i) items.push_back({(i + 1) / 1000.0, true, 1});
  return items;
}

TEST(KeepPromise, IsTheOrderStatisticOfTheBinomial) {
  // Of 29 none may be missed, of 28 nothing can be said: 0.9^29 = 0.047, 0.9^28 = 0.052.
  EXPECT_EQ(KeepPromise(Unsatisfied(29), {0.1, 0.95}).threshold, 29 / 1000.0);
  EXPECT_THROW(KeepPromise(Unsatisfied(28), {0.1, 0.95}), Error);
  // P(X <= 4) = 0.0237 and P(X <= 5) = 0.0576 of 100 at 0.1: four may be missed.
  auto items = Unsatisfied(100);
  for (int i = 0; i < 50; ++i) items.push_back({0.9, false, 1});
  const PromisedThreshold kept = KeepPromise(items, {0.1, 0.95});
  EXPECT_EQ(kept.threshold, 96 / 1000.0);
  EXPECT_EQ(kept.answers, 150);
  EXPECT_EQ(kept.unsatisfied, 100);
  EXPECT_EQ(kept.answered.allowed, 4);
  EXPECT_DOUBLE_EQ(kept.answered.missed, 0.04);
  EXPECT_NEAR(kept.answered.limit, BinomialUpperLimit(4, 100, 0.95), 1e-12);
  EXPECT_FALSE(kept.everyone);
}

TEST(KeepPromise, TiesAreAlarms) {
  auto items = Unsatisfied(100);
  for (int i = 90; i < 100; ++i) items[static_cast<std::size_t>(i)].chance = 0.5;
  const PromisedThreshold kept = KeepPromise(items, {0.1, 0.95});
  EXPECT_EQ(kept.threshold, 0.5);
  EXPECT_EQ(kept.answered.missed, 0);
}

TEST(KeepPromise, SaysHowManyAnswersItNeeds) {
  try {
    KeepPromise(Unsatisfied(28), {0.1, 0.95});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("at least 29"));
  }
  EXPECT_THROW(KeepPromise(Unsatisfied(28), {0, 0.95}), UsageError);
}

// 1,000 calibration samples: the share of them whose threshold misses more than promised.
TEST(KeepPromise, TheSimulatedPromiseHolds) {
  for (const int answers : {60, 400}) {
    int broken = 0;
    Random random(static_cast<std::uint64_t>(answers));
    for (int replicate = 0; replicate < 1000; ++replicate) {
      std::vector<AlarmItem> items;
      for (int i = 0; i < answers; ++i) {
        const bool unsatisfied = random.Chance(0.6);
        items.push_back({Sigmoid(random.Normal() + (unsatisfied ? -1 : 1)), unsatisfied, 1});
      }
      const double threshold = KeepPromise(items, {0.1, 0.9}).threshold;
      // The truth: P(Normal - 1 > logit of the threshold).
      const double missed = 0.5 * std::erfc((Logit(threshold, 0) + 1) / std::sqrt(2.0));
      broken += missed > 0.1 ? 1 : 0;
    }
    EXPECT_LE(broken, 120) << answers;  // 100 expected at most, 2 standard deviations more
    EXPECT_GE(broken, answers == 400 ? 40 : 10) << answers << ": no use is made of the answers";
  }
}

// Calls are answered by a twentieth of the customers on the telephone and a third of those in the
// chat, and the telephone's outlook tells less: a threshold of the answers alone misses too many.
struct AlarmSurvey {
  std::vector<AlarmItem> items;
};

double TelephoneMiss(double threshold, double mean) {
  return 0.5 * std::erfc((Logit(threshold, 0) - mean) / std::sqrt(2.0));
}

AlarmSurvey DrawSurvey(Random* random, int conversations) {
  AlarmSurvey survey;
  for (int i = 0; i < conversations; ++i) {
    const bool telephone = random->Chance(0.5), unsatisfied = random->Chance(0.3);
    const double chance = telephone ? 0.1 : 0.4;
    if (!random->Chance(chance)) continue;
    const double mean = !unsatisfied ? 1 : telephone ? 0 : -2;
    survey.items.push_back({Sigmoid(random->Normal() + mean), unsatisfied, 1 / chance});
  }
  return survey;
}

TEST(KeepPromise, WeightsCarryItToEverybody) {
  Random random(11);
  int broken = 0, broken_plain = 0;
  constexpr int kReplicates = 400;
  for (int replicate = 0; replicate < kReplicates; ++replicate) {
    const AlarmSurvey survey = DrawSurvey(&random, 3000);
    const PromisedThreshold kept = KeepPromise(survey.items, {0.1, 0.95});
    const auto missed = [](double threshold) {
      return (TelephoneMiss(threshold, 0) + TelephoneMiss(threshold, -2)) / 2;
    };
    broken += missed(kept.threshold) > 0.1 ? 1 : 0;
    broken_plain += missed(kept.answered.threshold) > 0.1 ? 1 : 0;
    ASSERT_TRUE(kept.everyone);
    ASSERT_LT(kept.everyone->answers, kept.unsatisfied);
  }
  EXPECT_LE(broken, 0.05 * kReplicates);
  EXPECT_GE(broken_plain, 0.5 * kReplicates);
}

TEST(KeepBudget, TakesTheMostThatFits) {
  EXPECT_EQ(KeepBudget({0.4, 0.1, 0.3, 0.2}, 0, 2), 0.2);
  EXPECT_EQ(KeepBudget({0.4, 0.1, 0.3, 0.2}, 1, 2.9), 0.1);
  EXPECT_EQ(KeepBudget({0.4, 0.1, 0.3, 0.2}, 0, 4), 1.0);
  EXPECT_EQ(KeepBudget({0.4, 0.1, 0.3, 0.2}, 2, 2), -1.0);
  EXPECT_EQ(KeepBudget({0.4, 0.2, 0.2, 0.1}, 0, 2), 0.1);  // ties do not fit
  EXPECT_EQ(KeepBudget({0.2, 0.2}, 0, 1), -1.0);
  EXPECT_FALSE(KeepBudget({0.4}, 3, 2));
}

TEST(MeasureAlarms, LiteralNumbers) {
  std::vector<AlarmCase> cases;
  const auto add = [&](bool alarmed, std::optional<bool> unsatisfied, int lead, const char* group) {
    AlarmCase c;
    c.alarmed = alarmed;
    c.unsatisfied = unsatisfied;
    c.lead_turns = lead;
    c.lead_seconds = 10.0 * lead;
    c.reason = lead == 0 ? "ended" : "outlook";
    c.group = group;
    cases.push_back(c);
  };
  for (int i = 0; i < 6; ++i) add(true, true, i, "chat");
  add(true, false, 3, "chat");
  add(false, true, 0, "voice");
  add(false, false, 0, "voice");
  add(true, std::nullopt, 1, "voice");
  const auto groups = MeasureAlarms(cases, {0.95, 100.0});
  ASSERT_EQ(groups.size(), 3U);
  const AlarmFigures& all = groups[0];
  EXPECT_EQ(all.conversations, 10);
  EXPECT_EQ(all.alarms, 8);
  EXPECT_EQ(all.answered, 9);
  EXPECT_DOUBLE_EQ(all.recall->value, 6.0 / 7);
  EXPECT_DOUBLE_EQ(all.precision->value, 6.0 / 7);
  EXPECT_DOUBLE_EQ(all.early->value, 5.0 / 6);
  EXPECT_DOUBLE_EQ(all.per_day->value, 80);
  EXPECT_DOUBLE_EQ(groups[1].per_day->value, 70);
  EXPECT_DOUBLE_EQ(all.lead_turns->median, 2.5);
  // P(X <= 0) of 6 at a half is 0.0156 <= 0.025: from the smallest to the largest.
  EXPECT_DOUBLE_EQ(all.lead_turns->interval->low, 0);
  EXPECT_DOUBLE_EQ(all.lead_turns->interval->high, 5);
  EXPECT_DOUBLE_EQ(all.lead_seconds->median, 25);
  EXPECT_FALSE(groups[2].precision);  // no alarm on the telephone was answered
  EXPECT_FALSE(all.recall_everyone);
  cases[0].weight = 3;
  const auto weighted = MeasureAlarms(cases, {});
  EXPECT_DOUBLE_EQ(weighted[0].recall_everyone->value, 8.0 / 9);
  EXPECT_DOUBLE_EQ(weighted[0].recall_everyone->n, 81.0 / 15);
  EXPECT_FALSE(weighted[0].per_day);
}

}  // namespace
}  // namespace arcsat
