#include "model/known_turns.h"

#include <gmock/gmock.h>

#include "model/scorer.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

KnownTurns::Tokens List(std::vector<std::int32_t> ids) {
  return std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
}

TEST(KnownTurns, AreFoundByWhatTheyHold) {
  KnownTurns known(1 << 20);
  known.Keep(List({2, 7, 3}), torch::full({3, 4}, 0.5));
  EXPECT_TRUE(torch::equal(known.Find(List({2, 7, 3})), torch::full({3, 4}, 0.5)));
  EXPECT_FALSE(known.Find(List({2, 8, 3})).defined());
  EXPECT_FALSE(known.Find(List({2, 7})).defined());
  EXPECT_EQ(known.found(), 1);
}

TEST(KnownTurns, TheLongestUnusedGoFirst) {
  const auto states = [] { return torch::zeros({100, 100}); };  // 40,000 bytes
  KnownTurns known(100'000);
  known.Keep(List({1}), states());
  known.Keep(List({2}), states());
  EXPECT_TRUE(known.Find(List({1})).defined());
  known.Keep(List({3}), states());
  EXPECT_TRUE(known.Find(List({1})).defined());
  EXPECT_FALSE(known.Find(List({2})).defined());
  EXPECT_TRUE(known.Find(List({3})).defined());
  EXPECT_LE(known.bytes(), 100'000);
}

TEST(KnownTurns, WithoutRoomNothingIsKept) {
  KnownTurns known(0);
  known.Keep(List({1}), torch::zeros({1, 4}));
  EXPECT_FALSE(known.Find(List({1})).defined());
  EXPECT_EQ(known.bytes(), 0);
}

TEST(KnownTurns, ScoresAreThoseOfTurnsComputedAnew) {
  for (const int cross : {0, 1}) {
    ModelOptions options = TinyOptions();
    options.cross_turn_layers = cross;
    const auto model = TinyModel(options);
    // Two halves with the same texts, so that the second finds what the first computed.
    const std::vector<EncodedConversation> first = Talk(81).MakeMany(5), again = first;
    ScorerOptions anew;
    anew.known_bytes = 0;
    const Scorer scorer(*model), plain(*model, anew);
    scorer.Score(first);
    const auto found = scorer.Score(again), expected = plain.Score(again);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i].outlook_logit, expected[i].outlook_logit, 1e-6) << cross;
      EXPECT_NEAR(found[i].exit(), expected[i].exit(), 1e-6) << cross;
    }
  }
}

}  // namespace
}  // namespace arcsat
