#include "train/trainer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/files.h"
#include "tests/torch/torch_test_support.h"
#include "train/checkpoint.h"
#include "train/device.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() : train_(Talk(31).MakeMany(22)), validation_(Talk(32).MakeMany(6)) {
    at::set_num_threads(1);
    PutTinyEncoder(encoder_);
    options_.epochs = 2;
    options_.batch = 3;  // 8 batches an epoch, the last of one conversation
    options_.accumulate = 3;
    options_.ema = 0.8;
    options_.learning_rate = options_.head_learning_rate = 0.01;
    options_.checkpoint_every = 2;
    options_.device = "cpu";
  }

  LoadedModel Start(std::uint64_t seed = 1) const {
    return StartModel(encoder_ / ".", TinyOptions(), {}, seed);
  }
  /// A run's folder, made as the program makes it.
  std::string Run(const std::string& name) const {
    std::filesystem::create_directories(runs_ / name);
    return (runs_ / name).string();
  }
  /// The lines of metrics.jsonl, without what depends on the clock.
  Json Metrics(const std::string& run) const {
    Json lines = Json::array();
    LineReader reader(run + "/metrics.jsonl");
    for (std::string line; reader.Next(&line);) {
      Json object = Json::parse(line);
      for (const char* key : {"conversations_per_second", "tokens_per_second", "time", "seconds"}) {
        object.erase(key);
      }
      lines.push_back(object);
    }
    return lines;
  }
  /// Stops a run at many places, goes on, and compares with one that was not stopped. `saved`: the
  /// weights that the run keeps.
  void ResumesBitForBit(const std::string& saved);
  static bool Finite(const ArcModel& model) {
    bool finite = true;
    for (const auto& p : model.parameters().all()) {
      finite = finite && torch::isfinite(p.value).all().item<bool>();
    }
    return finite;
  }

  TemporaryFolder encoder_, runs_;
  std::vector<EncodedConversation> train_, validation_;
  TrainOptions options_;
};

TEST_F(TrainerTest, LearnsWhatItSees) {
  options_.epochs = 25;
  options_.accumulate = 1;
  options_.ema = 0;
  LoadedModel loaded = Start();
  Trainer trainer(&loaded, options_, Listed(train_), {}, Run("a"));
  std::vector<double> losses;
  trainer.on_step = [&](const StepReport& report) { losses.push_back(report.loss); };
  const TrainResult result = trainer.Run();
  EXPECT_EQ(result.updates, 25 * 8);
  EXPECT_EQ(static_cast<std::int64_t>(losses.size()), trainer.TotalUpdates());
  const auto mean = [&](std::size_t first) {
    double sum = 0;
    for (std::size_t i = first; i < first + 8; ++i) sum += losses[i] / 8;
    return sum;
  };
  EXPECT_LT(mean(losses.size() - 8), 0.7 * mean(0));
  EXPECT_GT(*Validate(*loaded.model, train_, Processes::Alone()).accuracy, 0.85);
  LoadModel(Run("a") + "/model");
}

