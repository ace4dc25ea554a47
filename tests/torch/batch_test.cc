#include "data/batch.h"

#include <gmock/gmock.h>

#include <cmath>

#include "model/local_attention.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> Ints(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  return {flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel()};
}

EncodedTurn TurnOf(std::shared_ptr<const std::vector<std::int32_t>> tokens, Speaker speaker) {
  EncodedTurn turn;
  turn.tokens = std::move(tokens);
  turn.speaker = speaker;
  return turn;
}

std::shared_ptr<const std::vector<std::int32_t>> Ids(std::vector<std::int32_t> ids) {
  return std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
}

TEST(MakeBatch, SharesRepeatedTurnsAndSortsBlocksByLength) {
  const auto two = Ids({2, 3}), three = Ids({2, 7, 3}), four = Ids({2, 8, 9, 3});
  EncodedConversation a, b;
  a.channel = 1;
  b.channel = 2;
  a.turns = {TurnOf(three, Speaker::kCustomer), TurnOf(two, Speaker::kAgent),
             TurnOf(three, Speaker::kBot)};
  b.turns = {TurnOf(four, Speaker::kAgent), TurnOf(three, Speaker::kCustomer)};
  b.turns[1].gap = 1.5F;
  b.turns[1].has_time = 1;
  const RaggedBatch batch = MakeBatch({Whole(a), Whole(b)});
  EXPECT_THAT(Ints(batch.tokens), ElementsAre(2, 3, 2, 7, 3, 2, 8, 9, 3));
  EXPECT_THAT(Ints(batch.positions), ElementsAre(0, 1, 0, 1, 2, 0, 1, 2, 3));
  EXPECT_THAT(batch.blocks, ElementsAre(std::pair(1, 2), std::pair(1, 3), std::pair(1, 4)));
  EXPECT_THAT(Ints(batch.bounds.to(torch::kInt64)), ElementsAre(0, 2, 5, 9));
  EXPECT_THAT(Ints(batch.unique_of), ElementsAre(1, 0, 1, 2, 1));
  EXPECT_THAT(Ints(batch.token_of), ElementsAre(2, 3, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 2, 3, 4));
  EXPECT_THAT(Ints(batch.turn_of), ElementsAre(0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4));
  EXPECT_THAT(batch.turn_lengths, ElementsAre(3, 2, 3, 4, 3));
  EXPECT_THAT(batch.conversation_turns, ElementsAre(3, 2));
  EXPECT_THAT(Ints(batch.speaker), ElementsAre(0, 1, 2, 1, 0));
  EXPECT_THAT(Ints(batch.channel), ElementsAre(1, 1, 1, 2, 2));
  EXPECT_EQ(batch.token_count, 15);
  EXPECT_EQ(batch.features[4][0].item<float>(), 1.5F);
  EXPECT_EQ(batch.features[4][1].item<float>(), 1.0F);
  EXPECT_FLOAT_EQ(batch.features[2][2].item<float>(), std::log(3.0F));
}

TEST(MakeBatch, TurnsOfEqualIdsAreOneWhateverListsTheyAre) {
  EncodedConversation a;
  a.turns = {TurnOf(Ids({2, 6, 3}), Speaker::kCustomer), TurnOf(Ids({2, 6, 3}), Speaker::kAgent),
             TurnOf(Ids({2, 7, 3}), Speaker::kCustomer)};
  const RaggedBatch batch = MakeBatch({Whole(a)});
  EXPECT_THAT(Ints(batch.tokens), ElementsAre(2, 6, 3, 2, 7, 3));
  EXPECT_THAT(Ints(batch.unique_of), ElementsAre(0, 0, 1));
}

/// What the GPU's kernel for turns of any length is told computes what the blocks do.
TEST(LocalAttention, IsThatOfTurnsBetweenTheBounds) {
  const RaggedBatch batch = MakeBatch({Whole(Talk(5).Make("c", 12))});
  constexpr int kHeads = 2, kHead = 4;
  torch::manual_seed(3);
  const auto qkv = torch::randn({batch.tokens.size(0), 3 * kHeads * kHead});
  const auto out = LocalAttention(qkv, batch.blocks, batch.bounds, kHeads);
  const auto parts = qkv.view({-1, 3, kHeads, kHead}).unbind(1);
  const auto bounds = Ints(batch.bounds.to(torch::kInt64));
  EXPECT_EQ(bounds.size(), batch.distinct.size() + 1);
  for (std::size_t turn = 0; turn + 1 < bounds.size(); ++turn) {
    const auto rows = [&](const torch::Tensor& x) {
      return x.slice(0, bounds[turn], bounds[turn + 1]).transpose(0, 1);  // (heads, L, head)
    };
    const auto scores = torch::bmm(rows(parts[0]), rows(parts[1]).transpose(1, 2)) / 2.0;
    const auto expected = torch::bmm(torch::softmax(scores, -1), rows(parts[2])).transpose(0, 1);
    EXPECT_TRUE(torch::allclose(out.slice(0, bounds[turn], bounds[turn + 1]),
                                expected.reshape({-1, kHeads * kHead}), 1e-5, 1e-6))
        << turn;
  }
}

