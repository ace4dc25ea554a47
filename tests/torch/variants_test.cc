#include <gmock/gmock.h>

#include "export/variants.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

/// 40 conversations, every other one satisfied, chances that tell them apart but for one pair.
VariantSample Sample() {
  VariantSample sample;
  for (int i = 0; i < 40; ++i) sample.labels.push_back(i % 2);
  return sample;
}
VariantScores Scores() {
  VariantScores scores;
  for (int i = 0; i < 40; ++i) scores.fp32.push_back(i % 2 == 1 ? 0.7 : 0.3);
  scores.compressed = scores.fp32;
  return scores;
}

TEST(Variants, WhatMovedIsCounted) {
  VariantScores scores = Scores();
  scores.compressed[3] = 0.45;  // satisfied, and now below the threshold, but above the others
  scores.compressed[5] = 0.9;
  const Json told = DescribeVariant(scores, Sample(), 0.5, {});
  EXPECT_EQ(told["conversations"], 40);
  EXPECT_EQ(told["moved_decisions"], 1);
  EXPECT_NEAR(told["largest_difference"].get<double>(), 0.25, 1e-12);
  EXPECT_EQ(told["surveyed"], 40);
  EXPECT_EQ(told["roc_auc"], 1.0);
  const Problem problem = ProblemOf([&] { DemandVariant("int8", told); });
  EXPECT_THAT(problem.found, HasSubstr("moves 1 of 40 decisions (2.50%, at most 0.50% are"));
  DemandVariant("int8", DescribeVariant(scores, Sample(), 0.5, {0.025, 0}));
}

TEST(Variants, AChanceAtTheThresholdIsADecisionForSatisfied) {
  VariantScores scores = Scores();
  scores.fp32[0] = scores.compressed[0] = 0.5;
  EXPECT_EQ(DescribeVariant(scores, Sample(), 0.5, {})["moved_decisions"], 0);
  scores.compressed[0] = 0.4999;
  EXPECT_EQ(DescribeVariant(scores, Sample(), 0.5, {})["moved_decisions"], 1);
}

TEST(Variants, ALowerAucIsRefused) {
  VariantScores scores = Scores();
  scores.compressed[1] = 0.1;  // below all 20 others: 20 of 400 pairs
  const Json told = DescribeVariant(scores, Sample(), 0.05, {1, 0.049});
  EXPECT_NEAR(told["roc_auc"].get<double>(), 0.95, 1e-12);
  EXPECT_EQ(told["roc_auc_fp32"], 1.0);
  const Problem problem = ProblemOf([&] { DemandVariant("int8", told); });
  EXPECT_EQ(problem.found,
            "lowers the AUC from 1.0000 to 0.9500 (by at most 0.049 is allowed), and was not "
            "published");
  DemandVariant("int8", DescribeVariant(scores, Sample(), 0.05, {1, 0.051}));
}

TEST(Variants, FewLabelsTellNoAuc) {
  VariantSample sample = Sample();
  for (std::size_t i = 0; i < 22; ++i) sample.labels[i] = -1;  // 9 of each are left
  const Json told = DescribeVariant(Scores(), sample, 0.5, {});
  EXPECT_EQ(told["surveyed"], 18);
  EXPECT_TRUE(told["roc_auc"].is_null());
  DemandVariant("int8", told);
}

}  // namespace
}  // namespace arcsat