void TrainerTest::ResumesBitForBit(const std::string& saved) {
  LoadedModel straight = Start();
  const TrainResult whole =
      Trainer(&straight, options_, Listed(train_), validation_, Run("whole")).Run();
  EXPECT_EQ(whole.updates, 6);
  ASSERT_TRUE(std::filesystem::exists(Run("whole") + "/checkpoints/step-000006/MANIFEST.json"));
  // In the middle of an accumulation, of an epoch, at an epoch's end, twice in one run.
  const std::vector<std::vector<int>> stops = {{1}, {3}, {7}, {8}, {10}, {2, 12}};
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const std::string run = Run("stopped" + std::to_string(i));
    int batches = 0;
    for (const int stop : stops[i]) {
      LoadedModel loaded = Start(batches == 0 ? 1 : 55);
      Trainer trainer(&loaded, options_, Listed(train_), validation_, run);
      EXPECT_EQ(trainer.Resume(), batches > 0);
      trainer.stop_requested = [&] { return ++batches == stop; };
      EXPECT_TRUE(trainer.Run().interrupted);
    }
    LoadedModel loaded = Start(99);  // its weights come from the checkpoint
    Trainer trainer(&loaded, options_, Listed(train_), validation_, run);
    ASSERT_TRUE(trainer.Resume());
    const TrainResult result = trainer.Run();
    EXPECT_FALSE(result.interrupted);
    EXPECT_EQ(result.updates, whole.updates);
    EXPECT_EQ(result.best, whole.best);
    const auto& expected = straight.model->parameters().all();
    for (std::size_t p = 0; p < expected.size(); ++p) {
      EXPECT_TRUE(torch::equal(loaded.model->parameters().all()[p].value, expected[p].value))
          << "stop " << stops[i].back() << ": " << expected[p].name;
    }
    for (const std::string& file : {std::string("/checkpoints/step-000006/model.safetensors"),
                                    std::string("/checkpoints/step-000006/optimizer.safetensors"),
                                    std::string("/checkpoints/step-000006/state.json"), saved}) {
      EXPECT_EQ(Sha256File(run + file), Sha256File(Run("whole") + file)) << file;
    }
    EXPECT_EQ(Metrics(run), Metrics(Run("whole"))) << "stop " << stops[i].back();
  }
}

TEST_F(TrainerTest, ResumesBitForBitWhereverItWasStopped) {
  ResumesBitForBit("/model/model.safetensors");
}

TEST_F(TrainerTest, ResumesBitForBitWithFrozenLayers) {
  options_.freeze_layers = 1;
  options_.frozen_mb = 0;
  ResumesBitForBit("/model/model.safetensors");
}

TEST_F(TrainerTest, ResumesBitForBitOnMaskedWords) {
  options_.task = "mlm";
  ResumesBitForBit("/encoder/model.safetensors");
}

TEST_F(TrainerTest, ResumeRefusesOtherDataAndHasNothingInAnEmptyFolder) {
  LoadedModel loaded = Start();
  EXPECT_FALSE(Trainer(&loaded, options_, Listed(train_), {}, Run("none")).Resume());
  options_.epochs = 1;
  Trainer(&loaded, options_, Listed(train_), {}, Run("a")).Run();
  train_.pop_back();
  Trainer other(&loaded, options_, Listed(train_), {}, Run("a"));
  EXPECT_THAT(ProblemOf([&] { other.Resume(); }).found, HasSubstr("other training data"));
}

TEST_F(TrainerTest, ResumeRefusesAModelOfFewerLayers) {
  options_.epochs = 1;
  LoadedModel loaded = Start();
  Trainer(&loaded, options_, Listed(train_), {}, Run("a")).Run();
  ModelOptions shape = TinyOptions();
  shape.encoder_layers = 1;
  LoadedModel cut = StartModel(encoder_ / ".", shape, {}, 1);
  Trainer other(&cut, options_, Listed(train_), {}, Run("a"));
  EXPECT_THAT(ProblemOf([&] { other.Resume(); }).found, HasSubstr("tensors, the model"));
}

