#include "eval/cross_conformal.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

/// Conversations whose chance of satisfied is Sigmoid(outlook), with an answer on 1..5 if asked.
std::vector<LabeledScore> CrossConformalDraw(int n, bool boxes, Random* random) {
  std::vector<LabeledScore> out;
  for (int i = 0; i < n; ++i) {
    LabeledScore item;
    item.raw.id = "c";
    item.raw.outlook_logit = 2 * random->Normal();
    item.raw.turns = {{0, Speaker::kCustomer, 0.2 + 0.6 * random->Uniform(), 0}};
    item.satisfied = random->Chance(Sigmoid(item.raw.outlook_logit));
    if (boxes) item.answer = *item.satisfied ? 4 + (i % 2) : 1 + (i % 3);
    out.push_back(item);
  }
  return out;
}

std::vector<CrossConformalItem> CrossConformalItems(const std::vector<LabeledScore>& scores,
                                                    double weight = 1) {
  std::vector<CrossConformalItem> out;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    out.push_back({&scores[i], i % 2 == 0 ? "chat" : "voice", i % 3 == 0 ? weight : 1});
  }
  return out;
}

TEST(CrossConformal, HoldsTheAnswersOfOtherConversations) {
  for (const bool boxes : {false, true}) {
    Random random(7);
    double covered = 0, total = 0;
    for (int replicate = 0; replicate < 12; ++replicate) {
      const auto fitted_on = CrossConformalDraw(200, boxes, &random);
      const Calibration calibration = FitCalibration(fitted_on);
      EXPECT_EQ(BoxesOf(calibration), boxes ? 5 : 2);
      const auto sets = FitCrossConformal(CrossConformalItems(fitted_on), calibration, {}, {});
      ASSERT_TRUE(sets);
      EXPECT_FALSE(sets->weighted);
      EXPECT_EQ(sets->everyone.n, 200);
      for (const LabeledScore& item : CrossConformalDraw(500, boxes, &random)) {
        const auto row =
            MakeBoxedAnswer(Apply(calibration, item.raw), item, calibration, BoxesOf(calibration));
        ASSERT_TRUE(row);
        const auto set = PredictBoxes(*sets, row->chances);
        covered += std::count(set.begin(), set.end(), row->answer) > 0 ? 1 : 0;
        total += 1;
      }
    }
    // Deterministic sets cover a little more than the level; 12 calibrations of 200 answers vary
    // the mean by 0.006.
    EXPECT_GT(covered / total, 0.88);
    EXPECT_LT(covered / total, 0.97);
  }
}

TEST(CrossConformal, IsWeightedWhereAWeightIsNotOne) {
  Random random(3);
  const auto scores = CrossConformalDraw(150, false, &random);
  const auto sets =
      FitCrossConformal(CrossConformalItems(scores, 4), FitCalibration(scores), {}, {});
  ASSERT_TRUE(sets);
  EXPECT_TRUE(sets->weighted);
  EXPECT_EQ(sets->everyone.largest_weight, 4);
}

TEST(CrossConformal, NeedsTwoAnswers) {
  EXPECT_FALSE(FitCrossConformal({}, Calibration{}, {}, {}));
}

TEST(CrossConformal, AnAnswerHasItsPlaceOrNone) {
  Calibration calibration;
  calibration.csat.low = 1;
  calibration.csat.high = 5;
  Score score;
  score.p_satisfied = 0.7;
  LabeledScore labels;
  EXPECT_FALSE(MakeBoxedAnswer(score, labels, calibration, 2));
  labels.satisfied = false;
  const auto two = MakeBoxedAnswer(score, labels, calibration, 2);
  ASSERT_TRUE(two);
  EXPECT_DOUBLE_EQ(two->chances[0], 0.3);
  EXPECT_DOUBLE_EQ(two->chances[1], 0.7);
  EXPECT_EQ(two->answer, 0);
  score.boxes = {0.1, 0.1, 0.1, 0.3, 0.4};
  labels.answer = 4;
  EXPECT_EQ(MakeBoxedAnswer(score, labels, calibration, 5)->answer, 3);
  for (const double off : {0.0, 6.0, 3.5}) {
    labels.answer = off;
    EXPECT_FALSE(MakeBoxedAnswer(score, labels, calibration, 5)) << off;
  }
}

TEST(CrossConformal, AScoreGetsTheAnswersInItsSet) {
  ConformalSets sets;
  sets.boxes = 5;
  // A box belongs to the set where the chance of all likelier ones is at most this.
  sets.everyone.steps = {{0.75, 1}};
  Calibration calibration;
  calibration.csat.low = 1;
  calibration.csat.high = 5;
  Score score;
  score.id = "c-1";
  score.p_satisfied = 0.7;
  EXPECT_FALSE(PredictAnswers(sets, calibration, score, "chat"));  // no chances of boxes
  score.boxes = {0.05, 0.05, 0.1, 0.3, 0.5};
  auto set = PredictAnswers(sets, calibration, score, "chat");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->level, 0.9);
  EXPECT_TRUE(set->scale);
  EXPECT_EQ(set->answers, (std::vector<double>{4, 5}));  // before 4: 0.5; before 3: 0.8
  ConformalThreshold voice;
  voice.steps = {{0.85, 1}};
  sets.groups["voice"] = voice;
  EXPECT_EQ(PredictAnswers(sets, calibration, score, "voice")->answers,
            (std::vector<double>{3, 4, 5}));
  sets.boxes = 2;
  set = PredictAnswers(sets, calibration, score, "chat");
  EXPECT_FALSE(set->scale);
  EXPECT_EQ(set->answers, (std::vector<double>{0, 1}));  // before dissatisfied: 0.7
  sets.randomised = true;
  const auto first = PredictAnswers(sets, calibration, score, "chat");
  EXPECT_EQ(PredictAnswers(sets, calibration, score, "chat")->answers, first->answers);
}

}  // namespace
}  // namespace arcsat
