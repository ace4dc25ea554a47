#include "eval/answers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <stdexcept>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

// On a scale from 1 to 3. Expected answers are off by 0.7, -0.4, 0.1, -1.2.
std::vector<AnswerItem> FourAnswers() {
  return {{1, 1.7, {0.5, 0.3, 0.2}, "chat", "", 4},
          {3, 2.6, {0.1, 0.2, 0.7}, "chat", "", 4},
          {2, 2.1, {0.2, 0.5, 0.3}, "chat", "", 4},
          {3, 1.8, {0.4, 0.4, 0.2}, "voice", "", 4}};
}

AnswerOptions OneToThree() {
  AnswerOptions options;
  options.high = 3;
  options.bins = 1;
  options.bootstrap.resamples = 200;
  return options;
}

double AnswerValue(const std::vector<Figure>& figures, const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.name == name) return figure.value.value_or(std::nan(""));
  }
  throw std::out_of_range(name);
}

std::string AnswerReason(const std::vector<Figure>& figures, const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.name == name) return figure.value ? "" : figure.reason;
  }
  throw std::out_of_range(name);
}

// Answers that come with the chances given, which move about with the conversation.
std::vector<AnswerItem> HonestAnswers(int n, std::uint64_t seed) {
  Random random(seed);
  std::vector<AnswerItem> items;
  for (int i = 0; i < n; ++i) {
    AnswerItem item;
    double sum = 0;
    for (int k = 0; k < 5; ++k) sum += item.boxes.emplace_back(0.05 + random.Uniform());
    const double u = random.Uniform();
    double below = 0;
    for (int k = 0; k < 5; ++k) {
      double& chance = item.boxes[static_cast<std::size_t>(k)];
      chance /= sum;
      item.csat += (k + 1) * chance;
      if (u >= below) item.answer = k + 1;
      below += chance;
    }
    item.channel = i % 4 == 0 ? "voice" : "chat";
    item.turns = 1 + i % 20;
    items.push_back(std::move(item));
  }
  return items;
}

TEST(Answers, ExpectedAnswerByHand) {
  const Answers answers = MeasureAnswers(FourAnswers(), OneToThree());
  EXPECT_EQ(answers.n, 4);
  EXPECT_NEAR(answers.mean_answer, 2.25, 1e-12);
  EXPECT_NEAR(answers.mean_csat, 2.05, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.csat, "mae"), 0.6, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.csat, "rmse"), 0.7245688373094719, 1e-12);  // sqrt(2.10 / 4)
  EXPECT_NEAR(AnswerValue(answers.csat, "bias"), -0.2, 1e-12);
  // Ranks 1, 4, 3, 2 of csat and 1, 3.5, 2, 3.5 of answers: 3 / sqrt(5 * 4.5).
  EXPECT_NEAR(AnswerValue(answers.csat, "spearman"), 0.6324555320336759, 1e-12);
  // About their own mean the answers have a sum of squares of 2.75.
  EXPECT_NEAR(AnswerValue(answers.csat, "skill"), 1 - 2.1 / 2.75, 1e-12);
  EXPECT_NEAR(answers.reference, 2.25, 1e-12);
  EXPECT_TRUE(answers.reference_is_theirs);
  EXPECT_NEAR(AnswerValue(answers.csat, "slope"), 0.65 / 0.49, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.csat, "intercept"), 2.25 - 2.05 * 0.65 / 0.49, 1e-12);
}

TEST(Answers, SkillIsOverTheCalibrationsMean) {
  AnswerOptions options = OneToThree();
  options.calibration_mean = 2;
  const Answers answers = MeasureAnswers(FourAnswers(), options);
  EXPECT_NEAR(AnswerValue(answers.csat, "skill"), 0.3, 1e-12);  // 1 - 2.1 / (1 + 1 + 0 + 1)
  EXPECT_EQ(answers.reference, 2);
  EXPECT_FALSE(answers.reference_is_theirs);
}

