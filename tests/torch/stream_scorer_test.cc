#include <gmock/gmock.h>

#include <numeric>

#include "model/scorer.h"
#include "model/stream_scorer.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

constexpr double kStreamTolerance = 1e-5;

EncodedConversation FirstTurns(const EncodedConversation& whole, std::size_t turns) {
  EncodedConversation out = whole;
  out.turns.resize(turns);
  out.tokens = TokensOf(Whole(out));
  return out;
}

void ExpectSame(const RawScore& a, const RawScore& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_NEAR(a.outlook_logit, b.outlook_logit, kStreamTolerance);
  ASSERT_EQ(a.turns.size(), b.turns.size());
  for (std::size_t i = 0; i < a.turns.size(); ++i) {
    EXPECT_EQ(a.turns[i].index, b.turns[i].index);
    EXPECT_NEAR(a.turns[i].state, b.turns[i].state, kStreamTolerance) << a.id << " turn " << i;
    EXPECT_NEAR(a.turns[i].outlook_logit, b.turns[i].outlook_logit, kStreamTolerance);
  }
}

/// Gives random conversations of `talk` a few turns at a time and compares each answer with the
/// scorer's, which sees the whole prefix.
void Replay(const ArcModel& model, const StreamOptions& options, std::uint64_t seed) {
  Talk talk(seed);
  Random random(seed + 1);
  std::vector<EncodedConversation> whole;
  for (const int turns : {1, 9, 23, 40}) {
    whole.push_back(talk.Make("c-" + std::to_string(turns), turns));
  }
  std::vector<std::size_t> known(whole.size(), 0);
  StreamScorer stream(model, options);
  const Scorer scorer(model);
  std::size_t given = 0, turns = 0;
  while (given < whole.size() * 30) {
    std::vector<EncodedConversation> now;
    for (std::size_t c = 0; c < whole.size(); ++c, ++given) {
      if (!random.Chance(0.7)) continue;
      known[c] = std::min(whole[c].turns.size(), known[c] + random.Below(4));
      now.push_back(FirstTurns(whole[c], known[c]));
    }
    const auto streamed = stream.Score(now);
    const auto expected = scorer.Score(now);
    ASSERT_EQ(streamed.size(), now.size());
    for (std::size_t i = 0; i < now.size(); ++i) ExpectSame(streamed[i], expected[i]);
    EXPECT_LE(stream.bytes(), options.memory_bytes);
  }
  turns = std::accumulate(known.begin(), known.end(), std::size_t{0});
  if (options.memory_bytes > 1 << 20) {
    EXPECT_EQ(stream.turns_computed(), static_cast<std::int64_t>(turns));  // each once
  } else {
    EXPECT_GT(stream.turns_computed(), static_cast<std::int64_t>(turns));
  }
}

TEST(StreamScorer, EveryPrefixScoresAsTheScorerScoresIt) {
  for (const int cross : {0, 1, 2}) {
    for (const int window : {1, 3, 50}) {
      ModelOptions options = TinyOptions();
      options.cross_turn_layers = cross;
      options.cross_turn_window = window;
      options.conversation_window = window + 1;
      options.conversation_layers = 1 + cross % 2;
      Replay(*TinyModel(options), {}, static_cast<std::uint64_t>(100 * cross + window));
    }
  }
  ModelOptions options = TinyOptions();
  options.conversation_layers = 0;
  Replay(*TinyModel(options), {}, 7);
}

TEST(StreamScorer, WithoutRoomTheScoresAreTheSame) {
  const auto model = TinyModel();
  Replay(*model, {{}, 0}, 21);
  Replay(*model, {{}, 12000}, 22);         // some conversations have to go
  Replay(*model, {{64, 2}, 1 << 30}, 23);  // small batches, long conversations in pieces
}

