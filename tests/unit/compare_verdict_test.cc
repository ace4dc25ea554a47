#include <gtest/gtest.h>

#include "eval/compare.h"

namespace arcsat {
namespace {

// A group in which the first version has `first` and the other `other` accuracy.
ComparedSlice Slice(const std::string& by, const std::string& value, int n, double first,
                    double other, std::optional<Interval> interval, std::optional<double> p) {
  ComparedSlice slice;
  slice.by = by;
  slice.value = value;
  slice.n = n;
  slice.figures = {{{"accuracy", first, {}, ""}}, {{"accuracy", other, interval, ""}}};
  Difference difference;
  difference.name = "accuracy";
  difference.value = other - first;
  difference.p = difference.p_holm = p;
  slice.differences = {{difference}};
  return slice;
}

ComparedSlice All(double first, double other, double low, double high) {
  return Slice("all", "all", 500, first, other, Interval{low, high}, 0.5);
}

CompareVerdict Of(const std::vector<ComparedSlice>& slices, const CompareOptions& options = {}) {
  return JudgePair(slices, 0, "A", "B", options);
}

TEST(CompareVerdict, PassesWhereTheIntervalDoes) {
  const CompareVerdict verdict =
      Of({All(0.92, 0.93, 0.91, 0.95), Slice("channel", "voice", 100, 0.93, 0.92, {}, 0.9)});
  EXPECT_EQ(verdict.outcome, CompareOutcome::kPass);
  EXPECT_EQ(verdict.text,
            "B passes: B's accuracy is 0.930 [0.910, 0.950], at least 0.900 to the interval's low "
            "end, and in none of 2 groups is B's accuracy more than 0.020 below A's (the least "
            "difference: -0.010 in channel voice (100 conversations)).");
}

TEST(CompareVerdict, FailsBelowAndIsUndecidedBetween) {
  const CompareVerdict below = Of({All(0.85, 0.86, 0.83, 0.89)});
  EXPECT_EQ(below.outcome, CompareOutcome::kFail);
  EXPECT_EQ(below.text,
            "B fails: B's accuracy is 0.860 [0.830, 0.890], below 0.900 to the interval's high "
            "end.");
  const CompareVerdict between = Of({All(0.90, 0.91, 0.88, 0.93)});
  EXPECT_EQ(between.outcome, CompareOutcome::kUndecided);
  EXPECT_EQ(between.text,
            "There are not enough data to tell whether B passes: B's accuracy is 0.910 [0.880, "
            "0.930], and that interval holds 0.900.");
}

TEST(CompareVerdict, AGroupFailsOnlyWhereTheTestIsSure) {
  const ComparedSlice all = All(0.93, 0.93, 0.91, 0.95);
  const CompareVerdict sure = Of({all, Slice("channel", "voice", 100, 0.95, 0.80, {}, 0.004)});
  EXPECT_EQ(sure.outcome, CompareOutcome::kFail);
  EXPECT_EQ(sure.text,
            "B fails: B's accuracy in channel voice (100 conversations) is 0.150 below A's, more "
            "than the 0.020 allowed (p 0.004 with Holm's correction).");
  const CompareVerdict unsure =
      Of({all, Slice("problem_type", "billing", 100, 0.95, 0.92, {}, 0.4)});
  EXPECT_EQ(unsure.outcome, CompareOutcome::kUndecided);
  EXPECT_NE(unsure.text.find("in problem type billing (100 conversations) is 0.030 below A's"),
            std::string::npos);
  // Significant, but no more than allowed.
  EXPECT_EQ(Of({all, Slice("channel", "voice", 5000, 0.95, 0.94, {}, 0.001)}).outcome,
            CompareOutcome::kPass);
  // 0.88 - 0.90 is a little more than 0.02 below in floating point.
  EXPECT_EQ(Of({all, Slice("channel", "voice", 50, 0.90, 0.88, {}, 0.001)}).outcome,
            CompareOutcome::kPass);
}

TEST(CompareVerdict, SmallGroupsAreNotJudged) {
  const ComparedSlice all = All(0.93, 0.93, 0.91, 0.95);
  const ComparedSlice small = Slice("channel", "voice", 29, 0.95, 0.50, {}, 0.001);
  EXPECT_EQ(Of({all, small}).outcome, CompareOutcome::kPass);
  CompareOptions options;
  options.min_slice = 29;
  EXPECT_EQ(Of({all, small}, options).outcome, CompareOutcome::kFail);
  options.min_slice = 501;
  const CompareVerdict few = Of({all}, options);
  EXPECT_EQ(few.outcome, CompareOutcome::kUndecided);
  EXPECT_NE(few.text.find("only 500 conversations, and 501 are needed"), std::string::npos);
}

TEST(CompareVerdict, FailureGoesBeforeDoubt) {
  const CompareVerdict verdict =
      Of({All(0.93, 0.91, 0.88, 0.94), Slice("channel", "chat", 90, 0.95, 0.92, {}, 0.5),
          Slice("channel", "voice", 100, 0.95, 0.80, {}, 0.004)});
  EXPECT_EQ(verdict.outcome, CompareOutcome::kFail);
  EXPECT_EQ(verdict.requirements[0].outcome, CompareOutcome::kUndecided);
  EXPECT_NE(verdict.text.find("channel voice"), std::string::npos);
}

TEST(CompareVerdict, PointsAloneWhereAskedFor) {
  CompareOptions options;
  options.judge_by = "point";
  EXPECT_EQ(Of({All(0.90, 0.90, 0.85, 0.95)}, options).outcome, CompareOutcome::kPass);
  EXPECT_EQ(Of({All(0.90, 0.899, 0.85, 0.95)}, options).outcome, CompareOutcome::kFail);
  EXPECT_EQ(
      Of({All(0.95, 0.95, 0.93, 0.97), Slice("channel", "voice", 40, 0.95, 0.92, {}, 0.9)}, options)
          .outcome,
      CompareOutcome::kFail);
}

TEST(CompareVerdict, ExactlyAtTheLimitIsEnough) {
  EXPECT_EQ(Of({All(0.93, 0.93, 0.90, 0.95)}).outcome, CompareOutcome::kPass);
}

}  // namespace
}  // namespace arcsat