TEST(Answers, BoxesByHand) {
  const Answers answers = MeasureAnswers(FourAnswers(), OneToThree());
  ASSERT_TRUE(answers.boxes);
  const BoxFigures& boxes = *answers.boxes;
  EXPECT_EQ(boxes.n, 4);
  EXPECT_EQ(boxes.impossible, 0);
  // Up to 1 and up to 2: (0.5, 0.8) for (1, 1), (0.1, 0.3) for (0, 0), (0.2, 0.7) for (0, 1),
  // (0.4, 0.8) for (0, 0): halves of 0.29, 0.10, 0.13 and 0.80.
  EXPECT_NEAR(AnswerValue(boxes.figures, "rps"), 0.165, 1e-12);
  // The shares 1/4 and 1/2: half of 3/16 + 1/4.
  EXPECT_NEAR(AnswerValue(boxes.figures, "rps_skill"), 1 - 0.165 / 0.21875, 1e-12);
  EXPECT_NEAR(AnswerValue(boxes.figures, "log_loss"), -std::log(0.5 * 0.7 * 0.5 * 0.2) / 4, 1e-12);
  // Of two equally likely boxes the lower one is taken: 1 for the last answer, 3.
  EXPECT_NEAR(AnswerValue(boxes.figures, "accuracy"), 0.75, 1e-12);
  // Observed 4 of 4; by chance 1 + 4 + 2 + 1 + 16 + 2 of 16.
  EXPECT_NEAR(AnswerValue(boxes.figures, "kappa_quadratic"), 1 - 4 * 4.0 / 26, 1e-12);
  // One bin: mean chances 0.3 and 0.65, shares 0.25 and 0.5.
  EXPECT_NEAR(AnswerValue(boxes.figures, "ece"), 0.1, 1e-12);
  EXPECT_EQ(AnswerValue(boxes.figures, "ece_debiased"), 0);  // all of it may be noise
}

TEST(Answers, SharesOfBoxesByHand) {
  const Answers answers = MeasureAnswers(FourAnswers(), OneToThree());
  const std::vector<BoxShare>& each = answers.boxes->each;
  ASSERT_EQ(each.size(), 3u);
  const double chances[] = {0.3, 0.35, 0.35}, shares[] = {0.25, 0.25, 0.5};
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(each[k].answer, static_cast<int>(k) + 1);
    EXPECT_NEAR(each[k].chance, chances[k], 1e-12);
    EXPECT_NEAR(each[k].share, shares[k], 1e-12);
  }
  EXPECT_NEAR(each[0].interval->low, 0.0455872608097006, 1e-12);
  EXPECT_NEAR(each[0].interval->high, 0.6993581574175982, 1e-12);
  const std::vector<BoxShare>& up_to = answers.boxes->up_to;
  ASSERT_EQ(up_to.size(), 2u);
  EXPECT_EQ(up_to[1].answer, 2);
  EXPECT_NEAR(up_to[1].chance, 0.65, 1e-12);
  EXPECT_NEAR(up_to[1].share, 0.5, 1e-12);
  EXPECT_NEAR(up_to[1].interval->low + up_to[1].interval->high, 1, 1e-12);
}

TEST(Answers, FewHaveNoIntervals) {
  AnswerOptions options;
  options.bootstrap.resamples = 200;
  for (const int n : {9, 10}) {
    const Answers answers = MeasureAnswers(HonestAnswers(n, 3), options);
    for (const Figure& figure : answers.csat) {
      EXPECT_EQ(figure.interval.has_value(), n == 10) << figure.name;
    }
    EXPECT_TRUE(answers.boxes->each[0].interval) << "Wilson's is sound for any number";
  }
}

TEST(Answers, IntervalsHoldTheFigures) {
  AnswerOptions options;
  options.bootstrap.resamples = 400;
  const Answers answers = MeasureAnswers(HonestAnswers(600, 5), options);
  for (const auto* figures : {&answers.csat, &answers.boxes->figures}) {
    for (const Figure& figure : *figures) {
      ASSERT_TRUE(figure.value && figure.interval) << figure.name;
      EXPECT_LT(figure.interval->low, figure.interval->high) << figure.name;
      // Its noise is taken out of a resample twice: the interval may leave the figure aside.
      if (figure.name == "ece_debiased") continue;
      EXPECT_LE(figure.interval->low, *figure.value) << figure.name;
      EXPECT_GE(figure.interval->high, *figure.value) << figure.name;
    }
  }
  EXPECT_EQ(ToJson(answers).dump(), ToJson(MeasureAnswers(HonestAnswers(600, 5), options)).dump());
}

