#include "eval/reliability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

const std::vector<double> kChances = {0.1, 0.2, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9};
const std::vector<int> kAnswers = {0, 0, 1, 0, 1, 1, 0, 1};

struct ReliabilitySample {
  std::vector<double> p;
  std::vector<int> y;
};

// Answers come with the chance truth(p).
ReliabilitySample ReliabilityDraw(int n, std::uint64_t seed,
                                  const std::function<double(double)>& truth,
                                  double rounded_to = 0) {
  Random random(seed);
  ReliabilitySample sample;
  for (int i = 0; i < n; ++i) {
    double p = random.Uniform();
    if (rounded_to > 0) p = std::round(p / rounded_to) * rounded_to;
    sample.p.push_back(std::min(p, 1.0));
    sample.y.push_back(random.Chance(truth(sample.p.back())) ? 1 : 0);
  }
  return sample;
}

TEST(Reliability, BinsOfEqualMass) {
  const auto bins = EqualMassBins(kChances, kAnswers, 2);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].n, 4);
  EXPECT_NEAR(bins[0].p, 0.225, 1e-15);
  EXPECT_EQ(bins[0].p_low, 0.1);
  EXPECT_EQ(bins[0].p_high, 0.4);
  EXPECT_EQ(bins[0].y, 0.25);
  EXPECT_NEAR(bins[0].interval->low, 0.0455872608097006, 1e-12);
  EXPECT_NEAR(bins[0].interval->high, 0.6993581574175982, 1e-12);
  EXPECT_EQ(bins[1].n, 4);
  EXPECT_NEAR(bins[1].p, 0.75, 1e-15);
  EXPECT_EQ(bins[1].y, 0.75);
  EXPECT_NEAR(CalibrationGap(bins), 0.0125, 1e-15);
  EXPECT_TRUE(EqualMassBins({}, {}, 5).empty());
  EXPECT_TRUE(std::isnan(CalibrationGap({})));
}

TEST(Reliability, EqualChancesShareABin) {
  const std::vector<double> p(100, 0.3);
  std::vector<int> y(100, 0);
  y[4] = 1;
  const auto bins = EqualMassBins(p, y, 10);
  ASSERT_EQ(bins.size(), 1u);
  EXPECT_EQ(bins[0].n, 100);
  EXPECT_EQ(bins[0].y, 0.01);
}

TEST(Reliability, BinsAreThoseOfTheCalibrationError) {
  for (const double rounded_to : {0.0, 0.05, 0.3}) {
    const ReliabilitySample s = ReliabilityDraw(
        700, 3, [](double p) { return p * p; }, rounded_to);
    for (const int bins : {1, 2, 7, 15, 400}) {
      EXPECT_NEAR(CalibrationGap(EqualMassBins(s.p, s.y, bins)),
                  ExpectedCalibrationError(s.p, s.y, bins), 1e-12)
          << rounded_to << " " << bins;
    }
  }
}

TEST(Reliability, BinsOfEqualWidth) {
  EXPECT_NEAR(EqualWidthCalibrationError(kChances, kAnswers, 2), 0.0125, 1e-15);
  EXPECT_NEAR(EqualWidthCalibrationError(kChances, kAnswers, 5), 0.3125, 1e-15);
  const std::vector<double> one = {1.0};
  EXPECT_EQ(EqualWidthCalibrationError(one, std::vector<int>{0}, 10), 1);  // 1 is in the last bin
  EXPECT_TRUE(std::isnan(EqualWidthCalibrationError({}, {}, 10)));
}

TEST(Reliability, SweepTakesBinsWhileSharesRise) {
  // Three bins have shares 1/3, 1/2, 2/3; of four the last falls.
  const auto swept = AdaptiveCalibrationError(kChances, kAnswers);
  EXPECT_EQ(swept.bins, 3);
  EXPECT_NEAR(swept.value, 0.1125, 1e-15);
  // Sorted answers never fall: every item its own bin, unless held.
  const std::vector<double> p = {0.1, 0.2, 0.3, 0.9};
  const std::vector<int> y = {0, 0, 0, 1};
  EXPECT_EQ(AdaptiveCalibrationError(p, y).bins, 4);
  EXPECT_NEAR(AdaptiveCalibrationError(p, y).value, 0.175, 1e-15);
  EXPECT_EQ(AdaptiveCalibrationError(p, y, 2).bins, 2);
  EXPECT_TRUE(std::isnan(AdaptiveCalibrationError({}, {}).value));
}

