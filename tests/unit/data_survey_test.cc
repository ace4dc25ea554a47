#include "data/survey.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

Conversation Answered(double score, double low, double high) {
  Conversation c;
  c.id = "x";
  c.survey.emplace();
  c.survey->score = score;
  c.survey->scale_low = low;
  c.survey->scale_high = high;
  return c;
}

TEST(Survey, TopTwoBoxesOfEveryScale) {
  EXPECT_EQ(Satisfied(Answered(4, 1, 5), {}), true);
  EXPECT_EQ(Satisfied(Answered(3, 1, 5), {}), false);
  EXPECT_EQ(Satisfied(Answered(3.75, 1, 5), {}), false);
  EXPECT_EQ(Satisfied(Answered(9, 0, 10), {}), true);
  EXPECT_EQ(Satisfied(Answered(8, 0, 10), {}), false);
  EXPECT_EQ(Satisfied(Answered(2, 1, 3), {}), true);
  EXPECT_EQ(Satisfied(Answered(1, 1, 3), {}), false);
  EXPECT_EQ(Satisfied(Answered(1, 0, 1), {}), true);
  EXPECT_EQ(Satisfied(Answered(0, 0, 1), {}), false);
}

TEST(Survey, ThresholdOfTheUser) {
  EXPECT_EQ(Satisfied(Answered(3, 1, 5), {.satisfied_from = 3}), true);
  EXPECT_EQ(Satisfied(Answered(4, 1, 5), {.satisfied_from = 5}), false);
  const Problem problem = ProblemOf([] { Satisfied(Answered(1, 0, 1), {.satisfied_from = 4}); });
  EXPECT_EQ(problem.place, "conversation x: survey.scale");
  EXPECT_THROW(Satisfied(Answered(1, 1, 5), {.satisfied_from = 1}), Error);  // all would be
}

TEST(Survey, NobodyAnswered) {
  Conversation c;
  EXPECT_FALSE(Satisfied(c, {}));
  EXPECT_FALSE(NormalisedScore(c, {}));
  c.survey.emplace();
  EXPECT_FALSE(Satisfied(c, {}));
  EXPECT_FALSE(NormalisedScore(c, {}));
}

TEST(Survey, NormalisedScore) {
  EXPECT_EQ(NormalisedScore(Answered(1, 1, 5), {}), 0.0);
  EXPECT_EQ(NormalisedScore(Answered(4, 1, 5), {}), 0.75);
  EXPECT_EQ(NormalisedScore(Answered(10, 0, 10), {}), 1.0);
}

TEST(Survey, AttributeAsTarget) {
  Conversation c = Answered(1, 1, 5);
  c.attributes = Json::parse(
      R"({"t":true,"f":false,"one":1,"zero":0,"yes":"yes","no":"no","null":null,"two":2,"s":"maybe"})");
  const auto answer = [&c](const char* name) {
    return Satisfied(c, {.target = std::string("attribute:") + name});
  };
  EXPECT_EQ(answer("t"), true);
  EXPECT_EQ(answer("f"), false);
  EXPECT_EQ(answer("one"), true);
  EXPECT_EQ(answer("zero"), false);
  EXPECT_EQ(answer("yes"), true);
  EXPECT_EQ(answer("no"), false);
  EXPECT_FALSE(answer("null"));
  EXPECT_FALSE(answer("missing"));
  EXPECT_THROW(answer("s"), Error);
  EXPECT_EQ(ProblemOf([&] { answer("two"); }).place, "conversation x: attributes.two");
  EXPECT_EQ(NormalisedScore(c, {.target = "attribute:t"}), 1.0);
  EXPECT_EQ(NormalisedScore(c, {.target = "attribute:f"}), 0.0);
  EXPECT_FALSE(NormalisedScore(c, {.target = "attribute:missing"}));
  EXPECT_THROW(Satisfied(c, {.target = "task_done"}), UsageError);
  EXPECT_THROW(Satisfied(c, {.target = "attribute:"}), UsageError);
}

TEST(Survey, Box) {
  EXPECT_EQ(Box(0, 5), 0);
  EXPECT_EQ(Box(1, 5), 4);
  EXPECT_EQ(Box(0.5, 5), 2);
  EXPECT_EQ(Box(0.37, 5), 1);
  EXPECT_EQ(Box(0.375, 5), 2);  // halves go up
  EXPECT_EQ(Box(0.49, 2), 0);
  EXPECT_EQ(Box(0.5, 2), 1);
  EXPECT_FALSE(Box(-0.01, 5));
  EXPECT_FALSE(Box(1.01, 5));
  EXPECT_FALSE(Box(std::nan(""), 5));
  EXPECT_FALSE(Box(0.5, 1));
}

TEST(Survey, MeanSatisfaction) {
  Turn turn;
  EXPECT_TRUE(std::isnan(MeanSatisfaction(turn)));
  turn.satisfaction = {1};
  EXPECT_EQ(MeanSatisfaction(turn), 0.0);
  turn.satisfaction = {5, 5};
  EXPECT_EQ(MeanSatisfaction(turn), 1.0);
  turn.satisfaction = {3, 4, 2, 3};
  EXPECT_EQ(MeanSatisfaction(turn), 0.5);
}

}  // namespace
}  // namespace arcsat
