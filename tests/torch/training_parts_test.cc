// The parts of training: losses, schedule, optimiser and the order of the data.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "tests/torch/torch_test_support.h"
#include "train/losses.h"
#include "train/objective.h"
#include "train/optimizer.h"
#include "train/sampler.h"

namespace arcsat {
namespace {

TEST(ScheduleFactor, Literals) {
  EXPECT_DOUBLE_EQ(ScheduleFactor("linear", 0.1, 0, 100), 0.1);
  EXPECT_DOUBLE_EQ(ScheduleFactor("cosine", 0.1, 8, 100), 0.9);
  EXPECT_DOUBLE_EQ(ScheduleFactor("linear", 0.1, 9, 100), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor("linear", 0.1, 10, 100), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor("linear", 0.1, 55, 100), 0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor("cosine", 0.1, 55, 100), 0.5);
  EXPECT_NEAR(ScheduleFactor("cosine", 0, 25, 100), 0.8535533905932737, 1e-12);
  EXPECT_NEAR(ScheduleFactor("linear", 0.1, 99, 100), 1.0 / 90, 1e-12);
  EXPECT_DOUBLE_EQ(ScheduleFactor("constant", 0.1, 4, 100), 0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor("constant", 0.1, 99, 100), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor("linear", 0, 0, 1), 1);
}

TEST(Sampler, EachItemOnceAnEpochInAnOrderOfSeedAndEpochAlone) {
  Sampler sampler(23, 5, 42);
  ASSERT_EQ(sampler.batches_per_epoch(), 5);
  std::vector<std::vector<std::int64_t>> batches;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::multiset<std::int64_t> seen;
    for (int b = 0; b < 5; ++b) {
      batches.push_back(sampler.Batch(epoch * 5 + b));
      EXPECT_EQ(batches.back().size(), b < 4 ? 5U : 3U);
      seen.insert(batches.back().begin(), batches.back().end());
    }
    EXPECT_EQ(seen.size(), 23U);
    EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 23U);
    EXPECT_EQ(*seen.rbegin(), 22);
  }
  EXPECT_NE(batches[0], batches[5]);
  Sampler again(23, 5, 42), other(23, 5, 43);
  for (const std::size_t b : {14U, 0U, 7U, 3U}) {
    EXPECT_EQ(again.Batch(static_cast<std::int64_t>(b)), batches[b]);
  }
  EXPECT_NE(other.Batch(0), batches[0]);
}