TEST(Reliability, SweepIsLessBiasedThanFifteenBins) {
  // A model that is right: the true error is 0, and what is found is bias.
  double fixed = 0, swept = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const ReliabilitySample s = ReliabilityDraw(300, seed, [](double p) { return p; });
    fixed += ExpectedCalibrationError(s.p, s.y, 15) / 100;
    swept += AdaptiveCalibrationError(s.p, s.y).value / 100;
  }
  EXPECT_GT(fixed, 0.06);
  EXPECT_LT(swept, 0.8 * fixed);
}

TEST(Reliability, BrierPartsAddUp) {
  const BrierParts parts = DecomposeBrier(kChances, kAnswers, 2);
  EXPECT_NEAR(parts.value, 0.21875, 1e-15);
  EXPECT_NEAR(parts.reliability, 0.0003125, 1e-15);
  EXPECT_NEAR(parts.resolution, 0.0315625, 1e-15);
  EXPECT_NEAR(parts.uncertainty, 0.25, 1e-15);
  EXPECT_NEAR(parts.within_variance, 0.0121875, 1e-15);
  EXPECT_NEAR(parts.within_covariance, -0.01875, 1e-15);
  for (const int bins : {1, 3, 15, 1000}) {
    const ReliabilitySample s = ReliabilityDraw(
        500, 8, [](double p) { return 0.2 + 0.5 * p; }, 0.01);
    const BrierParts all = DecomposeBrier(s.p, s.y, bins);
    EXPECT_NEAR(all.value, Brier(s.p, s.y), 1e-12);
    EXPECT_NEAR(all.reliability - all.resolution + all.uncertainty, all.value, 1e-12) << bins;
  }
  EXPECT_TRUE(std::isnan(DecomposeBrier({}, {}, 5).value));
}

TEST(Reliability, ReliabilityPartIsTheSquaredGap) {
  // Truth 0.2 + 0.5 p: mean of (p - truth)^2 over p uniform is 0.0233.
  const ReliabilitySample s = ReliabilityDraw(40000, 9, [](double p) { return 0.2 + 0.5 * p; });
  const BrierParts parts = DecomposeBrier(s.p, s.y, 30);
  EXPECT_NEAR(parts.reliability, 0.02333, 0.003);
  EXPECT_NEAR(DebiasedCalibrationError(s.p, s.y, 30), std::sqrt(0.02333), 0.01);
}

std::vector<SurveyItem> ReliabilitySurvey(int n) {
  const ReliabilitySample s =
      ReliabilityDraw(n, 12, [](double p) { return Sigmoid(0.5 * Logit(p, 1e-6)); });
  std::vector<SurveyItem> items;
  for (int i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    items.push_back({"c", s.p[at], s.y[at] == 1, i % 4 == 0 ? "voice" : "chat", "", 4 + i % 30});
  }
  return items;
}

