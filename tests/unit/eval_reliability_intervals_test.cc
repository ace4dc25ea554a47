#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "data/random.h"
#include "eval/reliability.h"
#include "eval/special.h"

namespace arcsat {
namespace {

void ExpectEnds(const std::optional<Interval>& interval, double low, double high) {
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, low, 1e-9);
  EXPECT_NEAR(interval->high, high, 1e-9);
}

// Chances even from 0 to 1, shares that rise from 0.2 to 0.4 only: 62 of 200 are satisfied.
std::vector<SurveyItem> FlatSurvey() {
  std::vector<SurveyItem> items;
  for (int i = 0; i < 200; ++i) {
    items.push_back({"c", (i + 0.5) / 200, (83 * i) % 200 < 40 + i / 4, "", "", 6});
  }
  return items;
}

// The numbers of the next two tests are those of numpy, resamples included.
TEST(ReliabilityInterval, EverythingIsWhatNumpyFinds) {
  ReliabilityOptions options;
  options.bins = 6;
  options.slice_bins = 3;
  options.bootstrap.resamples = 100;
  const ReliabilityFigures all = MeasureReliability(FlatSurvey(), options).figures;
  EXPECT_NEAR(all.ece, 0.232775, 1e-12);
  EXPECT_NEAR(*all.ece_debiased, 0.27658784702371164, 1e-12);
  EXPECT_EQ(all.adaptive->bins, 5);
  EXPECT_NEAR(all.adaptive->value, 0.24, 1e-12);
  EXPECT_NEAR(all.brier->value, 0.29408125, 1e-12);
  EXPECT_NEAR(all.brier->reliability, 0.0829341036096257, 1e-12);
  EXPECT_NEAR(all.brier->resolution, 0.00275285360962567, 1e-12);
  EXPECT_NEAR(all.brier->uncertainty, 0.2139, 1e-12);
  const ReliabilityIntervals& found = all.intervals;
  ExpectEnds(found.ece, 0.145020625, 0.320529375);
  ExpectEnds(found.ece_debiased, 0.217687794312, 0.354392249040);
  ExpectEnds(found.ece_adaptive, 0.163364375, 0.316635625);
  ExpectEnds(found.brier, 0.256144375, 0.3277610625);
  ExpectEnds(found.reliability, 0.047388059875, 0.125598558335);
  ExpectEnds(found.resolution, -0.011949750734, 0.012286000395);
  ExpectEnds(found.uncertainty, 0.187494724069, 0.234913227306);
}

TEST(ReliabilityInterval, PartsOfASliceAreThoseOfItsDrawnBins) {
  ReliabilityOptions options;
  options.bins = 6;
  options.slice_bins = 3;
  options.bootstrap.resamples = 100;
  const Reliability r = MeasureReliability(FlatSurvey(), options);
  ASSERT_EQ(r.slices.size(), 1u);
  const ReliabilitySlice& slice = r.slices[0];
  EXPECT_EQ(slice.by, "length");
  EXPECT_EQ(slice.value, "1-8");
  EXPECT_EQ(slice.n, 200);
  EXPECT_EQ(slice.bins.size(), 3u);
  const ReliabilityFigures& figures = slice.figures;
  EXPECT_NEAR(figures.brier->value, 0.29408125, 1e-12);
  EXPECT_NEAR(figures.brier->reliability, 0.0756697476537766, 1e-12);
  EXPECT_NEAR(figures.brier->resolution, -0.00451150234622343, 1e-12);
  ExpectEnds(figures.intervals.reliability, 0.045801448617, 0.120440477864);
  ExpectEnds(figures.intervals.resolution, -0.018847865664, 0.011298788549);
  // Both errors are over bins of the same number as everything's.
  EXPECT_DOUBLE_EQ(*figures.ece_debiased, *r.figures.ece_debiased);
  EXPECT_EQ(figures.adaptive->bins, 5);
  EXPECT_DOUBLE_EQ(figures.intervals.ece_adaptive->low, r.figures.intervals.ece_adaptive->low);
}

TEST(ReliabilityInterval, UncertaintyIsWilsonsOfTheShare) {
  ExpectEnds(UncertaintyInterval(30, 100), 0.171010252742, 0.239152474699);
  ExpectEnds(UncertaintyInterval(80, 100), 0.115580194425, 0.205406878696);
  ExpectEnds(UncertaintyInterval(50, 100), 0.240751625448, 0.25);
  ExpectEnds(UncertaintyInterval(6, 8), 0.066369934896, 0.25);
  ExpectEnds(UncertaintyInterval(0, 10), 0, 0.200508344863);
  ExpectEnds(UncertaintyInterval(10, 10), 0, 0.200508344863);
  EXPECT_FALSE(UncertaintyInterval(0, 0));
}

std::vector<SurveyItem> DrawnSurvey(int n, std::uint64_t seed,
                                    const std::function<double(double)>& chance) {
  Random random(seed);
  std::vector<SurveyItem> items;
  for (int i = 0; i < n; ++i) {
    const double p = random.Uniform();
    items.push_back({"c", p, random.Chance(chance(p)), i < 30 ? "chat" : "voice", "", 6});
  }
  return items;
}

TEST(ReliabilityInterval, SmallSlicesAreLeftOut) {
  ReliabilityOptions options;
  options.bootstrap.resamples = 100;
  const auto right = [](double p) { return p; };
  const Reliability r = MeasureReliability(DrawnSurvey(59, 3, right), options);
  const ReliabilityFigures& chat = r.slices[0].figures;
  const ReliabilityFigures& voice = r.slices[1].figures;
  ASSERT_EQ(r.slices[0].n, 30);
  EXPECT_TRUE(chat.brier && chat.adaptive && chat.intervals.ece_adaptive && chat.intervals.brier);
  EXPECT_TRUE(chat.intervals.reliability && chat.intervals.resolution);
  ASSERT_EQ(r.slices[1].n, 29);
  EXPECT_FALSE(voice.brier || voice.adaptive || voice.intervals.ece_adaptive);
  EXPECT_FALSE(voice.intervals.brier || voice.intervals.reliability || voice.intervals.resolution ||
               voice.intervals.uncertainty);
  EXPECT_TRUE(voice.ece_debiased && voice.intervals.ece_debiased);
  const Json json = ToJson(r)["slices"];
  EXPECT_EQ(json[0]["brier"]["reliability_interval"].size(), 2u);
  for (const char* key : {"brier", "ece_adaptive", "ece_adaptive_interval", "ece_adaptive_bins"}) {
    EXPECT_TRUE(json[1][key].is_null()) << key;
  }
  EXPECT_EQ(json[1]["bins"].size(), 5u);
  // 59 answers are less than 4 for each of 15 bins.
  EXPECT_TRUE(r.figures.intervals.brier && r.figures.intervals.ece_adaptive);
  EXPECT_FALSE(r.figures.intervals.reliability || r.figures.intervals.resolution);
  const Reliability enough = MeasureReliability(DrawnSurvey(60, 3, right), options);
  EXPECT_TRUE(enough.figures.intervals.reliability && enough.figures.intervals.resolution);
  // Everything has its figures, however few answers there are, but then without intervals.
  const Json few = ToJson(MeasureReliability(DrawnSurvey(29, 3, right), options));
  EXPECT_TRUE(few["brier"]["value"].is_number());
  EXPECT_TRUE(few["brier"]["value_interval"].is_null());
  EXPECT_TRUE(few["ece_adaptive"].is_number());
  EXPECT_TRUE(few["ece_adaptive_interval"].is_null());
  EXPECT_EQ(few["ece_debiased_interval"].size(), 2u);
}

struct TrueFigures {
  double value, reliability, resolution, uncertainty, error;
};

// In how many of 150 samples of 200 answers the intervals of a slice, of 5 bins, hold the truth:
// value, reliability, resolution, uncertainty, adaptive error, error.
std::array<int, 6> Held(const std::function<double(double)>& chance, const TrueFigures& truth) {
  ReliabilityOptions options;
  options.bins = 5;
  options.bootstrap.resamples = 200;
  std::array<int, 6> held{};
  double width = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    options.bootstrap.seed = seed;
    const Reliability r = MeasureReliability(DrawnSurvey(200, seed + 1000, chance), options);
    const ReliabilityIntervals& found = r.figures.intervals;
    const auto holds = [](const std::optional<Interval>& interval, double figure) {
      return interval->low <= figure && figure <= interval->high;
    };
    held[0] += holds(found.brier, truth.value);
    held[1] += holds(found.reliability, truth.reliability);
    held[2] += holds(found.resolution, truth.resolution);
    held[3] += holds(found.uncertainty, truth.uncertainty);
    held[4] += holds(found.ece_adaptive, truth.error);
    held[5] += holds(found.ece, truth.error);
    width += (found.reliability->high - found.reliability->low) / 150;
  }
  EXPECT_LT(width, 0.05) << "not by being wide";
  return held;
}

// 142 at 95%; four standard errors below is 132. Percentiles of the reliability as it is would hold
// 0 in none, and percentiles of the uncertainty would hold 0.25 in few. Of the error as it is the
// basic bootstrap's would hold 0 in half.
TEST(ReliabilityInterval, HoldTheTruthWhereTheModelIsRight) {
  const auto held = Held([](double p) { return p; }, {1.0 / 6, 0, 1.0 / 12, 0.25, 0});
  for (std::size_t i = 0; i < held.size(); ++i) EXPECT_GE(held[i], 132) << i;
}

TEST(ReliabilityInterval, HoldTheTruthWhereTheModelIsOverconfident) {
  // Off by a factor of 2 on the log-odds; by numerical integration.
  const auto held = Held([](double p) { return Sigmoid(0.5 * Logit(p, 1e-12)); },
                         {0.22603, 0.01082, 0.03478, 0.25, 0.09657});
  for (std::size_t i = 0; i < held.size(); ++i) EXPECT_GE(held[i], 132) << i;
}

}  // namespace
}  // namespace arcsat