TEST(ShareOut, LongestFirstEachToWhoHasLeast) {
  const std::vector<std::int64_t> tokens = {10, 70, 30, 40, 20, 40};
  EXPECT_EQ(ShareOut(tokens, 1), (std::vector<int>{0, 0, 0, 0, 0, 0}));
  // 70 | 40, 40 | then 30 to the first (70 < 80), 20 to the second, 10 to either with 100: the
  // first.
  EXPECT_EQ(ShareOut(tokens, 2), (std::vector<int>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(ShareOut({5, 7}, 4), (std::vector<int>{1, 0}));
  EXPECT_TRUE(ShareOut({}, 3).empty());
}

TEST(Losses, Literals) {
  BatchLabels labels{torch::tensor({1.0F, 0.0F}), torch::tensor({3.0F, 1.0F}),
                     torch::tensor({{1.0F, 0.0F}, {1.0F, 1.0F}}), torch::tensor({2.0F, 0.0F})};
  const ArcOutput output{torch::zeros({2, 2}), torch::tensor({0.0F, std::log(3.0F)})};
  const LabelWeights weights = WeightOf(labels);
  EXPECT_EQ(weights.outlook, 4);
  EXPECT_EQ(weights.state, 2);
  const Losses losses = ComputeLosses(output, labels, weights, 1, 0.5);
  EXPECT_NEAR(losses.outlook.item<double>(), (3 * std::log(2) + std::log(4)) / 4, 1e-6);
  EXPECT_NEAR(losses.state.item<double>(), std::log(2), 1e-6);
  EXPECT_NEAR(losses.total.item<double>(), (3 * std::log(2) + std::log(4)) / 4 + 0.5 * std::log(2),
              1e-6);
  labels.outlook_weight.zero_();
  labels.state_weight.zero_();
  const Losses none = ComputeLosses(output, labels, WeightOf(labels), 1, 0.5);
  EXPECT_EQ(none.total.item<double>(), 0);
}

TEST(Losses, AccumulatedBatchesAreTheOneLargeBatch) {
  const auto model = TinyModel();
  const auto conversations = Talk(21).MakeMany(9);
  const LabelOptions label_options;
  std::vector<Segment> all;
  for (const auto& c : conversations) all.push_back(Whole(c));
  const LabelWeights weights = WeightOf(MakeLabels(all, label_options));
  const auto gradients = [&](const std::vector<std::vector<Segment>>& batches, double* loss) {
    *loss = 0;
    for (auto& p : model->parameters().all()) p.value.mutable_grad() = torch::zeros_like(p.value);
    for (const auto& batch : batches) {
      const Losses losses = ComputeLosses(model->Forward(MakeBatch(batch), /*training=*/false),
                                          MakeLabels(batch, label_options), weights, 1, 0.5);
      losses.total.backward();
      *loss += losses.total.item<double>();
    }
    std::vector<torch::Tensor> flat;
    for (auto& p : model->parameters().all()) flat.push_back(p.value.grad().flatten().clone());
    return torch::cat(flat);
  };
  double one = 0, three = 0;
  const auto large = gradients({all}, &one);
  const auto small = gradients({{all.begin(), all.begin() + 2},
                                {all.begin() + 2, all.begin() + 6},
                                {all.begin() + 6, all.end()}},
                               &three);
  EXPECT_GT(large.norm().item<double>(), 0.1);
  EXPECT_NEAR(one, three, 1e-5);
  EXPECT_LT((large - small).norm().item<double>(), 1e-4 * large.norm().item<double>());
}

// However the answers fall among the updates, each weighs the same.
TEST(CsatObjective, UpdatesOfOneAddUpToAllConversations) {
  TemporaryFolder folder;
  PutTinyEncoder(folder);
  ModelOptions tiny = TinyOptions();
  tiny.dropout = 0;
  LoadedModel loaded = StartModel(folder / ".", tiny, {}, 1);
  auto conversations = Talk(22).MakeMany(10);
  for (std::size_t i = 3; i < conversations.size(); ++i) {
    conversations[i].satisfied = -1;
    conversations[i].survey = -1;
  }
  const auto objective =
      MakeObjective(&loaded, TrainOptions{}, InMemoryConversations(conversations));
  ParameterSet& parameters = loaded.model->parameters();
  const auto learn = [&](const std::vector<Segment>& segments) {
    const BatchPart part{segments, 0};
    objective->BeginUpdate(objective->Measure({part}));
    const PartLosses losses = objective->Forward(part);
    losses.total.backward();
    return losses.total.item<double>();
  };
  const auto gradient = [&] {
    std::vector<torch::Tensor> flat;
    for (auto& p : parameters.all()) {
      flat.push_back(p.value.grad().flatten().clone());
      p.value.mutable_grad().zero_();
    }
    return torch::cat(flat);
  };
  for (auto& p : parameters.all()) p.value.mutable_grad() = torch::zeros_like(p.value);
  std::vector<Segment> all;
  double apart = 0;
  for (const auto& conversation : conversations) {
    all.push_back(Whole(conversation));
    apart += learn({all.back()}) / 10;
  }
  const torch::Tensor small = gradient() / 10;
  const double together = learn(all);
  const torch::Tensor large = gradient();
  EXPECT_GT(together, 0.3);
  EXPECT_NEAR(apart, together, 1e-5);
  EXPECT_LT((large - small).norm().item<double>(), 1e-4 * large.norm().item<double>());
}

/// One weight of value 1 in a set of its own.
ParameterSet OneWeight() {
  ParameterSet set;
  set.Add({"w", torch::ones({1}), 0, true, false});
  return set;
}

TEST(Optimizer, TheFirstStepIsTheRateAndTheDecayApart) {
  TrainOptions options;
  options.head_learning_rate = 0.1;
  options.weight_decay = 0.5;
  options.clip = 1;
  for (const double gradient : {0.5, 40.0}) {  // the second is clipped, which Adam forgets
    ParameterSet set = OneWeight();
    Optimizer optimizer(&set, options);
    set.all()[0].value.mutable_grad().fill_(gradient);
    EXPECT_NEAR(optimizer.GradientNorm(), gradient, 1e-6);
    optimizer.Step(optimizer.GradientNorm(), 0.5);
    EXPECT_NEAR(set.all()[0].value.item<double>(), 1 * (1 - 0.05 * 0.5) - 0.05, 1e-6);
    EXPECT_EQ(optimizer.GradientNorm(), 0);
  }
}

TEST(Optimizer, TheRateFallsLayerByLayer) {
  TrainOptions options;
  options.learning_rate = 1e-4;
  options.head_learning_rate = 1e-3;
  options.layer_decay = 0.9;
  const auto rate = [&](int depth, bool pretrained) {
    return Optimizer::PeakRate({"w", {}, depth, true, pretrained}, options);
  };
  EXPECT_DOUBLE_EQ(rate(1, true), 1e-4);
  EXPECT_NEAR(rate(3, true), 0.81e-4, 1e-15);
  EXPECT_DOUBLE_EQ(rate(3, false), 1e-3);
}

TEST(Optimizer, AveragesFollowAndSwapBack) {
  TrainOptions options;
  options.head_learning_rate = 0.1;
  options.weight_decay = 0;
  options.ema = 0.75;
  ParameterSet set = OneWeight();
  Optimizer optimizer(&set, options);
  set.all()[0].value.mutable_grad().fill_(1);
  optimizer.Step(1, 1);  // 1 becomes 0.9, its average 0.75 * 1 + 0.25 * 0.9
  optimizer.SwapAverages();
  EXPECT_NEAR(set.all()[0].value.item<double>(), 0.975, 1e-6);
  optimizer.SwapAverages();
  EXPECT_NEAR(set.all()[0].value.item<double>(), 0.9, 1e-6);
}

TEST(Optimizer, AStepWithoutReadingBackIsTheSame) {
  for (const double clip : {0.0, 0.3, 100.0}) {
    TrainOptions options;
    options.ema = 0.9;
    options.clip = clip;
    const auto model = TinyModel(), other = TinyModel();
    Optimizer read(&model->parameters(), options), unread(&other->parameters(), options);
    for (const std::uint64_t step : {1U, 2U, 3U}) {
      for (ArcModel* each : {model.get(), other.get()}) {
        torch::manual_seed(step);
        for (auto& p : each->parameters().all()) {
          p.value.mutable_grad().copy_(torch::randn(p.value.sizes()));
        }
      }
      if (step == 2) {
        read.ZeroGradients();
        other->parameters().all()[0].value.mutable_grad().fill_(std::nan(""));
      } else {
        read.Step(read.GradientNorm(), 0.7);
      }
      const auto skip = torch::tensor(step == 2 ? 1.0F : 0.0F);
      unread.StepUnless(skip, unread.Norm(), 0.7);
      EXPECT_EQ(unread.GradientNorm(), 0);
    }
    auto state = unread.State(/*gradients=*/false);
    for (const auto& [name, value] : read.State(/*gradients=*/false)) {
      EXPECT_TRUE(torch::equal(state.at(name), value)) << clip << " " << name;
    }
    for (std::size_t i = 0; i < model->parameters().all().size(); ++i) {
      const Parameter &a = model->parameters().all()[i], &b = other->parameters().all()[i];
      EXPECT_TRUE(torch::equal(a.value, b.value)) << clip << " " << a.name;
    }
  }
}

void FillGradients(ArcModel* model, std::uint64_t seed) {
  torch::manual_seed(seed);
  for (auto& p : model->parameters().all()) {
    p.value.mutable_grad().copy_(torch::randn(p.value.sizes()));
  }
}

TEST(Optimizer, ItsStateGoesOnBitForBit) {
  TrainOptions options;
  options.ema = 0.9;
  const auto model = TinyModel(), other = TinyModel();
  Optimizer optimizer(&model->parameters(), options), resumed(&other->parameters(), options);
  for (const std::uint64_t step : {1U, 2U, 3U}) {
    FillGradients(model.get(), step);
    optimizer.Step(optimizer.GradientNorm(), 0.7);
  }
  FillGradients(model.get(), 4);  // accumulated, not yet applied
  auto state = optimizer.State(/*gradients=*/true);
  resumed.Load(state, "checkpoint");
  {
    torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < model->parameters().all().size(); ++i) {
      other->parameters().all()[i].value.copy_(model->parameters().all()[i].value);
    }
  }
  optimizer.Step(optimizer.GradientNorm(), 0.6);
  resumed.Step(resumed.GradientNorm(), 0.6);
  for (const bool averaged : {false, true}) {
    for (std::size_t i = 0; i < model->parameters().all().size(); ++i) {
      EXPECT_TRUE(
          torch::equal(other->parameters().all()[i].value, model->parameters().all()[i].value))
          << averaged << " " << model->parameters().all()[i].name;
    }
    optimizer.SwapAverages();
    resumed.SwapAverages();
  }
  const std::string lost = state.begin()->first;
  state.erase(state.begin());
  EXPECT_THAT(ProblemOf([&] { resumed.Load(state, "checkpoint"); }).place,
              testing::AllOf(testing::HasSubstr("checkpoint"), testing::HasSubstr(lost)));
}

}  // namespace
}  // namespace arcsat
