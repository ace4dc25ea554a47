#include <gmock/gmock.h>

#include "data/files.h"
#include "model/cross_attention.h"
#include "model/scorer.h"
#include "tests/torch/torch_test_support.h"
#include "train/device.h"

namespace arcsat {
namespace {

constexpr double kTolerance = 1e-5;

ArcOutput Forward(const ArcModel& model, const std::vector<Segment>& segments) {
  torch::NoGradGuard no_grad;
  return model.Forward(MakeBatch(segments), /*training=*/false);
}

TEST(Model, APrefixSaysWhatItSaysInTheLongerConversation) {
  for (const int window : {1, 3, 50}) {
    for (const int cross : {0, 1, 2}) {
      ModelOptions options = TinyOptions();
      options.cross_turn_layers = cross;
      options.cross_turn_window = window;
      options.conversation_window = window + 1;
      const auto model = TinyModel(options);
      const EncodedConversation c = Talk(11).Make("c", 14);
      const ArcOutput whole = Forward(*model, {Whole(c)});
      for (const int turns : {1, 2, 5, 13}) {
        const ArcOutput prefix = Forward(*model, {{&c, 0, turns}});
        EXPECT_LT(Distance(prefix.state, whole.state.narrow(0, 0, turns)), kTolerance)
            << window << " " << cross << " " << turns;
        EXPECT_LT(Distance(prefix.outlook, whole.outlook.narrow(0, 0, turns)), kTolerance);
      }
    }
  }
}

TEST(Model, ATurnReachesAsFarAsTheReceptiveFieldAndNoFurther) {
  const auto model = TinyModel();
  ASSERT_EQ(model->receptive_field(), 3 + 4);
  EncodedConversation c = Talk(12).Make("c", 20);
  const ArcOutput before = Forward(*model, {Whole(c)});
  c.turns[5].tokens = std::make_shared<const std::vector<std::int32_t>>(
      std::vector<std::int32_t>{2, 41, 42, 43, 44, 3});
  const ArcOutput after = Forward(*model, {Whole(c)});
  const auto moved = (after.outlook - before.outlook).abs();
  EXPECT_LT(moved.narrow(0, 0, 5).max().item<double>(), kTolerance);
  for (int turn = 5; turn <= 12; ++turn) EXPECT_GT(moved[turn].item<double>(), 1e-4) << turn;
  EXPECT_LT(moved.narrow(0, 13, 7).max().item<double>(), kTolerance);
}

TEST(Model, BatchMatesChangeNothing) {
  const auto model = TinyModel();
  Talk talk(13);
  std::vector<EncodedConversation> mates;
  for (const int turns : {6, 1, 14, 3}) mates.push_back(talk.Make("m", turns));
  std::vector<Segment> all;
  for (const auto& mate : mates) all.push_back(Whole(mate));
  const ArcOutput together = Forward(*model, all);
  std::int64_t at = 0;
  for (const auto& mate : mates) {
    const ArcOutput alone = Forward(*model, {Whole(mate)});
    const auto turns = static_cast<std::int64_t>(mate.turns.size());
    EXPECT_LT(Distance(alone.outlook, together.outlook.narrow(0, at, turns)), kTolerance);
    EXPECT_LT(Distance(alone.state, together.state.narrow(0, at, turns)), kTolerance);
    at += turns;
  }
}

/// docs/model.md states these tolerances.
TEST(Model, AGpuSaysWhatTheProcessorSays) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU";
  const auto model = TinyModel();
  std::vector<EncodedConversation> talks = Talk(21).MakeMany(12);
  std::vector<Segment> segments;
  for (const EncodedConversation& c : talks) segments.push_back(Whole(c));
  const ArcOutput processor = Forward(*model, segments);
  model->To(torch::kCUDA);
  torch::NoGradGuard no_grad;
  for (const bool half : {false, true}) {
    const Autocast autocast(half);
    const ArcOutput gpu = model->Forward(To(MakeBatch(segments), torch::kCUDA), false);
    const double tolerance = half ? 0.1 : 1e-3;
    EXPECT_LT(Distance(gpu.outlook.cpu().to(torch::kFloat32), processor.outlook), tolerance);
    EXPECT_LT(Distance(gpu.state.cpu().to(torch::kFloat32), processor.state), tolerance);
  }
}

TEST(Model, TheOrdinalHeadFallsFromBoxToBox) {
  const auto model = TinyModel();
  const auto thresholds = model->Thresholds();
  EXPECT_EQ(thresholds.numel(), 4);
  EXPECT_GT(thresholds.diff().min().item<double>(), 0);
  const EncodedConversation c = Talk(14).Make("c", 8);
  EXPECT_LT(Forward(*model, {Whole(c)}).state.diff(1, 1).max().item<double>(), 0);
  EXPECT_FLOAT_EQ(
      ArcModel::ExpectedState(torch::tensor({{0.0F, 0.0F}, {100.0F, -100.0F}}))[1].item<float>(),
      0.5F);
}

TEST(Scorer, SegmentsOfALongConversationEqualOnePiece) {
  const auto model = TinyModel();
  const std::vector<EncodedConversation> conversations = {Talk(15).Make("long", 61),
                                                          Talk(16).Make("short", 4)};
  const auto whole = Scorer(*model, {}).Score(conversations);
  for (const int turns : {1, 5, 7, 60}) {
    for (const int tokens : {1, 100, 100000}) {
      const auto cut = Scorer(*model, {tokens, turns}).Score(conversations);
      for (std::size_t c = 0; c < whole.size(); ++c) {
        EXPECT_EQ(cut[c].id, conversations[c].id);
        ASSERT_EQ(cut[c].turns.size(), whole[c].turns.size());
        EXPECT_NEAR(cut[c].outlook_logit, whole[c].outlook_logit, kTolerance);
        for (std::size_t i = 0; i < whole[c].turns.size(); ++i) {
          EXPECT_EQ(cut[c].turns[i].index, whole[c].turns[i].index);
          EXPECT_NEAR(cut[c].turns[i].state, whole[c].turns[i].state, kTolerance);
          EXPECT_NEAR(cut[c].turns[i].outlook_logit, whole[c].turns[i].outlook_logit, kTolerance);
        }
      }
    }
  }
}

TEST(Scorer, AConversationWithoutTurnsIsAtEvenOdds) {
  const auto model = TinyModel();
  std::vector<EncodedConversation> conversations = {Talk(17).Make("a", 3), {}};
  const auto scores = Scorer(*model, {}).Score(conversations);
  EXPECT_TRUE(scores[1].turns.empty());
  EXPECT_EQ(scores[1].outlook_logit, 0);
  EXPECT_FALSE(scores[0].turns.empty());
}

class SavedModel : public testing::Test {
 protected:
  SavedModel() {
    PutTinyEncoder(encoder_);
    loaded_ = StartModel(encoder_ / ".", TinyOptions(), {3, "survey"}, 5);
    Shake(loaded_.model.get(), 8);
    SaveModel(loaded_, folder_ / "model");
  }
  Problem LoadProblem() const {
    return ProblemOf([&] { LoadModel(folder_ / "model"); });
  }
  TemporaryFolder encoder_, folder_;
  LoadedModel loaded_;
};

TEST_F(SavedModel, ComesBackBitForBit) {
  const LoadedModel again = LoadModel(folder_ / "model");
  const auto tensors = loaded_.model->NamedTensors();
  for (const auto& [name, tensor] : again.model->NamedTensors()) {
    EXPECT_TRUE(torch::equal(tensor, tensors.at(name))) << name;
  }
  EXPECT_EQ(again.survey.satisfied_from, 3);
  EXPECT_EQ(again.model->receptive_field(), loaded_.model->receptive_field());
  SaveModel(again, folder_ / "model");  // over itself
  EXPECT_THAT(folder_.Names(), testing::ElementsAre("model"));
}

TEST_F(SavedModel, AChangedFileIsRefusedByName) {
  for (const char* name : {"model.safetensors", "vocab.txt"}) {
    const std::string path = "model/" + std::string(name), whole = Slurp(folder_ / path);
    std::string flipped = whole;
    flipped[flipped.size() - 3] = static_cast<char>(flipped[flipped.size() - 3] ^ 1);
    for (const std::string& bad : {flipped, whole.substr(0, whole.size() - 4)}) {
      folder_.Put(path, bad);
      const Problem problem = LoadProblem();
      EXPECT_THAT(problem.place, testing::HasSubstr(name));
      EXPECT_THAT(problem.found, testing::HasSubstr("SHA-256"));
      EXPECT_FALSE(problem.remedy.empty());
    }
    folder_.Put(path, whole);
  }
  LoadModel(folder_ / "model");
}

TEST_F(SavedModel, AFailedSaveLeavesTheOldOneAndNothingElse) {
  const std::string before = Sha256File(folder_ / "model/model.safetensors");
  std::filesystem::remove(encoder_ / "vocab.txt");  // what the save has to copy
  EXPECT_THROW(SaveModel(loaded_, folder_ / "model"), Error);
  EXPECT_THAT(folder_.Names(), testing::ElementsAre("model"));
  EXPECT_EQ(Sha256File(folder_ / "model/model.safetensors"), before);
}

TEST(StartModel, TakesTheLowestLayersOfAnEncoder) {
  const TemporaryFolder encoder, folder;
  PutTinyEncoder(encoder);
  SaveModel(StartModel(encoder / ".", TinyOptions(), {}, 5), folder / "whole");
  TensorFile file = ReadSafetensors(folder / "whole/model.safetensors");
  std::erase_if(file.tensors, [](const auto& one) { return one.first.starts_with("arcsat."); });
  // What an encoder that read masked words with both layers across turns learned of turns.
  file.tensors["arcsat.turn_distance"] =
      torch::arange(2 * kDistanceBuckets * 2).to(torch::kFloat32).view({2, kDistanceBuckets, 2});
  file.tensors["arcsat.speaker"] = torch::ones({3, 16});
  file.tensors["pooler.dense.weight"] = torch::ones({16, 16});
  WriteSafetensors(encoder / "model.safetensors", file);
  ModelOptions options = TinyOptions();
  options.encoder_layers = 1;
  const LoadedModel cut = StartModel(encoder / ".", options, {}, 6);
  SaveModel(cut, folder / "cut");
  const LoadedModel again = LoadModel(folder / "cut");
  EXPECT_EQ(again.encoder_config().layers, 1);
  const auto whole = ReadSafetensors(encoder / "model.safetensors").tensors;
  int layers = 0;
  for (const auto& [name, tensor] : again.model->NamedTensors()) {
    EXPECT_THAT(name, testing::Not(testing::StartsWith("encoder.layer.1.")));
    if (!name.starts_with("encoder.layer.0.")) continue;
    EXPECT_TRUE(torch::equal(tensor, whole.at(name))) << name;
    ++layers;
  }
  EXPECT_EQ(layers, 16);
  const auto tensors = again.model->NamedTensors();
  EXPECT_TRUE(torch::equal(tensors.at("arcsat.turn_distance"),
                           whole.at("arcsat.turn_distance").narrow(0, 0, 1)));
  EXPECT_TRUE(torch::equal(tensors.at("arcsat.speaker"), whole.at("arcsat.speaker")));
  EXPECT_TRUE(tensors.contains("pooler.dense.weight"));
  options.encoder_layers = 3;
  const Problem problem = ProblemOf([&] { StartModel(encoder / ".", options, {}, 6); });
  EXPECT_EQ(problem.place, "model.encoder_layers");
  EXPECT_THAT(problem.expected, testing::HasSubstr("at most 2"));
}

TEST(StartModel, TheSeedAloneDecidesTheWeights) {
  const TemporaryFolder encoder;
  PutTinyEncoder(encoder);
  const auto weights = [&](std::uint64_t seed) {
    return StartModel(encoder / ".", TinyOptions(), {}, seed).model->NamedTensors();
  };
  const auto first = weights(1), again = weights(1), other = weights(2);
  EXPECT_TRUE(torch::equal(first.at("embeddings.word_embeddings.weight"),
                           again.at("embeddings.word_embeddings.weight")));
  EXPECT_FALSE(torch::equal(first.at("embeddings.word_embeddings.weight"),
                            other.at("embeddings.word_embeddings.weight")));
}

}  // namespace
}  // namespace arcsat
