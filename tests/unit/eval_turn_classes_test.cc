#include "eval/turn_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace arcsat {
namespace {

// How many states are in their rating's class.
int Right(const std::vector<double>& states, const std::vector<double>& ratings,
          const TurnClasses& classes) {
  int right = 0;
  for (std::size_t i = 0; i < states.size(); ++i) {
    right += StateClass(states[i], classes) == RatingClass(ratings[i], classes.rule) ? 1 : 0;
  }
  return right;
}

// By every pair of cuts between (or beside) the states there are.
int BestRight(const std::vector<double>& states, const std::vector<double>& ratings,
              TurnClasses classes) {
  std::set<double> cuts = {0, 1};
  for (const double state : states) cuts.insert(state);
  int best = 0;
  for (const double low : cuts) {
    for (const double high : cuts) {
      if (low > high) continue;
      classes.low = low;
      classes.high = high;
      best = std::max(best, Right(states, ratings, classes));
    }
  }
  return best;
}

TEST(TurnClasses, RatingsAreCutAtThree) {
  EXPECT_EQ(RatingClass(8.0 / 3, "middle"), 0);
  EXPECT_EQ(RatingClass((2.7 + 3.1 + 3.2) / 3, "middle"), 1);  // 3 but for rounding
  EXPECT_EQ(RatingClass(10.0 / 3, "middle"), 2);
  EXPECT_EQ(RatingClass(2.4, "rounded"), 0);
  EXPECT_EQ(RatingClass(2.5, "rounded"), 1);
  EXPECT_EQ(RatingClass(10.0 / 3, "rounded"), 1);
  EXPECT_EQ(RatingClass(3.5, "rounded"), 2);
}

TEST(TurnClasses, StatesAreCutAtBothPlaces) {
  const TurnClasses classes;
  EXPECT_EQ(StateClass(0.37, classes), 0);
  EXPECT_EQ(StateClass(0.375, classes), 1);
  EXPECT_EQ(StateClass(0.624, classes), 1);
  EXPECT_EQ(StateClass(0.625, classes), 2);
}

TEST(TurnClasses, CutsLieHalfWayBetweenTheClasses) {
  std::vector<double> states, ratings;
  for (int i = 0; i < 10; ++i) {
    for (const auto& [state, rating] : {std::pair(0.1, 2.0), {0.2, 3.0}, {0.6, 4.0}}) {
      states.push_back(state);
      ratings.push_back(rating);
    }
  }
  const TurnClasses classes = FitTurnClasses(states, ratings, "middle");
  EXPECT_EQ(classes.rule, "middle");
  EXPECT_EQ(classes.turns, 30);
  EXPECT_NEAR(classes.low, 0.15, 1e-15);
  EXPECT_NEAR(classes.high, 0.4, 1e-15);
  EXPECT_NEAR(classes.sign, 0.35, 1e-15);  // between 0.1 and 0.6: the neutral ones have no say
}

TEST(TurnClasses, NoOtherCutsAreBetter) {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<double> states, ratings;
    // Few distinct states, so that many are tied.
    const int levels = trial % 2 == 0 ? 5 : 40;
    for (int i = 0; i < 40; ++i) {
      const auto level = static_cast<double>(random() % static_cast<unsigned>(levels));
      states.push_back(level / levels);
      ratings.push_back(
          1 +
          4 * std::clamp(states.back() + 0.2 * (static_cast<double>(random() % 7) - 3), 0.0, 1.0));
    }
    const TurnClasses classes =
        FitTurnClasses(states, ratings, trial % 3 == 0 ? "middle" : "rounded");
    if (classes.turns == 0) continue;
    EXPECT_LE(classes.low, classes.high);
    EXPECT_EQ(Right(states, ratings, classes), BestRight(states, ratings, classes)) << trial;
  }
}

TEST(TurnClasses, AClassThatIsNeverBestIsNeverSaid) {
  // Neutral turns lie evenly among as many negative ones below and positive ones above.
  std::vector<double> states, ratings;
  for (int i = 0; i < 50; ++i) {
    states.push_back(i / 50.0);
    ratings.push_back(i % 5 == 2 ? 3 : i < 25 ? 1 : 5);
  }
  const TurnClasses classes = FitTurnClasses(states, ratings, "middle");
  EXPECT_EQ(classes.low, classes.high);
  EXPECT_EQ(StateClass(0.3, classes), 0);
  EXPECT_EQ(StateClass(0.7, classes), 2);
}

TEST(TurnClasses, TooLittleToFitOnKeepsTheRatingsCuts) {
  const std::vector<double> states(19, 0.5), ratings(19, 2);
  EXPECT_EQ(FitTurnClasses(states, ratings, "middle").turns, 0);
  const std::vector<double> more(50, 0.5), same(50, 2);
  const TurnClasses one_class = FitTurnClasses(more, same, "middle");
  EXPECT_EQ(one_class.turns, 0);
  EXPECT_EQ(one_class.low, 0.375);
  EXPECT_EQ(one_class.high, 0.625);
  EXPECT_EQ(one_class.rule, "middle");
}

}  // namespace
}  // namespace arcsat