TEST_F(TrainerTest, TheAveragesAreSavedWhereNothingValidates) {
  LoadedModel loaded = Start();
  Trainer(&loaded, options_, Listed(train_), {}, Run("a")).Run();
  const Checkpoint last = ReadCheckpoint(Run("a") + "/checkpoints/step-000006");
  const auto saved = ReadSafetensors(Run("a") + "/model/model.safetensors").tensors;
  int compared = 0;
  for (const auto& [name, tensor] : saved) {
    if (!last.weights.contains(name)) continue;  // a part of a fused weight
    EXPECT_TRUE(torch::equal(tensor, last.optimizer.at("average." + name))) << name;
    EXPECT_FALSE(torch::equal(tensor, last.weights.at(name))) << name;
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

TEST_F(TrainerTest, AnUpdateThatIsNotFiniteIsSkippedAndLogged) {
  train_[4].turns[0].gap = std::numeric_limits<float>::infinity();
  LoadedModel loaded = Start();
  Trainer trainer(&loaded, options_, Listed(train_), {}, Run("a"));
  int skipped = 0;
  trainer.on_step = [&](const StepReport& report) { skipped += report.skipped ? 1 : 0; };
  const TrainResult result = trainer.Run();
  EXPECT_EQ(skipped, 2) << "once an epoch";
  EXPECT_EQ(result.updates, 6);
  EXPECT_TRUE(Finite(*loaded.model));
  int logged = 0;
  for (const Json& line : Metrics(Run("a"))) logged += line.value("skipped", false) ? 1 : 0;
  EXPECT_EQ(logged, 2);
  EXPECT_THAT(Slurp(Run("a") + "/log.txt"), HasSubstr("not finite"));
}

TEST_F(TrainerTest, TenInARowEndTheRunWithTheLastGoodCheckpointKept) {
  options_.accumulate = 1;
  options_.checkpoint_every = 1;
  options_.epochs = 4;
  LoadedModel loaded = Start();
  Trainer trainer(&loaded, options_, Listed(train_), {}, Run("a"));
  std::int64_t last = 0;
  trainer.on_step = [&](const StepReport& report) { last = report.update; };
  // Asked after the checkpoint of update 3 was written.
  trainer.stop_requested = [&] {
    torch::NoGradGuard no_grad;
    if (last == 3) loaded.model->parameters().all()[0].value.fill_(std::nan(""));
    return false;
  };
  const Problem problem = ProblemOf([&] { trainer.Run(); });
  EXPECT_THAT(problem.found, HasSubstr("10 updates in a row"));
  EXPECT_THAT(problem.remedy, HasSubstr("--resume"));
  EXPECT_EQ(last, 13);
  LoadedModel again = Start(2);
  Trainer resumed(&again, options_, Listed(train_), {}, Run("a"));
  ASSERT_TRUE(resumed.Resume());
  EXPECT_EQ(resumed.updates(), 3);
  EXPECT_TRUE(Finite(*again.model));
  EXPECT_EQ(resumed.Run().updates, 32);
  EXPECT_TRUE(Finite(*again.model));
}

TEST_F(TrainerTest, PatienceEndsTheRun) {
  options_.epochs = 50;
  options_.patience = 2;
  options_.learning_rate = options_.head_learning_rate = 0;  // nothing is ever gained
  LoadedModel loaded = Start();
  const TrainResult result =
      Trainer(&loaded, options_, Listed(train_), validation_, Run("a")).Run();
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.updates, 9) << "the first validation is the best; two more see no gain";
  EXPECT_EQ(result.best_update, 3);
}

TEST_F(TrainerTest, FrozenLayersStay) {
  options_.freeze_layers = 1;
  options_.ema = 0;
  LoadedModel loaded = Start();
  std::map<std::string, torch::Tensor> before;
  for (const auto& p : loaded.model->parameters().all()) before[p.name] = p.value.detach().clone();
  Trainer(&loaded, options_, Listed(train_), {}, Run("a")).Run();
  int kept = 0, moved = 0;
  for (const auto& p : loaded.model->parameters().all()) {
    const bool same = torch::equal(p.value, before.at(p.name));
    const bool frozen = p.name.find("embeddings") != std::string::npos ||
                        p.name.find("layer.0.") != std::string::npos;
    EXPECT_TRUE(same || !frozen || p.name.starts_with("arcsat.")) << p.name;
    ++(same ? kept : moved);
  }
  EXPECT_GT(kept, 5);
  EXPECT_GT(moved, 10);
}

TEST_F(TrainerTest, FiguresReadAnUpdateLaterAreTheSame) {
  options_.epochs = 3;
  train_[4].turns[0].gap = std::numeric_limits<float>::infinity();  // a skipped update an epoch
  const auto train = [&](const std::string& name, bool late, std::vector<std::int64_t>* updates) {
    LoadedModel loaded = Start();
    Trainer trainer(&loaded, options_, Listed(train_), validation_, Run(name));
    trainer.ReadLate(late);
    trainer.on_step = [&](const StepReport& report) { updates->push_back(report.update); };
    int batches = 0;
    trainer.stop_requested = [&] { return ++batches == 10; };  // in the middle of an accumulation
    EXPECT_TRUE(trainer.Run().interrupted);
    LoadedModel again = Start();
    Trainer resumed(&again, options_, Listed(train_), validation_, Run(name));
    resumed.ReadLate(late);
    resumed.on_step = trainer.on_step;
    EXPECT_TRUE(resumed.Resume());
    resumed.Run();
  };
  std::vector<std::int64_t> now, later;
  train("now", false, &now);
  train("later", true, &later);
  EXPECT_THAT(later, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(now, later);
  EXPECT_EQ(Metrics((runs_ / "now").string()), Metrics((runs_ / "later").string()));
  for (const char* file : {"/model/model.safetensors", "/checkpoints/step-000008/state.json",
                           "/checkpoints/step-000008/optimizer.safetensors"}) {
    EXPECT_EQ(Sha256File((runs_ / "now").string() + file),
              Sha256File((runs_ / "later").string() + file))
        << file;
  }
}

TEST_F(TrainerTest, WithoutLabelsThereIsNothingToTrainOn) {
  LoadedModel loaded = Start();
  const std::vector<EncodedConversation> none;
  EXPECT_THAT(ProblemOf([&] { Trainer(&loaded, options_, Listed(none), none, Run("a")); }).remedy,
              HasSubstr("--survey.target"));
}

TEST_F(TrainerTest, ABatchThatDoesNotFitIsSplitAndTheRunIsTheSame) {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  std::vector<std::string> messages;
  const auto train = [&](const std::string& name, std::size_t room, std::size_t* largest) {
    ModelOptions model = TinyOptions();
    model.dropout = 0;  // which is drawn a part
    LoadedModel loaded = StartModel(encoder_ / ".", model, {}, 1);
    TightMemory memory(room);
    Trainer trainer(&loaded, options_, Listed(train_), {}, Run(name));
    trainer.on_message = [&](const std::string& text) { messages.push_back(text); };
    trainer.Run();
    *largest = memory.largest();
    return loaded;
  };
  std::size_t largest = 0, largest_alone = 0, largest_tight = 0;
  const LoadedModel whole = train("whole", kNoLimit, &largest);
  options_.part_tokens = 1;  // a conversation at a time
  train("alone", kNoLimit, &largest_alone);
  EXPECT_THAT(messages, testing::IsEmpty());
  ASSERT_LT(largest_alone, largest);
  options_.part_tokens = TrainOptions().part_tokens;
  const LoadedModel tight = train("tight", largest_alone, &largest_tight);
  EXPECT_THAT(messages, testing::Contains(HasSubstr("memory ran out at")));
  EXPECT_LE(largest_tight, largest_alone);
  for (std::size_t i = 0; i < whole.model->parameters().all().size(); ++i) {
    const Parameter &a = whole.model->parameters().all()[i],
                    &b = tight.model->parameters().all()[i];
    EXPECT_LT((a.value - b.value).abs().max().item<double>(), 1e-5) << a.name;
  }
  const Json steps = Metrics((runs_ / "whole").string()),
             split = Metrics((runs_ / "tight").string());
  ASSERT_EQ(steps.size(), split.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_NEAR(steps[i].value("loss", 0.0), split[i].value("loss", 0.0), 1e-5) << i;
  }
}

TEST_F(TrainerTest, AConversationThatDoesNotFitIsAnError) {
  LoadedModel loaded = Start();
  const Problem problem = ProblemOf([&] {
    Trainer trainer(&loaded, options_, Listed(train_), {}, Run("full"));
    TightMemory memory(1 << 10);
    trainer.Run();
  });
  EXPECT_EQ(problem.place, "memory");
  EXPECT_THAT(problem.found, HasSubstr("tokens at once do not fit (no room for"));
  EXPECT_EQ(problem.remedy, "try --train.recompute true, or lower --train.max_turns");
}

TEST(ChooseDevice, CudaIsAUsageErrorWhereThereIsNone) {
  EXPECT_TRUE(ChooseDevice("cpu").is_cpu());
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a GPU";
  EXPECT_TRUE(ChooseDevice("auto").is_cpu());
  EXPECT_THROW(ChooseDevice("cuda"), UsageError);
}

}  // namespace
}  // namespace arcsat