TEST(Answers, HonestChancesAreFoundCalibrated) {
  AnswerOptions options;
  options.bootstrap.resamples = 100;
  const Answers answers = MeasureAnswers(HonestAnswers(6000, 7), options);
  EXPECT_NEAR(AnswerValue(answers.csat, "bias"), 0, 0.06);
  EXPECT_NEAR(AnswerValue(answers.csat, "slope"), 1, 0.15);
  EXPECT_GT(AnswerValue(answers.boxes->figures, "rps_skill"), 0.03);
  EXPECT_LT(AnswerValue(answers.boxes->figures, "ece_debiased"), 0.025);
  for (const auto* shares : {&answers.boxes->each, &answers.boxes->up_to}) {
    for (const BoxShare& share : *shares) {
      EXPECT_NEAR(share.chance, share.share, 0.03) << share.answer;
    }
  }
}

TEST(Answers, GroupsAreMeasuredAsTheirItemsAlone) {
  AnswerOptions options;
  options.bootstrap.resamples = 100;
  const std::vector<AnswerItem> items = HonestAnswers(200, 9);
  std::vector<AnswerItem> voice;
  for (const AnswerItem& item : items) {
    if (item.channel == "voice") voice.push_back(item);
  }
  const Answers alone = MeasureAnswers(voice, options);
  const Answers answers = MeasureAnswers(items, options);
  ASSERT_EQ(answers.slices.size(), 5u);  // 2 channels, 3 lengths; nobody has a problem type
  const AnswerSlice& slice = answers.slices[1];
  EXPECT_EQ(slice.by, "channel");
  EXPECT_EQ(slice.value, "voice");
  EXPECT_EQ(slice.n, 50);
  EXPECT_EQ(slice.boxed, 50);
  ASSERT_EQ(slice.figures.size(), 3u);
  EXPECT_NEAR(AnswerValue(slice.figures, "mae"), AnswerValue(alone.csat, "mae"), 1e-12);
  EXPECT_NEAR(AnswerValue(slice.figures, "bias"), AnswerValue(alone.csat, "bias"), 1e-12);
  EXPECT_NEAR(AnswerValue(slice.figures, "rps"), AnswerValue(alone.boxes->figures, "rps"), 1e-12);
  EXPECT_TRUE(slice.figures[0].interval);
}

TEST(Answers, ABoxWithoutAChanceCostsTheFloor) {
  const std::vector<AnswerItem> items = {{1, 3, {0, 0, 1}, "", "", 1},
                                         {3, 3, {0, 0, 1}, "", "", 1}};
  const Answers answers = MeasureAnswers(items, OneToThree());
  EXPECT_EQ(answers.boxes->impossible, 1);
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "log_loss"), 36.04365338911715 / 2, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "rps"), 0.5, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.csat, "mae"), 1, 1e-12);
  EXPECT_EQ(AnswerReason(answers.csat, "slope"), "every expected answer is the same");
  EXPECT_NE(AnswerReason(answers.csat, "spearman"), "");
}

TEST(Answers, OneBoxAloneSaysNothingOfSkill) {
  std::vector<AnswerItem> items = FourAnswers();
  for (AnswerItem& item : items) {
    item.answer = 3;
    item.boxes = {0.1, 0.2, 0.7};
  }
  const Answers answers = MeasureAnswers(items, OneToThree());
  for (const char* name : {"rps_skill", "kappa_quadratic"}) {
    EXPECT_NE(AnswerReason(answers.boxes->figures, name), "") << name;
  }
  for (const char* name : {"skill", "spearman"}) {
    EXPECT_NE(AnswerReason(answers.csat, name), "") << name;
  }
  EXPECT_NEAR(AnswerValue(answers.csat, "slope"), 0, 1e-12);
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "rps"), 0.05, 1e-12);  // half of 0.01 + 0.09
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "accuracy"), 1, 1e-12);
  EXPECT_EQ(answers.boxes->each[2].share, 1);
  EXPECT_NEAR(answers.boxes->each[2].interval->high, 1, 1e-12);
}