TEST(StreamScorer, WordsBesideTheNetworkAreCountedInEveryPrefix) {
  const auto model = TinyModel();
  LexicalModel lexical{kTinyVocabulary, {}, 0.3, 0.8};
  lexical.weight.resize(static_cast<std::size_t>(LexicalFeatureCount(kTinyVocabulary)));
  for (std::size_t i = 0; i < lexical.weight.size(); ++i) {
    lexical.weight[i] = static_cast<float>(i % 7) - 3;
  }
  model->SetLexical(lexical);
  Replay(*model, {}, 31);
}

TEST(StreamScorer, AChangedPastIsComputedAnew) {
  const auto model = TinyModel();
  StreamScorer stream(*model);
  const EncodedConversation before = Talk(41).Make("c", 6);
  stream.Score({before});
  EncodedConversation after = Talk(41).Make("c", 6);
  after.turns[2].tokens = std::make_shared<const std::vector<std::int32_t>>(
      std::vector<std::int32_t>{2, 41, 42, 43, 44, 3});
  ExpectSame(stream.Score({after})[0], Scorer(*model).Score({after})[0]);
  EXPECT_EQ(stream.turns_computed(), 12);
  // Who spoke, when, and on which channel are read as well.
  EncodedConversation moved = after;
  moved.turns[1].gap += 1;
  ExpectSame(stream.Score({moved})[0], Scorer(*model).Score({moved})[0]);
  moved.turns[3].speaker =
      moved.turns[3].speaker == Speaker::kBot ? Speaker::kAgent : Speaker::kBot;
  ExpectSame(stream.Score({moved})[0], Scorer(*model).Score({moved})[0]);
  moved.channel = (moved.channel + 1) % 3;
  ExpectSame(stream.Score({moved})[0], Scorer(*model).Score({moved})[0]);
  const EncodedConversation shorter = FirstTurns(moved, 3);
  ExpectSame(stream.Score({shorter})[0], Scorer(*model).Score({shorter})[0]);
  EXPECT_EQ(stream.turns_computed(), 12 + 3 * 6 + 3);
  // Nothing new: nothing to compute.
  ExpectSame(stream.Score({shorter})[0], Scorer(*model).Score({shorter})[0]);
  EXPECT_EQ(stream.turns_computed(), 12 + 3 * 6 + 3);
}

TEST(StreamScorer, WhatIsForgottenIsFreed) {
  const auto model = TinyModel();
  StreamScorer stream(*model);
  stream.Score({Talk(51).Make("a", 5), Talk(52).Make("b", 5)});
  const std::int64_t both = stream.bytes();
  stream.Forget("a");
  stream.Forget("nobody");
  EXPECT_LT(stream.bytes(), both);
  stream.Forget("b");
  EXPECT_EQ(stream.bytes(), 0);
}

TEST(StreamScorer, MemoryIsThatOfTheWindowHoweverLongTheConversation) {
  const auto model = TinyModel();
  EncodedConversation c = Talk(61).Make("c", 200);
  for (EncodedTurn& turn : c.turns) turn.tokens = c.turns[0].tokens;
  StreamScorer stream(*model);
  std::vector<std::int64_t> bytes;
  for (std::size_t turns = 1; turns <= c.turns.size(); ++turns) {
    stream.Score({FirstTurns(c, turns)});
    bytes.push_back(stream.bytes());
  }
  EXPECT_EQ(*std::max_element(bytes.begin() + 100, bytes.end()),
            *std::max_element(bytes.begin() + 20, bytes.begin() + 100));
  EXPECT_GT(bytes[2], bytes[0]);
}

TEST(StreamScorer, AnIdTwiceInOneCallIsRefused) {
  const auto model = TinyModel();
  StreamScorer stream(*model);
  const EncodedConversation c = Talk(71).Make("c-7", 3);
  const Problem problem = ProblemOf([&] { stream.Score({c, c}); });
  EXPECT_EQ(problem.place, "c-7");
  EXPECT_EQ(problem.found, "is there twice in one call");
}

}  // namespace
}  // namespace arcsat
