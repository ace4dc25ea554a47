// What `train --dry-run` says, where that does not depend on a clock.
#include "train/forecast.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "data/files.h"
#include "tests/torch/torch_test_support.h"
#include "train/lexical_fit.h"
#include "train/trainer.h"
#include "train/words_forecast.h"

namespace arcsat {
namespace {

class ForecastTest : public testing::Test {
 protected:
  ForecastTest() : train_(Talk(41).MakeMany(22)), validation_(Talk(42).MakeMany(6)) {
    at::set_num_threads(1);
    PutTinyEncoder(encoder_);
    options_.epochs = 3;
    options_.batch = 3;  // 8 batches an epoch, the last of one conversation
    options_.device = "cpu";
    std::filesystem::create_directories(Run());
  }

  LoadedModel Start() const { return StartModel(encoder_ / ".", TinyOptions(), {}, 1); }
  std::string Run() const { return (runs_ / "run").string(); }

  /// Runs until `stop` batches are done, or to the end.
  void RunUntil(int stop) {
    LoadedModel loaded = Start();
    Trainer trainer(&loaded, options_, Listed(train_), validation_, Run());
    int batches = 0;
    trainer.stop_requested = [&] { return ++batches == stop; };
    trainer.Run();
  }
  Forecast TryToGoOn() {
    LoadedModel loaded = Start();
    Trainer trainer(&loaded, options_, Listed(train_), validation_, Run());
    trainer.Resume();
    return trainer.Try();
  }
  /// The run's files, by what is in them.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> sums;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Run())) {
      if (entry.is_regular_file()) sums[entry.path().string()] = Sha256File(entry.path());
    }
    return sums;
  }

  TemporaryFolder encoder_, runs_;
  std::vector<EncodedConversation> train_, validation_;
  TrainOptions options_;
};

TEST_F(ForecastTest, OfANewRunItIsTheWhole) {
  const Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates, 24);
  EXPECT_EQ(forecast.updates_done, 0);
  EXPECT_EQ(forecast.conversations, 66);
  double tokens = 0;
  for (const EncodedConversation& c : train_) tokens += 3 * static_cast<double>(c.tokens);
  EXPECT_EQ(static_cast<double>(forecast.tokens), tokens);
  EXPECT_EQ(forecast.batches, 8);
  EXPECT_GT(forecast.training_seconds, 0);
  EXPECT_GT(forecast.validation_seconds, 0);
  EXPECT_EQ(forecast.words_seconds, 0);
  EXPECT_EQ(forecast.seconds(), forecast.training_seconds + forecast.validation_seconds);
  EXPECT_TRUE(Files().empty());
}

TEST_F(ForecastTest, OfAResumedRunItIsWhatIsLeftAndNothingChanges) {
  RunUntil(10);
  const auto before = Files();
  ASSERT_FALSE(before.empty());
  const Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates_done, 10);
  EXPECT_EQ(forecast.updates, 14);
  EXPECT_NEAR(static_cast<double>(forecast.conversations), 16 + 22, 1);
  EXPECT_GT(forecast.training_seconds, 0);
  EXPECT_EQ(Files(), before);
}

TEST_F(ForecastTest, OfTheLastBatchesNoOthersAreTried) {
  RunUntil(22);
  const Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates, 2);
  EXPECT_EQ(forecast.batches, 2);
  EXPECT_EQ(forecast.conversations, 3 + 1);
}

TEST_F(ForecastTest, WithinAnUpdateTheRestOfItCounts) {
  options_.accumulate = 3;  // 3 updates an epoch
  RunUntil(10);             // two batches into the fourth
  const Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates_done, 3);
  EXPECT_EQ(forecast.updates, 6);
}

TEST_F(ForecastTest, OfAFinishedRunNothingIsLeft) {
  RunUntil(0);
  Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates_done, 24);
  EXPECT_EQ(forecast.updates, 0);
  EXPECT_EQ(forecast.batches, 0);
  EXPECT_EQ(forecast.conversations, 0);
  EXPECT_EQ(forecast.seconds(), 0);
  EXPECT_GT(forecast.memory_bytes, 0);
  options_.epochs = 5;  // it may be asked for more
  forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates, 16);
  EXPECT_EQ(forecast.conversations, 44);
}

