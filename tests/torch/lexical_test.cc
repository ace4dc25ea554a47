#include "model/lexical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/files.h"
#include "model/safetensors.h"
#include "model/scorer.h"
#include "tests/torch/torch_test_support.h"
#include "train/lexical_fit.h"

namespace arcsat {
namespace {

EncodedTurn Said(Speaker speaker, std::vector<std::int32_t> ids) {
  EncodedTurn turn;
  turn.tokens = std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
  turn.speaker = speaker;
  return turn;
}

LexicalModel RandomWords(std::uint64_t seed) {
  Random random(seed);
  LexicalModel words{kTinyVocabulary, {}, 0.3, 0.5};
  words.weight.resize(static_cast<std::size_t>(LexicalFeatureCount(kTinyVocabulary)));
  for (float& weight : words.weight) weight = static_cast<float>(random.Normal());
  return words;
}

TEST(Lexical, CountsEachTokenAndPairOnceByWhoSaysIt) {
  LexicalModel words{10, {}, 0.5, 1};
  words.weight.assign(static_cast<std::size_t>(LexicalFeatureCount(10)), 0);
  words.weight[5] = 1;                             // the customer's 5
  words.weight[10 + 5] = 10;                       // anyone else's
  words.weight[20 + (5 * 10 + 6) * 2] = 100;       // the customer's "5 6"
  words.weight[20 + (5 * 10 + 6) * 2 + 1] = 1000;  // anyone else's
  words.weight[2] = words.weight[3] = 1e6F;        // special tokens: never seen
  EncodedConversation c;
  c.turns = {Said(Speaker::kCustomer, {2, 5, 6, 5, 3}), Said(Speaker::kCustomer, {2, 5, 3}),
             Said(Speaker::kBot, {2, 3}), Said(Speaker::kAgent, {2, 5, 6, 3})};
  const std::vector<double> logits = LexicalLogits(words, c);
  ASSERT_EQ(logits.size(), 4U);
  EXPECT_DOUBLE_EQ(logits[0], 0.5 + 101 / std::sqrt(5));  // 3 tokens, 2 pairs
  EXPECT_DOUBLE_EQ(logits[1], 0.5 + 101 / std::sqrt(6));  // said again: only the length grows
  EXPECT_DOUBLE_EQ(logits[2], logits[1]);
  EXPECT_DOUBLE_EQ(logits[3], 0.5 + 1111 / std::sqrt(9));
}

TEST(Lexical, ATokenBeyondTheVocabularyIsAnError) {
  EncodedConversation c;
  c.id = "c-9";
  c.turns = {Said(Speaker::kCustomer, {2, kTinyVocabulary, 3})};
  const Problem problem = ProblemOf([&] { LexicalLogits(RandomWords(1), c); });
  EXPECT_EQ(problem.place, "c-9");
  EXPECT_THAT(problem.found, testing::HasSubstr("50"));
}

TEST(Lexical, APrefixKeepsItsLogitsWhenTurnsAreAdded) {
  const LexicalModel words = RandomWords(2);
  const EncodedConversation whole = Talk(21).Make("c", 30);
  const std::vector<double> logits = LexicalLogits(words, whole);
  for (const std::size_t turns : {1U, 7U, 29U}) {
    EncodedConversation prefix = whole;
    prefix.turns.resize(turns);
    const std::vector<double> some = LexicalLogits(words, prefix);
    for (std::size_t i = 0; i < turns; ++i) EXPECT_EQ(some[i], logits[i]);
  }
}

TEST(Lexical, AScoreIsTheNetworksAndItsShare) {
  const auto model = TinyModel();
  const std::vector<EncodedConversation> all = {Talk(22).Make("a", 12), {}};
  const auto without = Scorer(*model).Score(all);
  model->SetLexical(RandomWords(3));
  const auto with = Scorer(*model, {64, 5}).Score(all);
  const std::vector<double> logits = LexicalLogits(*model->lexical(), all[0]);
  EXPECT_NEAR(with[0].outlook_logit, without[0].outlook_logit + 0.5 * logits.back(), 1e-5);
  for (std::size_t i = 0; i < with[0].turns.size(); ++i) {
    const double shift = 0.5 * logits[static_cast<std::size_t>(with[0].turns[i].index)];
    EXPECT_NEAR(with[0].turns[i].outlook_logit, without[0].turns[i].outlook_logit + shift, 1e-5);
    EXPECT_NEAR(with[0].turns[i].state, without[0].turns[i].state, 1e-5);
  }
  EXPECT_EQ(with[1].outlook_logit, 0);
}

TEST(Lexical, IsSavedWithTheModelAndRefusedWhereItDoesNotFit) {
  const TemporaryFolder encoder, folder;
  PutTinyEncoder(encoder);
  LoadedModel loaded = StartModel(encoder / ".", TinyOptions(), {}, 5);
  loaded.model->SetLexical(RandomWords(4));
  SaveModel(loaded, folder / "model");
  const LoadedModel again = LoadModel(folder / "model");
  ASSERT_TRUE(again.model->lexical().has_value());
  EXPECT_EQ(again.model->lexical()->weight, loaded.model->lexical()->weight);
  EXPECT_EQ(again.model->lexical()->bias, 0.3);
  EXPECT_EQ(again.model->lexical()->share, 0.5);

  TensorFile file = ReadSafetensors(folder / "model/model.safetensors");
  file.tensors["arcsat.lexical.weight"] = torch::zeros({7});
  const EncoderConfig config = ParseEncoderConfig(TinyConfig(), "config.json");
  const Problem problem = ProblemOf([&] { ArcModel(config, TinyOptions(), &file, 0); });
  EXPECT_THAT(problem.place, testing::HasSubstr("arcsat.lexical"));
}

/// Conversations whose answer is what the token `telling` says, or no token at all.
std::vector<EncodedConversation> Telling(int count, bool tells, std::uint64_t seed) {
  Talk talk(seed);
  Random random(seed);
  std::vector<EncodedConversation> all;
  for (int i = 0; i < count; ++i) {
    EncodedConversation c = talk.Make("c-" + std::to_string(i), 3);
    const bool yes = random.Chance(0.6);
    c.satisfied = yes ? 1 : 0;
    c.turns.push_back(Said(Speaker::kAgent, {2, tells && yes ? 11 : 12, 3}));
    all.push_back(std::move(c));
  }
  return all;
}

TEST(Lexical, TheFitFindsTheTellingWord) {
  const auto fit = FitLexical(InMemoryConversations(Telling(200, true, 31)), kTinyVocabulary);
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->conversations, 200);
  EXPECT_GT(fit->model.weight[kTinyVocabulary + 11], 1);
  EXPECT_LT(fit->model.weight[kTinyVocabulary + 12], -1);
  EXPECT_LT(fit->log_loss, 0.4);
}

TEST(Lexical, TooFewAnswersOfAKindAreNotFitted) {
  auto all = Telling(50, true, 32);
  for (auto& c : all) c.satisfied = 1;
  all[0].satisfied = all[1].satisfied = all[2].satisfied = all[3].satisfied = 0;
  EXPECT_FALSE(FitLexical(InMemoryConversations(all), kTinyVocabulary).has_value());
  all[4].satisfied = 0;
  EXPECT_TRUE(FitLexical(InMemoryConversations(all), kTinyVocabulary).has_value());
}

TEST(Lexical, ItIsKeptWhereItHelpsAndNotWhereItDoesNot) {
  const auto model = TinyModel();
  const std::string helped = FitBeside(model.get(), InMemoryConversations(Telling(200, true, 33)),
                                       Telling(80, true, 34), {});
  ASSERT_TRUE(model->lexical().has_value()) << helped;
  EXPECT_GE(model->lexical()->share, 0.25);
  EXPECT_LE(model->lexical()->share, 2);
  const std::string none = FitBeside(model.get(), InMemoryConversations(Telling(200, false, 35)),
                                     Telling(80, false, 36), {});
  EXPECT_FALSE(model->lexical().has_value()) << none;
  EXPECT_THAT(none, testing::HasSubstr("do not help"));
}

TEST(Lexical, TheShareIsThatOfTheMoreTellingLogit) {
  Random random(37);
  std::vector<double> network, words, y;
  for (int i = 0; i < 400; ++i) {
    const double truth = 2 * random.Normal();
    network.push_back(random.Normal());
    words.push_back(truth);
    y.push_back(random.Uniform() < 1 / (1 + std::exp(-truth)) ? 1 : 0);
  }
  EXPECT_EQ(ChooseShare(network, words, y), 2);  // the most there is
  EXPECT_EQ(ChooseShare(words, network, y), 0);
  EXPECT_EQ(ChooseShare({}, {}, {}), 0);
  EXPECT_EQ(ChooseShare({1, 2}, {1, 2}, {1, 1}), 0);
}

}  // namespace
}  // namespace arcsat
