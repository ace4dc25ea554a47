#include "model/known_turns.h"

#include <gmock/gmock.h>

#include "model/scorer.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

TEST(KnownTurns, AreFoundByWhatTheyHold) {
  KnownTurns known(1 << 20);
  known.Keep({2, 7, 3}, torch::full({3, 4}, 0.5));
  EXPECT_TRUE(torch::equal(known.Find({2, 7, 3}), torch::full({3, 4}, 0.5)));
  EXPECT_FALSE(known.Find({2, 8, 3}).defined());
  EXPECT_FALSE(known.Find({2, 7}).defined());
  EXPECT_EQ(known.found(), 1);
}

TEST(KnownTurns, TheOldestGoFirstUnlessTheyWereFound) {
  const auto states = [](int value) { return torch::full({1, 200}, value, torch::kFloat32); };
  KnownTurns known(64'000);  // four of 964 bytes in each of 16 blocks
  for (int i = 0; i < 64; ++i) known.Keep({i}, states(i));
  EXPECT_TRUE(known.Find({0}).defined()) << "all fit";
  EXPECT_TRUE(known.Find({2}).defined());
  known.Keep({64}, states(64));  // the oldest block goes, which had 0 to 3
  EXPECT_TRUE(torch::equal(known.Find({0}), states(0)));
  EXPECT_FALSE(known.Find({1}).defined());
  EXPECT_TRUE(torch::equal(known.Find({2}), states(2)));
  EXPECT_FALSE(known.Find({3}).defined());
  EXPECT_TRUE(torch::equal(known.Find({4}), states(4)));
  EXPECT_TRUE(torch::equal(known.Find({64}), states(64)));
  EXPECT_LE(known.bytes(), 64'000);
}

/// The states that a text of `length` has in these tests.
torch::Tensor Told(int text, std::int64_t length) {
  return torch::arange(length * 8, torch::kFloat32).view({length, 8}) + 1000 * text;
}

TEST(KnownTurns, WhatIsFoundIsWhatWasKept) {
  KnownTurns known(64 << 10);
  Random random(5);
  int found = 0;
  std::vector<std::pair<torch::Tensor, torch::Tensor>> in_hand;  // found, and what it must stay
  for (int i = 0; i < 20'000; ++i) {
    // Some texts come again and again, most once or twice.
    const int text = static_cast<int>(random.Chance(0.3) ? random.Below(20) : random.Below(4000));
    const std::int64_t length = 1 + text % 13;
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(length), text);
    const torch::Tensor states = known.Find(tokens);
    if (states.defined()) {
      ++found;
      ASSERT_TRUE(torch::equal(states, Told(text, length))) << i;
      if (in_hand.size() < 50) in_hand.emplace_back(states, Told(text, length));
    } else {
      known.Keep(tokens, Told(text, length));
    }
    ASSERT_LE(known.bytes(), 64 << 10);
    if (i % 500 == 0) {
      // What somebody holds is not written over, however many came since.
      for (const auto& [held, expected] : in_hand) ASSERT_TRUE(torch::equal(held, expected)) << i;
      in_hand.clear();
    }
  }
  // The twenty that come again and again are there nearly always.
  EXPECT_GT(found, 20'000 * 0.3);
  EXPECT_EQ(known.found(), found);
}

TEST(KnownTurns, ARowMayStandForAllTokens) {
  KnownTurns known(1 << 14);  // blocks of 1,024 bytes
  for (int i = 0; i < 100; ++i) {
    known.Keep({i, 8, 9}, torch::full({1, 4}, static_cast<double>(i)));
    const auto first = known.Find({0, 8, 9}), latest = known.Find({i, 8, 9});
    ASSERT_TRUE(first.defined() && latest.defined()) << i;
    EXPECT_TRUE(torch::equal(first, torch::zeros({1, 4})));
    EXPECT_TRUE(torch::equal(latest, torch::full({1, 4}, static_cast<double>(i))));
  }
  EXPECT_LE(known.bytes(), 1 << 14);
}

TEST(KnownTurns, WithoutRoomNothingIsKept) {
  KnownTurns known(0);
  known.Keep({1}, torch::zeros({1, 4}));
  EXPECT_FALSE(known.Find({1}).defined());
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

TEST(KnownTurns, FrozenLayersAreComputedOnceAndWithoutDropout) {
  for (const auto& [layers, cross] : {std::pair(1, 1), std::pair(1, 0), std::pair(2, 0)}) {
    ModelOptions options = TinyOptions();
    options.cross_turn_layers = cross;
    const auto model = TinyModel(options);
    const std::vector<EncodedConversation> talks = Talk(83).MakeMany(4);
    std::vector<Segment> segments;
    for (const EncodedConversation& talk : talks) {
      segments.push_back({&talk, 0, static_cast<int>(talk.turns.size())});
    }
    const RaggedBatch batch = MakeBatch(segments);
    KnownTurns known(1 << 20);
    const auto outlook = [&](KnownTurns* with) {
      torch::manual_seed(9);
      return model->Forward(batch, /*training=*/true, {}, with).outlook;
    };
    const auto learning = outlook(nullptr);
    EXPECT_TRUE(torch::equal(outlook(&known), learning)) << "nothing is frozen";
    EXPECT_EQ(known.bytes(), 0);
    model->Freeze(layers);
    const auto frozen = outlook(nullptr);
    EXPECT_FALSE(torch::allclose(frozen, learning, 1e-5, 1e-6)) << "less is dropped";
    // The same draws of dropout: none of them is for the layers that are kept.
    EXPECT_TRUE(torch::allclose(outlook(&known), frozen, 1e-5, 1e-6)) << layers << " " << cross;
    EXPECT_EQ(known.found(), 0);
    const auto again = outlook(&known);
    EXPECT_TRUE(torch::allclose(again, frozen, 1e-5, 1e-6)) << layers << " " << cross;
    EXPECT_EQ(known.found(), std::ssize(batch.distinct));
    again.sum().backward();
    EXPECT_FALSE(model->encoder().words().grad().defined());
    EXPECT_GT(model->upper().input_weight.grad().abs().sum().item<double>(), 0);
  }
}

}  // namespace
}  // namespace arcsat
