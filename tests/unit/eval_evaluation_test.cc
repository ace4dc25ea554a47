#include "eval/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

std::vector<SurveyItem> SurveyOf(int n) {
  Random random(2);
  std::vector<SurveyItem> items;
  for (int i = 0; i < n; ++i) {
    SurveyItem item;
    item.id = "c-" + std::to_string(i);
    item.p = random.Uniform();
    item.y = random.Chance(item.p);
    item.channel = i % 3 == 0 ? "voice" : "chat";
    item.problem_type = i % 2 == 0 ? "billing" : "";
    item.turns = 1 + i % 40;
    items.push_back(std::move(item));
  }
  return items;
}

const Figure& Get(const std::vector<Figure>& figures, const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.name == name) return figure;
  }
  throw std::out_of_range(name);
}

const Slice& Group(const std::vector<Slice>& slices, const std::string& value) {
  for (const Slice& slice : slices) {
    if (slice.value == value) return slice;
  }
  throw std::out_of_range(value);
}

TEST(Evaluation, FourConversationsByHand) {
  const std::vector<SurveyItem> items = {{"a", 0.9, true, "chat", "", 4},
                                         {"b", 0.6, true, "chat", "", 4},
                                         {"c", 0.7, false, "chat", "", 4},
                                         {"d", 0.2, true, "chat", "", 4}};
  const Evaluation evaluation = Evaluate(items, {});
  const Slice& all = evaluation.survey.front();
  EXPECT_EQ(all.n, 4);
  EXPECT_DOUBLE_EQ(all.shares[1], 0.75);
  EXPECT_DOUBLE_EQ(*Get(all.figures, "accuracy").value, 0.5);
  EXPECT_NEAR(*Get(all.figures, "balanced_accuracy").value, 1.0 / 3, 1e-15);
  EXPECT_NEAR(*Get(all.figures, "roc_auc").value, 1.0 / 3, 1e-15);
  EXPECT_NEAR(*Get(all.figures, "brier").value, (0.01 + 0.16 + 0.49 + 0.64) / 4, 1e-15);
  EXPECT_DOUBLE_EQ(*Get(all.majority, "accuracy").value, 0.75);
  EXPECT_DOUBLE_EQ(*Get(all.majority, "balanced_accuracy").value, 0.5);
  EXPECT_NEAR(*Get(all.majority, "macro_f1").value, 0.75 / 1.75, 1e-15);
  EXPECT_TRUE(evaluation.turns.empty());
}

TEST(Evaluation, GroupsHoldTheirItems) {
  const Evaluation evaluation = Evaluate(SurveyOf(600), {});
  const std::vector<Slice>& slices = evaluation.survey;
  ASSERT_EQ(slices.size(), 9u);  // all, 2 channels, 2 problem types, 4 lengths
  EXPECT_EQ(Group(slices, "voice").n, 200);
  EXPECT_EQ(Group(slices, "chat").n, 400);
  EXPECT_EQ(Group(slices, "(none)").n, 300);
  EXPECT_EQ(slices[5].value, "1-8");
  EXPECT_EQ(slices[6].value, "9-16");
  EXPECT_EQ(slices[7].value, "17-32");
  EXPECT_EQ(slices[8].value, "33+");
  EXPECT_EQ(Group(slices, "1-8").n, 120);
  EXPECT_EQ(Group(slices, "33+").n, 120);
  for (const Slice& slice : slices) {
    for (const Figure& figure : slice.figures) {
      ASSERT_TRUE(figure.value && figure.interval) << slice.value << " " << figure.name;
      EXPECT_LE(figure.interval->low, *figure.value) << slice.value << " " << figure.name;
      EXPECT_GE(figure.interval->high, *figure.value) << slice.value << " " << figure.name;
    }
  }
}

TEST(Evaluation, OneClassHasReasonsInsteadOfFigures) {
  std::vector<SurveyItem> items = SurveyOf(30);
  for (SurveyItem& item : items) item.y = item.y || item.channel == "voice";
  const Evaluation evaluation = Evaluate(items, {});
  const Slice& voice = Group(evaluation.survey, "voice");
  EXPECT_FALSE(Get(voice.figures, "roc_auc").value);
  EXPECT_EQ(Get(voice.figures, "roc_auc").reason, "all items are of one class");
  EXPECT_FALSE(Get(voice.figures, "macro_f1").value);
  EXPECT_TRUE(Get(voice.figures, "accuracy").value);
  EXPECT_FALSE(Get(voice.majority, "balanced_accuracy").value);
  const Json json = ToJson(evaluation);
  EXPECT_TRUE(json["survey"][2]["figures"]["roc_auc"]["value"].is_null());
  EXPECT_FALSE(json["survey"][2]["figures"]["roc_auc"]["reason"].empty());
  // One single conversation is no crash either.
  const Evaluation single = Evaluate({items[0]}, {});
  EXPECT_EQ(single.survey.front().n, 1);
  EXPECT_FALSE(ToTable(single).empty());
}