TEST(Reliability, EverythingWithIntervalsAndSlices) {
  const std::vector<SurveyItem> items = ReliabilitySurvey(800);
  const Reliability r = MeasureReliability(items);
  EXPECT_EQ(r.bins.size(), 15u);
  EXPECT_NEAR(CalibrationGap(r.bins), r.figures.ece, 1e-12);
  const auto& ece = r.figures.intervals.ece;
  ASSERT_TRUE(ece);
  // Overconfident by a factor of 2 on the log-odds: the mean gap is 0.105, the root square 0.117.
  EXPECT_LT(ece->low, 0.105);
  EXPECT_GT(ece->high, 0.105);
  EXPECT_NEAR(*r.figures.ece_debiased, 0.117, 0.03);
  EXPECT_NEAR(r.figures.adaptive->value, 0.105, 0.03);
  std::vector<std::string> names;
  int chat = 0;
  for (const ReliabilitySlice& slice : r.slices) {
    names.push_back(slice.by + " " + slice.value);
    if (slice.value == "chat") chat = slice.n;
    EXPECT_LE(slice.bins.size(), 5u);
    ASSERT_TRUE(slice.figures.ece_debiased) << slice.value;
    const auto& interval = slice.figures.intervals.ece_debiased;
    ASSERT_TRUE(interval) << slice.value;
    EXPECT_LE(interval->low, interval->high);
  }
  const std::vector<std::string> expected = {"channel chat", "channel voice", "length 1-8",
                                             "length 9-16",  "length 17-32",  "length 33+"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(chat, 600);
}

TEST(Reliability, FiguresAreThoseOfTheEvaluation) {
  const std::vector<SurveyItem> items = ReliabilitySurvey(400);
  const Evaluation evaluation = Evaluate(items, {});
  const Reliability r = MeasureReliability(items);
  ASSERT_EQ(evaluation.survey.size(), r.slices.size() + 1);
  const Figure& ece = evaluation.survey[0].figures[7];
  ASSERT_EQ(ece.name, "ece");
  EXPECT_DOUBLE_EQ(*ece.value, r.figures.ece);
  EXPECT_DOUBLE_EQ(ece.interval->low, r.figures.intervals.ece->low);
  EXPECT_DOUBLE_EQ(ece.interval->high, r.figures.intervals.ece->high);
  for (std::size_t i = 0; i < r.slices.size(); ++i) {
    const Slice& slice = evaluation.survey[i + 1];
    const Figure& debiased = slice.figures[8];
    ASSERT_EQ(debiased.name, "calibration_error_debiased");
    EXPECT_EQ(slice.value, r.slices[i].value);
    const ReliabilityFigures& found = r.slices[i].figures;
    ASSERT_EQ(debiased.value.has_value(), found.ece_debiased.has_value());
    if (!debiased.value) continue;
    EXPECT_DOUBLE_EQ(*debiased.value, *found.ece_debiased);
    EXPECT_DOUBLE_EQ(debiased.interval->low, found.intervals.ece_debiased->low);
    EXPECT_DOUBLE_EQ(debiased.interval->high, found.intervals.ece_debiased->high);
    const Figure& brier = slice.figures[5];
    ASSERT_EQ(brier.name, "brier");
    if (!found.brier) continue;
    EXPECT_NEAR(*brier.value, found.brier->value, 1e-12);
    EXPECT_NEAR(brier.interval->low, found.intervals.brier->low, 1e-12);
    EXPECT_NEAR(brier.interval->high, found.intervals.brier->high, 1e-12);
  }
}

TEST(Reliability, JsonHasWhatTheReportReads) {
  const Json json = ToJson(MeasureReliability(ReliabilitySurvey(60)));
  const Json& bin = json["bins"][0];
  EXPECT_EQ(bin["n"], 4);
  EXPECT_LE(bin["p_low"].get<double>(), bin["p"].get<double>());
  EXPECT_LE(bin["p"].get<double>(), bin["p_high"].get<double>());
  EXPECT_EQ(bin["interval"].size(), 2u);
  for (const char* key : {"ece", "ece_debiased", "ece_adaptive", "ece_width"}) {
    EXPECT_TRUE(json[key].is_number()) << key;
  }
  EXPECT_EQ(json["ece_interval"].size(), 2u);
  const Json& brier = json["brier"];
  EXPECT_NEAR(brier["reliability"].get<double>() - brier["resolution"].get<double>() +
                  brier["uncertainty"].get<double>(),
              brier["value"].get<double>(), 1e-12);
  EXPECT_EQ(json["slices"][0]["by"], "channel");
}

TEST(Reliability, OneConversationHasNoIntervals) {
  std::vector<SurveyItem> items = ReliabilitySurvey(1);
  const Json json = ToJson(MeasureReliability(items));
  EXPECT_TRUE(json["ece_interval"].is_null());
  EXPECT_TRUE(json["ece_debiased"].is_null());
  EXPECT_TRUE(json["slices"][0]["ece_debiased"].is_null());
}

TEST(Reliability, WhatMakesNoSenseIsAnError) {
  EXPECT_THROW(MeasureReliability({}), Error);
  std::vector<SurveyItem> items = ReliabilitySurvey(10);
  items[3].p = 1.5;
  EXPECT_THROW(MeasureReliability(items), Error);
  ReliabilityOptions options;
  options.bins = 0;
  EXPECT_THROW(MeasureReliability(ReliabilitySurvey(10), options), UsageError);
  EXPECT_THROW(EqualMassBins(kChances, std::vector<int>{1}, 3), Error);
  EXPECT_THROW(DecomposeBrier(kChances, std::vector<int>(8, 2), 3), Error);
}

}  // namespace
}  // namespace arcsat