TEST(Answers, OnlyWholeAnswersHaveABox) {
  std::vector<AnswerItem> items = FourAnswers();
  items[0].answer = 1.5;
  items[1].boxes.clear();
  const Answers answers = MeasureAnswers(items, OneToThree());
  EXPECT_EQ(answers.n, 4);
  EXPECT_EQ(answers.boxes->n, 2);
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "rps"), (0.065 + 0.4) / 2, 1e-12);
  EXPECT_EQ(answers.slices[0].n, 3);
  EXPECT_EQ(answers.slices[0].boxed, 1);
  EXPECT_NEAR(AnswerValue(answers.slices[0].figures, "rps"), 0.065, 1e-12);
}

TEST(Answers, WithoutBoxesTheExpectedAnswerIsMeasured) {
  std::vector<AnswerItem> items = FourAnswers();
  for (AnswerItem& item : items) item.boxes.clear();
  AnswerOptions options = OneToThree();
  options.low = 0.5;  // a slider
  const Answers answers = MeasureAnswers(items, options);
  EXPECT_FALSE(answers.boxes);
  EXPECT_NEAR(AnswerValue(answers.csat, "mae"), 0.6, 1e-12);
  EXPECT_EQ(AnswerReason(answers.slices[0].figures, "rps"), "no conversation has chances of boxes");
  const Json json = ToJson(answers);
  EXPECT_TRUE(json["boxes"].is_null());
  EXPECT_TRUE(json["slices"][0]["figures"]["rps"]["value"].is_null());
  EXPECT_EQ(json["csat"]["reference"]["from"], "test");
}

TEST(Answers, OneConversationHasFiguresAndNoIntervals) {
  const Answers answers = MeasureAnswers({FourAnswers()[0]}, OneToThree());
  EXPECT_NEAR(AnswerValue(answers.csat, "mae"), 0.7, 1e-12);
  EXPECT_FALSE(answers.csat[0].interval);
  EXPECT_NE(AnswerReason(answers.csat, "skill"), "");
  EXPECT_EQ(AnswerReason(answers.boxes->figures, "ece_debiased"), "no bin holds two answers");
  EXPECT_NEAR(AnswerValue(answers.boxes->figures, "rps"), 0.145, 1e-12);
}

TEST(Answers, WhatIsOffTheScaleIsRefused) {
  const auto refused = [](const std::function<void(AnswerItem*)>& damage) {
    std::vector<AnswerItem> items = FourAnswers();
    damage(&items[2]);
    EXPECT_THROW(MeasureAnswers(items, OneToThree()), Error);
  };
  refused([](AnswerItem* item) { item->answer = 4; });
  refused([](AnswerItem* item) { item->answer = std::nan(""); });
  refused([](AnswerItem* item) { item->csat = 0.9; });
  refused([](AnswerItem* item) { item->boxes = {0.5, 0.5}; });
  refused([](AnswerItem* item) { item->boxes = {0.5, 0.6, 0.2}; });
  refused([](AnswerItem* item) { item->boxes = {1.2, -0.2, 0}; });
  refused([](AnswerItem* item) { item->boxes[0] = std::nan(""); });
  EXPECT_THROW(MeasureAnswers({}, OneToThree()), Error);
  AnswerOptions options = OneToThree();
  options.low = 3;  // one box
  const std::vector<AnswerItem> one = {{3, 3, {1}, "", "", 1}};
  EXPECT_THROW(MeasureAnswers(one, options), UsageError);
  options = OneToThree();
  options.bins = 0;
  EXPECT_THROW(MeasureAnswers(FourAnswers(), options), UsageError);
}

}  // namespace
}  // namespace arcsat