TEST(Evaluation, CalibrationErrorsHaveIntervalsThatHoldTheTruth) {
  // Chances pushed by 0.1: the error is 0.1 in every bin, by either figure.
  int held = 0, held_debiased = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    std::vector<SurveyItem> items(400);
    for (SurveyItem& item : items) {
      item.p = 0.1 + 0.8 * random.Uniform();
      item.y = random.Chance(item.p - 0.1);
    }
    EvaluationOptions options;
    options.bootstrap.resamples = 200;
    const Slice all = Evaluate(items, {}, options).survey.front();
    const Interval ece = *Get(all.figures, "ece").interval;
    const Interval debiased = *Get(all.figures, "calibration_error_debiased").interval;
    held += ece.low <= 0.1 && 0.1 <= ece.high;
    held_debiased += debiased.low <= 0.1 && 0.1 <= debiased.high;
  }
  EXPECT_GE(held, 50) << held;  // 57 of 60 at 95%
  EXPECT_GE(held_debiased, 50) << held_debiased;
}

TEST(Evaluation, RatedTurns) {
  // Ratings 1, 3, 5 by turn; the state is right but for one neutral turn called positive.
  std::vector<TurnItem> turns;
  for (int c = 0; c < 10; ++c) {
    turns.push_back({c, 0.1, 1.3, "chat", "", 6});
    turns.push_back({c, c == 0 ? 0.9 : 0.5, 3, "chat", "", 6});
    turns.push_back({c, 0.8, 4.6, "chat", "", 6});
  }
  const Evaluation evaluation = Evaluate({}, turns);
  EXPECT_TRUE(evaluation.survey.empty());
  const Slice& all = evaluation.turns.front();
  EXPECT_EQ(all.n, 30);
  EXPECT_EQ(all.conversations, 10);
  EXPECT_NEAR(*Get(all.figures, "accuracy").value, 29.0 / 30, 1e-15);
  EXPECT_NEAR(*Get(all.figures, "uar").value, 2.9 / 3, 1e-15);
  EXPECT_NEAR(*Get(all.figures, "kappa").value, 0.95, 1e-12);
  EXPECT_NEAR(*Get(all.majority, "uar").value, 1.0 / 3, 1e-15);
  EXPECT_GT(*Get(all.figures, "spearman").value, 0.9);
  // Of the turns that are not neutral the state is right about all, whatever the neutral ones say.
  EXPECT_EQ(*Get(all.figures, "sign_accuracy").value, 1);
  EXPECT_EQ(*Get(all.figures, "sign_auc").value, 1);
}

TEST(Evaluation, SignNeedsBothSigns) {
  const Evaluation evaluation =
      Evaluate({}, {{0, 0.2, 1, "", "", 1}, {1, 0.5, 3, "", "", 1}, {2, 0.4, 2, "", "", 1}});
  const auto sign =
      std::find_if(evaluation.turns.front().figures.begin(), evaluation.turns.front().figures.end(),
                   [](const Figure& f) { return f.name == "sign_accuracy"; });
  EXPECT_FALSE(sign->value);
  EXPECT_EQ(sign->reason, "no turn is rated negative, or none positive");
}

TEST(Evaluation, LengthGroups) {
  EXPECT_EQ(LengthGroup(8), "1-8");
  EXPECT_EQ(LengthGroup(9), "9-16");
  EXPECT_EQ(LengthGroup(33), "33+");
}

TEST(Evaluation, TableIsAlignedAndComplete) {
  std::vector<SurveyItem> items = SurveyOf(200);
  for (SurveyItem& item : items) {
    if (!item.problem_type.empty()) item.problem_type = "Rückgabe";
  }
  const std::string table =
      ToTable(Evaluate(items, {{0, .5, 3, "", "", 1}, {1, .9, 5, "", "", 1}}));
  EXPECT_NE(table.find("Survey: 200 conversations"), std::string::npos);
  EXPECT_NE(table.find("majority class"), std::string::npos);
  EXPECT_NE(table.find("\nby length  n "), std::string::npos) << table;
  // The umlaut is two bytes and one column: the next column begins where the heading's does.
  const std::size_t heading = table.find("by problem_type");
  const std::size_t row = table.find("Rückgabe");
  EXPECT_EQ(table.find("n  ", heading + 15) - heading + 1, table.find("100", row) - row) << table;
}

TEST(Evaluation, BadInputIsAnError) {
  EXPECT_THROW(Evaluate({}, {}), Error);
  EXPECT_THROW(Evaluate({{"a", 1.2, true, "", "", 1}}, {}), Error);
  EXPECT_THROW(Evaluate({{"a", std::nan(""), true, "", "", 1}}, {}), Error);
  EXPECT_THROW(Evaluate({}, {{0, 0.5, 6, "", "", 1}}), Error);
  EXPECT_THROW(Evaluate({}, {{0, -0.1, 3, "", "", 1}}), Error);
  EvaluationOptions options;
  options.classes.low = 0.9;
  EXPECT_THROW(Evaluate(SurveyOf(5), {}, options), UsageError);
}

}  // namespace
}  // namespace arcsat
