#include "model/recompute.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <optional>
#include <set>
#include <tuple>

#include "tests/torch/torch_test_support.h"
#include "train/trainer.h"

namespace arcsat {
namespace {

struct Passed {
  torch::Tensor out, x, weight, unused, after;
  int calls = 0;
  bool intermediate_kept = false;  ///< between the forward and the backward pass
};

/// Three times over: dropout(tanh(x w)), the same w each time.
Passed Pass(bool recompute, bool learn_x = true) {
  torch::manual_seed(5);
  Passed passed;
  passed.x = torch::randn({4, 3}).requires_grad_(learn_x);
  passed.weight = torch::randn({3, 3}).requires_grad_();
  passed.unused = torch::randn({2}).requires_grad_();
  std::optional<c10::weak_intrusive_ptr<c10::StorageImpl>> intermediate;
  const auto compute = [&](const torch::Tensor& states) {
    ++passed.calls;
    const auto product = torch::tanh(torch::matmul(states, passed.weight));
    intermediate.emplace(product.storage().getWeakStorageImpl());
    return torch::dropout(product, 0.3, true);
  };
  auto y = passed.x;
  for (int i = 0; i < 3; ++i) {
    y = recompute ? Recomputed(y, {passed.weight, passed.unused}, compute) : compute(y);
  }
  passed.intermediate_kept = !intermediate->expired();
  passed.out = y;
  y.square().sum().backward();
  passed.after = torch::rand({2});
  return passed;
}

TEST(RecomputedTest, IsWhatAPlainCallIs) {
  for (const bool learn_x : {true, false}) {
    const Passed plain = Pass(false, learn_x), again = Pass(true, learn_x);
    EXPECT_TRUE(torch::equal(again.out, plain.out));
    EXPECT_TRUE(torch::equal(again.weight.grad(), plain.weight.grad()));
    EXPECT_FALSE(again.unused.grad().defined());
    EXPECT_TRUE(torch::equal(again.after, plain.after)) << "the random numbers that follow";
    if (learn_x) {
      EXPECT_TRUE(torch::equal(again.x.grad(), plain.x.grad()));
    }
    EXPECT_EQ(plain.calls, 3);
    EXPECT_EQ(again.calls, 6);
  }
}

TEST(RecomputedTest, KeepsNothingOfWhatIsBetween) {
  EXPECT_TRUE(Pass(false).intermediate_kept);
  EXPECT_FALSE(Pass(true).intermediate_kept);
}

TEST(RecomputedTest, CallsOnceWhereNoGradientIsToCome) {
  const auto x = torch::randn({2, 2}), weight = torch::randn({2, 2}).requires_grad_();
  int calls = 0;
  const auto compute = [&](const torch::Tensor& states) {
    ++calls;
    return torch::matmul(states, weight);
  };
  {
    torch::NoGradGuard no_grad;
    EXPECT_FALSE(Recomputed(x, {weight}, compute).requires_grad());
  }
  EXPECT_FALSE(
      Recomputed(x, {weight.detach()}, [](const auto& s) { return s * 2; }).requires_grad());
  EXPECT_EQ(calls, 1);
}

TEST(RecomputedTest, CastsTheSecondTimeAsTheFirst) {
  const auto weight = torch::randn({8, 8}).requires_grad_();
  const auto x = torch::randn({4, 8}).requires_grad_();
  std::vector<at::ScalarType> types;
  const auto compute = [&](const torch::Tensor& states) {
    const auto y = torch::matmul(states, weight);
    types.push_back(y.scalar_type());
    return y;
  };
  torch::Tensor y;
  at::autocast::set_autocast_enabled(at::kCPU, true);
  y = Recomputed(x, {weight}, compute);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  y.to(torch::kFloat32).sum().backward();
  EXPECT_EQ(types, (std::vector<at::ScalarType>{at::kBFloat16, at::kBFloat16}));
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
  EXPECT_GT(weight.grad().abs().sum().item<double>(), 0);
}

/// Layers that a backward pass through the model computes again.
int Recomputations(const ArcModel& model) {
  const std::vector<EncodedConversation> talks = Talk(3).MakeMany(2);
  const RaggedBatch batch = MakeBatch({{&talks[0], 0, 1}, {&talks[1], 0, 1}});
  const torch::Tensor outlook = model.Forward(batch, /*training=*/true).outlook;
  std::vector<torch::autograd::Node*> open = {outlook.grad_fn().get()};
  std::set<torch::autograd::Node*> seen;
  int found = 0;
  while (!open.empty()) {
    auto* node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    found += node->name().find("Recomputation") != std::string::npos ? 1 : 0;
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return found;
}

TEST(RecomputedTest, IsWhatLayersThatLearnDoWhereAsked) {
  for (const auto& [recompute, frozen, layers] :
       {std::tuple{false, -1, 0}, {true, -1, 2}, {true, 1, 1}, {true, 2, 0}}) {
    TemporaryFolder encoder, run;
    PutTinyEncoder(encoder);
    TrainOptions options;
    options.recompute = recompute;
    options.freeze_layers = frozen;
    options.device = "cpu";
    LoadedModel loaded = StartModel(encoder / ".", TinyOptions(), {}, 1);
    const Trainer trainer(&loaded, options, Listed(Talk(31).MakeMany(3)), {}, run / ".");
    EXPECT_EQ(Recomputations(*loaded.model), layers) << recompute << " " << frozen;
  }
}

/// The weights that a run ends with.
std::map<std::string, torch::Tensor> Trained(const Json& config, const std::string& task,
                                             int frozen, bool recompute) {
  at::set_num_threads(1);
  TemporaryFolder encoder, run;
  PutTinyEncoder(encoder);
  encoder.Put("config.json", config.dump());
  TrainOptions options;
  options.task = task;
  options.recompute = recompute;
  options.freeze_layers = frozen;
  options.epochs = 2;
  options.batch = 3;
  options.part_tokens = 60;  // some batches go through in parts
  options.learning_rate = options.head_learning_rate = 0.01;
  options.device = "cpu";
  LoadedModel loaded = StartModel(encoder / ".", TinyOptions(), {}, 1);
  Trainer(&loaded, options, Listed(Talk(31).MakeMany(12)), {}, run / ".").Run();
  std::map<std::string, torch::Tensor> weights;
  for (const Parameter& p : loaded.model->parameters().all()) weights[p.name] = p.value.detach();
  return weights;
}

TEST(RecomputedTest, TrainsToTheSameWeightsBitForBit) {
  Json albert = TinyConfig();
  albert["model_type"] = "albert";  // one set of weights for both layers
  albert["embedding_size"] = 8;
  for (const auto& [config, task, frozen] :
       {std::tuple<Json, std::string, int>{TinyConfig(), "csat", -1},
        {TinyConfig(), "csat", 1},
        {TinyConfig(), "mlm", -1},
        {albert, "csat", -1}}) {
    const auto plain = Trained(config, task, frozen, false);
    const auto again = Trained(config, task, frozen, true);
    ASSERT_EQ(plain.size(), again.size());
    for (const auto& [name, value] : plain) {
      EXPECT_TRUE(torch::equal(again.at(name), value)) << task << " " << frozen << " " << name;
    }
  }
}

}  // namespace
}  // namespace arcsat
