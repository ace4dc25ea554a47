#include <gmock/gmock.h>

#include <cmath>

#include "model/mlm_head.h"
#include "tests/torch/torch_test_support.h"
#include "train/objective.h"
#include "train/trainer.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

/// Conversations that go round a circle of words, in either direction: what stands at a masked
/// place can be told from its neighbours.
std::vector<EncodedConversation> Circles(int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<EncodedConversation> out;
  for (int c = 0; c < count; ++c) {
    EncodedConversation conversation;
    conversation.id = "c-" + std::to_string(c);
    const int step = random.Chance(0.5) ? 1 : -1;
    auto word = static_cast<int>(random.Below(20));
    for (int t = 0; t < 4; ++t) {
      std::vector<std::int32_t> ids = {2};
      const int length = 4 + static_cast<int>(random.Below(9));  // few turns are alike
      for (int i = 0; i < length; ++i) {
        ids.push_back(5 + word);
        word = (word + step + 20) % 20;
      }
      ids.push_back(3);
      EncodedTurn turn;
      turn.tokens = std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
      turn.speaker = t % 2 == 0 ? Speaker::kCustomer : Speaker::kAgent;
      conversation.tokens += static_cast<std::int64_t>(turn.tokens->size());
      conversation.turns.push_back(turn);
    }
    out.push_back(std::move(conversation));
  }
  return out;
}

class MlmTest : public testing::Test {
 protected:
  MlmTest() {
    at::set_num_threads(1);
    PutTinyEncoder(encoder_);
    options_.task = "mlm";
    options_.device = "cpu";
    options_.epochs = 100;
    options_.batch = 8;
    options_.learning_rate = options_.head_learning_rate = 0.008;
    std::filesystem::create_directories(runs_ / "a");
  }
  LoadedModel Start(const std::filesystem::path& from, int cross_turn_layers = 1) const {
    ModelOptions options = TinyOptions();
    options.cross_turn_layers = cross_turn_layers;
    options.dropout = 0;
    return StartModel(from, options, {}, 1);
  }
  std::string Run() const { return (runs_ / "a").string(); }

  TemporaryFolder encoder_, runs_;
  TrainOptions options_;
};

TEST_F(MlmTest, LearnsWordsFromTheirNeighbours) {
  const auto train = Circles(120, 1), validation = Circles(40, 2);
  LoadedModel loaded = Start(encoder_ / ".");
  const auto heads = loaded.model->upper().outlook_weight.detach().clone();
  std::vector<Validation> figures;
  Trainer trainer(&loaded, options_, Listed(train), validation, Run());
  trainer.on_validation = [&](std::int64_t, const Validation& v, bool) { figures.push_back(v); };
  trainer.Run();
  EXPECT_GT(figures.front().masked, 100);
  EXPECT_EQ(figures.front().masked, figures.back().masked) << "the same words at each validation";
  EXPECT_LT(*figures.back().masked_loss, 1.0) << "20 words at random have log loss 3";
  EXPECT_GT(*figures.back().masked_accuracy, 0.7);
  EXPECT_TRUE(torch::equal(heads, loaded.model->upper().outlook_weight)) << "heads stay";
}

TEST_F(MlmTest, WhatWasLearnedIsWhereTrainingBegins) {
  const auto train = Circles(20, 1);
  options_.epochs = 1;
  LoadedModel loaded = Start(encoder_ / ".");
  Trainer(&loaded, options_, Listed(train), {}, Run()).Run();
  const std::filesystem::path saved = runs_ / "a" / "encoder";
  EXPECT_FALSE(ReadEncoderConfig(saved).original.contains("arcsat"));
  const LoadedModel again = Start(saved);
  const TurnEncoder &before = loaded.model->encoder(), &after = again.model->encoder();
  const RaggedBatch batch = MakeBatch({Whole(train[0]), Whole(train[1])});
  EXPECT_TRUE(torch::equal(before.TokenStates(batch, false), after.TokenStates(batch, false)));
  EXPECT_GT(after.bias().abs().max().item<float>(), 0);
  // From the top: the lower of two layers begins without, and no layer without anything.
  const auto two = Start(saved, 2).model->encoder().bias();
  EXPECT_TRUE(torch::equal(two[1], before.bias()[0]));
  EXPECT_EQ(two[0].abs().max().item<float>(), 0);
  EXPECT_FALSE(Start(saved, 0).model->encoder().bias().defined());
}

TEST_F(MlmTest, GoesOnWithTheHeadOfTheFolder) {
  const auto train = Circles(20, 1);
  options_.epochs = 2;
  LoadedModel loaded = Start(encoder_ / ".");
  Trainer(&loaded, options_, Listed(train), {}, Run()).Run();
  LoadedModel again = Start(runs_ / "a" / "encoder");
  const auto objective = MakeObjective(&again, options_, InMemoryConversations({}));
  bool found = false;
  for (const Parameter& p : again.model->parameters().all()) {
    if (p.name != "cls.predictions.transform.dense.weight") continue;
    found = true;
    EXPECT_TRUE(p.pretrained);
    for (const Parameter& q : loaded.model->parameters().all()) {
      EXPECT_TRUE(q.name != p.name || torch::equal(p.value, q.value));
    }
  }
  EXPECT_TRUE(found);
}

TEST_F(MlmTest, APartOfAHeadIsRefused) {
  LoadedModel loaded = Start(encoder_ / ".");
  TensorFile file;
  file.tensors["cls.predictions.bias"] = torch::zeros({kTinyVocabulary});
  Initialiser initialiser(1);
  const auto make = [&] {
    MlmHead(loaded.encoder_config(), &file, &initialiser, &loaded.model->parameters());
  };
  const Problem problem = ProblemOf(make);
  EXPECT_THAT(problem.place, HasSubstr("cls.predictions.transform.dense.weight"));
  EXPECT_THAT(problem.found, HasSubstr("missing"));
}

TEST_F(MlmTest, PartsAreWeighedByTheirMaskedWords) {
  const auto train = Circles(12, 4);
  BatchPart small, large;
  for (int c = 0; c < 12; ++c) {
    (c < 3 ? small : large).segments.push_back(Whole(train[static_cast<std::size_t>(c)]));
  }
  LoadedModel loaded = Start(encoder_ / ".");
  const auto objective = MakeObjective(&loaded, options_, InMemoryConversations({}));
  const auto loss = [&](const BatchPart& part) {
    return objective->Forward(part).figures.item<double>();
  };
  objective->BeginUpdate(objective->Measure({small}));
  const double alone = loss(small);
  EXPECT_NEAR(alone, std::log(kTinyVocabulary), 0.2) << "untrained: any word";
  EXPECT_EQ(loss(small), alone) << "the same words are hidden each time";
  objective->BeginUpdate(objective->Measure({large}));
  const double other = loss(large);
  objective->BeginUpdate(objective->Measure({small, large}));
  const double first = loss(small), second = loss(large);
  EXPECT_LT(first, second) << "three of twelve conversations";
  EXPECT_NEAR(first / alone + second / other, 1, 1e-6);
}

}  // namespace
}  // namespace arcsat
