// What is not finite is skipped, told, and never saved.
#include <gmock/gmock.h>

#include <csignal>

#include "data/files.h"
#include "tests/torch/torch_test_support.h"
#include "train/checkpoint.h"
#include "train/device.h"
#include "train/interrupt.h"
#include "train/trainer.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

class NonFinite : public testing::Test {
 protected:
  NonFinite() : train_(Talk(41).MakeMany(24)), validation_(Talk(42).MakeMany(6)) {
    at::set_num_threads(1);
    PutTinyEncoder(encoder_);
    options_.epochs = 3;
    options_.batch = 4;  // 6 updates an epoch
    options_.checkpoint_every = 2;
    options_.device = "cpu";
    loaded_ = StartModel(encoder_ / ".", TinyOptions(), {}, 1);
  }

  /// A word that no conversation has: its weight reaches no loss and no gradient.
  torch::Tensor UnusedWord() { return loaded_.model->encoder().words()[1]; }

  void Spoil(const torch::Tensor& weights) {
    torch::NoGradGuard no_grad;
    weights.fill_(std::nan(""));
  }

  /// Calls `at_update(updates)` after each update, before it may be saved. What went wrong.
  Problem Train(const std::function<void(std::int64_t)>& at_update, bool validate) {
    return ProblemOf([&] {
      Trainer trainer(&loaded_, options_, Listed(train_), validate ? validation_ : none_,
                      (run_ / ".").string());
      trainer.on_step = [&](const StepReport& report) { at_update(report.update); };
      trainer.stop_requested = [&] { return stop_; };
      trainer.Run();
    });
  }

  static bool Finite(const std::map<std::string, torch::Tensor>& weights) {
    return std::all_of(weights.begin(), weights.end(), [](const auto& named) {
      return torch::isfinite(named.second).all().template item<bool>();
    });
  }
  /// Updates of the newest checkpoint, all of which have to be finite.
  std::int64_t NewestCheckpoint() const {
    std::int64_t newest = 0;
    for (const auto& entry : std::filesystem::directory_iterator(run_ / "checkpoints")) {
      const Checkpoint checkpoint = ReadCheckpoint(entry.path());
      EXPECT_TRUE(Finite(checkpoint.weights)) << entry.path();
      EXPECT_TRUE(Finite(checkpoint.optimizer)) << entry.path();
      newest = std::max(newest, checkpoint.state.updates);
    }
    return newest;
  }

  TemporaryFolder encoder_, run_;
  std::vector<EncodedConversation> train_, validation_, none_;
  TrainOptions options_;
  LoadedModel loaded_;
  bool stop_ = false;
};

TEST_F(NonFinite, AWeightThatNothingReadsIsNotSavedWithACheckpoint) {
  const Problem problem = Train(
      [&](std::int64_t update) {
        if (update == 5) Spoil(UnusedWord());
      },
      /*validate=*/true);
  EXPECT_EQ(problem.place, (run_ / "./checkpoints").string());
  EXPECT_EQ(problem.found, "after update 6 embeddings.word_embeddings.weight is not finite");
  EXPECT_THAT(problem.remedy, HasSubstr("--resume"));
  EXPECT_EQ(NewestCheckpoint(), 4);
  EXPECT_FALSE(std::filesystem::exists(run_ / "model"));
}

TEST_F(NonFinite, ItIsNotSavedWhenTheRunIsStopped) {
  const Problem problem = Train(
      [&](std::int64_t update) {
        if (update == 3) Spoil(UnusedWord());
        stop_ = update == 3;
      },
      /*validate=*/false);
  EXPECT_THAT(problem.found, HasSubstr("after update 3"));
  EXPECT_EQ(NewestCheckpoint(), 2);
}

TEST_F(NonFinite, WeightsThatSkipEveryUpdateAreNotSavedWhenTheRunIsStopped) {
  const Problem problem = Train(
      [&](std::int64_t update) {
        if (update == 3) Spoil(loaded_.model->encoder().words());
        stop_ = update == 6;
      },
      /*validate=*/false);
  EXPECT_THAT(problem.found, HasSubstr("after update 6"));
  EXPECT_EQ(NewestCheckpoint(), 2);
}

TEST_F(NonFinite, AnUpdateThatIsStoppedWithinIsSkippedWhenItGoesOn) {
  options_.accumulate = 3;  // 2 updates an epoch
  train_[7].turns[0].gap = std::numeric_limits<float>::infinity();
  std::vector<std::int64_t> skipped;
  for (bool interrupted = true; interrupted;) {  // after every batch
    Trainer trainer(&loaded_, options_, Listed(train_), none_, (run_ / ".").string());
    trainer.Resume();
    trainer.on_step = [&](const StepReport& report) {
      if (report.skipped) skipped.push_back(report.update);
    };
    trainer.stop_requested = [] { return true; };
    interrupted = trainer.Run().interrupted;
    NewestCheckpoint();
  }
  EXPECT_EQ(skipped.size(), 3U) << "once an epoch";
  EXPECT_TRUE(Finite(ReadSafetensors(run_ / "model/model.safetensors").tensors));
}

TEST_F(NonFinite, ItIsNotSavedAsTheModelOfARunWithoutValidation) {
  options_.checkpoint_every = 1000;
  options_.epochs = 1;
  options_.ema = 0.5;  // what is saved are the averages
  const Problem problem = Train(
      [&](std::int64_t update) {
        if (update == 5) Spoil(UnusedWord());
      },
      /*validate=*/false);
  EXPECT_THAT(problem.found, HasSubstr("is not finite"));
  EXPECT_FALSE(std::filesystem::exists(run_ / "model"));
}

TEST_F(NonFinite, AGradientAloneIsSkippedAndTheRunGoesOn) {
  std::int64_t backward = 0;
  const torch::Tensor weight = loaded_.model->parameters().all()[4].value;
  weight.register_hook([&](const torch::Tensor& gradient) {
    return ++backward == 7 ? torch::full_like(gradient, std::nan("")) : gradient;
  });
  std::vector<std::int64_t> skipped;
  Trainer trainer(&loaded_, options_, Listed(train_), none_, (run_ / ".").string());
  trainer.on_step = [&](const StepReport& report) {
    EXPECT_TRUE(std::isfinite(report.loss));
    if (report.skipped) skipped.push_back(report.update);
  };
  EXPECT_EQ(trainer.Run().updates, 18);
  EXPECT_THAT(skipped, testing::ElementsAre(7));
  EXPECT_EQ(NewestCheckpoint(), 18);
  EXPECT_TRUE(Finite(ReadSafetensors(run_ / "model/model.safetensors").tensors));
}

TEST(IsOutOfMemory, KnowsAProcessorsAllocator) {
  const auto thrown = [](const std::function<void()>& call) {
    try {
      call();
    } catch (const c10::Error& error) {
      return IsOutOfMemory(error);
    }
    ADD_FAILURE() << "nothing was thrown";
    return false;
  };
  EXPECT_TRUE(thrown([] { torch::empty({std::int64_t{1} << 55}); }));
  EXPECT_FALSE(thrown([] { torch::ones({2}).view({3}); }));
  EXPECT_TRUE(thrown([] {
    TightMemory memory(1 << 10);
    torch::empty({1 << 20});
  }));
}

TEST(InterruptGuard, ASecondSigtermIsTheSameWish) {
  const InterruptGuard guard;
  EXPECT_FALSE(InterruptGuard::Requested());
  std::raise(SIGTERM);
  std::raise(SIGTERM);
  EXPECT_TRUE(InterruptGuard::Requested());
}

TEST(InterruptGuard, ASecondCtrlCEndsTheProcess) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace arcsat