TEST_F(ForecastTest, OfARunWithoutPatienceLeftNothingIsLeft) {
  options_.patience = 1;
  options_.learning_rate = options_.head_learning_rate = 0;  // nothing is ever gained
  RunUntil(0);
  const Forecast forecast = TryToGoOn();
  EXPECT_EQ(forecast.updates_done, 16);
  EXPECT_EQ(forecast.updates, 0);
  EXPECT_EQ(forecast.seconds(), 0);
}

TEST(FitSeconds, Literals) {
  EXPECT_EQ(FitSeconds({}, 100), 0);
  EXPECT_DOUBLE_EQ(FitSeconds({{50, 2}}, 50), 2);
  EXPECT_NEAR(FitSeconds({{50, 2}}, 5000), 2 * std::pow(100, 1.3), 1e-9);
  // By the last two: four times as many took eight times as long.
  EXPECT_NEAR(FitSeconds({{10, 5}, {100, 1}, {400, 8}}, 1600), 64, 1e-9);
  EXPECT_DOUBLE_EQ(FitSeconds({{100, 1}, {400, 8}}, 400), 8);
  EXPECT_NEAR(FitSeconds({{100, 8}, {400, 8}}, 800), 16, 1e-9) << "never less than its share";
  EXPECT_NEAR(FitSeconds({{100, 1}, {400, 80}}, 800), 80 * std::pow(2, 1.6), 1e-9);
  EXPECT_NEAR(FitSeconds({{100, 0}, {400, 8}}, 800), 8 * std::pow(2, 1.3), 1e-9);
}

TEST(ForecastWords, CountsTheFitAndWhatItHolds) {
  const auto model = TinyModel();
  const InMemoryConversations train(Talk(43).MakeMany(200));
  const auto validation = Talk(44).MakeMany(10);
  const auto fit = FitLexical(train, kTinyVocabulary);
  ASSERT_TRUE(fit.has_value());
  EXPECT_GE(fit->entries, 2 * fit->features);  // each is in two conversations at least
  EXPECT_LE(fit->entries, 200 * fit->features);
  Forecast forecast;
  forecast.memory_bytes = 1000;
  ForecastWords(model.get(), train, validation, {}, nullptr, &forecast);
  EXPECT_GT(forecast.words_seconds, 0);
  EXPECT_EQ(forecast.seconds(), forecast.words_seconds);
  const double held = forecast.memory_bytes - 1000;
  EXPECT_GT(held, 40.0 * static_cast<double>(fit->entries));
  // Where no more than half of them are fitted, it is about half.
  LexicalOptions few;
  few.most = 100;
  Forecast half;
  ForecastWords(model.get(), train, validation, few, nullptr, &half);
  EXPECT_GT(half.memory_bytes, 0.3 * held);
  EXPECT_LT(half.memory_bytes, 0.7 * held);
}

TEST(ForecastWords, OfAGpuOnlyTheTime) {
  const auto model = TinyModel();
  Forecast forecast;
  forecast.gpu = true;
  ForecastWords(model.get(), InMemoryConversations(Talk(45).MakeMany(100)), {}, {}, nullptr,
                &forecast);
  EXPECT_GT(forecast.words_seconds, 0);
  EXPECT_EQ(forecast.memory_bytes, 0);
}

TEST(ForecastWords, OfTooFewAnswersNothing) {
  const auto model = TinyModel();
  Forecast forecast;
  ForecastWords(model.get(), InMemoryConversations(Talk(46).MakeMany(6)), {}, {}, nullptr,
                &forecast);
  EXPECT_EQ(forecast.words_seconds, 0);
  EXPECT_EQ(forecast.memory_bytes, 0);
}

}  // namespace
}  // namespace arcsat