TEST(MakeBatch, TurnsOfOneLengthAreOneBlock) {
  EncodedConversation a;
  a.turns = {TurnOf(Ids({2, 6, 3}), Speaker::kCustomer), TurnOf(Ids({2, 3}), Speaker::kAgent),
             TurnOf(Ids({2, 7, 3}), Speaker::kCustomer)};
  EXPECT_THAT(MakeBatch({Whole(a)}).blocks, ElementsAre(std::pair(1, 2), std::pair(2, 3)));
}

TEST(MakeBatch, ASegmentKeepsItsPlaceInTheConversation) {
  Talk talk(3);
  const EncodedConversation c = talk.Make("c", 9);
  const RaggedBatch whole = MakeBatch({Whole(c)}), part = MakeBatch({{&c, 4, 3}});
  EXPECT_TRUE(torch::equal(part.features, whole.features.narrow(0, 4, 3)));
  EXPECT_TRUE(torch::equal(part.speaker, whole.speaker.narrow(0, 4, 3)));
}

TEST(MakeLabels, WeightsAndTargetsOfAnAnsweredConversation) {
  Talk talk(4);
  EncodedConversation c = talk.Make("c", 3);
  c.turns[0].speaker = c.turns[1].speaker = Speaker::kCustomer;
  c.turns[2].speaker = Speaker::kAgent;
  c.turns[0].rating_exceeds = {1, 0.5F, 0, 0};
  c.satisfied = 1;
  c.survey = 0.75F;  // box 3 of 0..4
  c.weight = 2;
  LabelOptions options;
  options.rating_weight = 0.25;
  options.survey_weight = 3;
  const BatchLabels labels = MakeLabels({Whole(c)}, options);
  // The last turn bears 0.6, the others share 0.4 as 1 to 2; all of it times the weight.
  EXPECT_TRUE(
      torch::allclose(labels.outlook_weight, torch::tensor({2 * 0.4F / 3, 2 * 0.8F / 3, 1.2F})));
  EXPECT_TRUE(torch::equal(labels.outlook_target, torch::ones({3})));
  EXPECT_TRUE(torch::equal(labels.state_weight, torch::tensor({0.25F, 6.0F, 0.0F})));
  EXPECT_TRUE(torch::equal(labels.state_target[0], torch::tensor({1.0F, 0.5F, 0.0F, 0.0F})));
  EXPECT_TRUE(torch::equal(labels.state_target[1], torch::tensor({1.0F, 1.0F, 1.0F, 0.0F})));
}

TEST(MakeLabels, AGuessStandsInWhereNobodyAnswered) {
  Talk talk(4);
  EncodedConversation c = talk.Make("c", 2);
  c.guess = 0.75F;
  c.weight = 0.5F;
  BatchLabels labels = MakeLabels({Whole(c)}, {});
  EXPECT_TRUE(torch::equal(labels.outlook_target, torch::full({2}, 0.75F)));
  EXPECT_TRUE(torch::allclose(labels.outlook_weight, torch::tensor({0.2F, 0.3F})));
  EXPECT_EQ(labels.state_weight.abs().sum().item<double>(), 0) << "it says nothing of the state";
  c.satisfied = 0;
  labels = MakeLabels({Whole(c)}, {});
  EXPECT_TRUE(torch::equal(labels.outlook_target, torch::zeros({2})));
}

TEST(MakeLabels, OutlookWeightsSumToTheConversationsWeight) {
  Talk talk(5);
  for (const int turns : {1, 2, 3, 17, 300}) {
    for (const double share : {0.0, 0.6, 1.0}) {
      EncodedConversation c = talk.Make("c", turns);
      c.satisfied = 0;
      c.weight = 1.75F;
      LabelOptions options;
      options.final_share = share;
      const BatchLabels labels = MakeLabels({Whole(c)}, options);
      EXPECT_NEAR(labels.outlook_weight.sum().item<double>(), 1.75, 1e-5) << turns << " " << share;
      EXPECT_GE(labels.outlook_weight.min().item<double>(), 0.0);
    }
  }
}

TEST(MakeLabels, WhereNobodyAnsweredNothingWeighs) {
  Talk talk(6);
  const EncodedConversation unknown = talk.Make("c", 4);
  const BatchLabels none = MakeLabels({Whole(unknown)}, {});
  EXPECT_EQ(none.outlook_weight.abs().sum().item<double>(), 0);
  EXPECT_EQ(none.state_weight.abs().sum().item<double>(), 0);
  // The survey belongs to the end: a segment that lacks it has no label from it.
  EncodedConversation answered = talk.Make("d", 4);
  answered.satisfied = answered.survey = 1;
  const BatchLabels part = MakeLabels({{&answered, 0, 3}}, {});
  EXPECT_EQ(part.outlook_weight.abs().sum().item<double>(), 0);
  EXPECT_EQ(part.state_weight.abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace arcsat
