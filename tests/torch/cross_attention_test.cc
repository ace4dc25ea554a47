#include "model/cross_attention.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "data/random.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

constexpr int kHeads = 2;

TEST(DistanceBucket, Literals) {
  const std::vector<std::pair<int, int>> expected = {
      {0, 0},   {1, 1},    {7, 7},    {8, 8},    {11, 8},   {12, 9},   {15, 9},
      {16, 10}, {23, 10},  {24, 11},  {32, 12},  {47, 12},  {48, 13},  {64, 14},
      {96, 15}, {128, 16}, {192, 17}, {256, 18}, {383, 18}, {384, 19}, {1000000, 19}};
  for (const auto& [apart, bucket] : expected) EXPECT_EQ(DistanceBucket(apart), bucket) << apart;
}

/// Conversations of so many turns each, turns of 1 to `longest` tokens.
struct Turns {
  std::vector<int> lengths, conversations;

  Turns(std::vector<int> turns, int longest) : conversations(std::move(turns)) {
    Random random(3);
    const int all = std::accumulate(conversations.begin(), conversations.end(), 0);
    for (int i = 0; i < all; ++i) {
      lengths.push_back(1 + static_cast<int>(random.Below(static_cast<std::uint64_t>(longest))));
    }
  }
  std::int64_t tokens() const {
    return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  }
  CrossPlan Plan(int window, CrossLayout layout, torch::Device device = torch::kCPU) const {
    return MakeCrossPlan(lengths, conversations, window, device, {}, layout);
  }
};

struct Attended {
  torch::Tensor out, qkv, bias;
};

struct How {
  CrossLayout layout = CrossLayout::kBlocks;
  torch::Device device = torch::kCPU;
  bool half = false;  ///< under autocast to bfloat16
  int width = 8;
};

/// What comes out, and the gradients of what went in.
Attended Pass(const Turns& turns, int window, const How& how) {
  torch::manual_seed(7);
  Attended a;
  a.qkv = torch::randn({turns.tokens(), 3 * how.width}).to(how.device).requires_grad_();
  a.bias = torch::randn({kDistanceBuckets, kHeads}).to(how.device).requires_grad_();
  const auto weight = torch::randn({turns.tokens(), how.width}).to(how.device);
  const CrossPlan plan = turns.Plan(window, how.layout, how.device);
  EXPECT_EQ(plan.groups.empty(), how.layout == CrossLayout::kBlocks);
  at::autocast::set_autocast_dtype(how.device.type(), at::kBFloat16);
  at::autocast::set_autocast_enabled(how.device.type(), how.half);
  // As a linear layer hands them on.
  const auto qkv = how.half ? a.qkv.to(torch::kBFloat16) : a.qkv;
  a.out = CrossTurnAttention(qkv, plan, BiasTable(a.bias), kHeads, 0);
  EXPECT_EQ(a.out.scalar_type(), qkv.scalar_type());
  at::autocast::set_autocast_enabled(how.device.type(), false);
  (a.out * weight).sum().backward();
  return {a.out.detach().cpu().to(torch::kFloat32), a.qkv.grad().cpu(), a.bias.grad().cpu()};
}

/// The largest difference, as a share of the largest value.
double Apart(const torch::Tensor& a, const torch::Tensor& b) {
  constexpr double kNone = 1e-3;  // what has no gradient: a token that sees itself alone
  return Distance(a, b) / std::max(kNone, b.abs().max().item<double>());
}

class Layouts : public testing::TestWithParam<int> {};

TEST_P(Layouts, GroupsSayWhatBlocksSay) {
  const int window = GetParam();
  const std::vector<Turns> cases = {
      Turns({1}, 1),                                           // a token alone
      Turns({5, 1, 9, 30, 9, 2}, 12), Turns({40, 3, 90}, 60),  // in several stretches
      Turns({7, 1, 20, 300}, 1)};  // turns of one token, as over turn vectors
  for (const Turns& turns : cases) {
    const Attended blocks = Pass(turns, window, {CrossLayout::kBlocks});
    const Attended groups = Pass(turns, window, {CrossLayout::kGroups});
    EXPECT_LT(Apart(groups.out, blocks.out), 1e-5);
    EXPECT_LT(Apart(groups.qkv, blocks.qkv), 1e-5);
    EXPECT_LT(Apart(groups.bias, blocks.bias), 1e-5);
  }
}

TEST_P(Layouts, GroupsInHalfPrecisionSayItWithinItsRounding) {
  for (const Turns& turns : {Turns({5, 1, 9, 30, 9, 2}, 12), Turns({7, 1, 20, 300}, 1)}) {
    const Attended whole = Pass(turns, GetParam(), {.width = 16});
    const Attended half =
        Pass(turns, GetParam(), {.layout = CrossLayout::kGroups, .half = true, .width = 16});
    EXPECT_LT(Apart(half.out, whole.out), 0.03);
    EXPECT_LT(Apart(half.qkv, whole.qkv), 0.03);
    EXPECT_LT(Apart(half.bias, whole.bias), 0.03);
  }
}

/// docs/model.md states these tolerances.
TEST_P(Layouts, AGpuSaysWhatTheProcessorSays) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU";
  for (const Turns& turns :
       {Turns({5, 1, 9, 30, 9, 2}, 12), Turns({40, 3, 90}, 60), Turns({7, 1, 20, 300}, 1)}) {
    const Attended processor = Pass(turns, GetParam(), {.width = 64});
    for (const bool half : {false, true}) {
      const Attended gpu = Pass(turns, GetParam(), {CrossLayout::kGroups, torch::kCUDA, half, 64});
      const double tolerance = half ? 0.03 : 1e-3;
      EXPECT_LT(Apart(gpu.out, processor.out), tolerance);
      EXPECT_LT(Apart(gpu.qkv, processor.qkv), tolerance);
      EXPECT_LT(Apart(gpu.bias, processor.bias), tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, Layouts, testing::Values(1, 3, 50));

/// A dense reference: softmax over all tokens of the conversation, those out of sight at -infinity.
TEST(CrossAttention, IsAMaskedSoftmaxWithABiasByDistance) {
  const Turns turns({6, 4}, 5);
  constexpr int kWindow = 2, kWidth = 8;
  torch::manual_seed(8);
  const auto qkv = torch::randn({turns.tokens(), 3 * kWidth});
  const auto bias = torch::randn({kDistanceBuckets, kHeads});
  std::vector<int> turn_of, conversation_of;
  for (std::size_t turn = 0; turn < turns.lengths.size(); ++turn) {
    for (int t = 0; t < turns.lengths[turn]; ++t) {
      turn_of.push_back(static_cast<int>(turn));
      conversation_of.push_back(turn < 6 ? 0 : 1);
    }
  }
  const auto head = [&](int part, int h) {
    return qkv.narrow(1, part * kWidth + h * kWidth / kHeads, kWidth / kHeads);
  };
  std::vector<torch::Tensor> expected;
  for (int h = 0; h < kHeads; ++h) {
    auto scores = torch::matmul(head(0, h), head(1, h).t()) / 2;  // the root of 4
    for (std::size_t q = 0; q < turn_of.size(); ++q) {
      for (std::size_t k = 0; k < turn_of.size(); ++k) {
        const int apart = turn_of[q] - turn_of[k];
        const bool seen =
            conversation_of[q] == conversation_of[k] && apart >= 0 && apart <= kWindow;
        auto score = scores[static_cast<std::int64_t>(q)][static_cast<std::int64_t>(k)];
        if (seen) {
          score += bias[apart][h];
        } else {
          score.fill_(-std::numeric_limits<float>::infinity());
        }
      }
    }
    expected.push_back(torch::matmul(torch::softmax(scores, 1), head(2, h)));
  }
  for (const auto layout : {CrossLayout::kBlocks, CrossLayout::kGroups}) {
    const auto out =
        CrossTurnAttention(qkv, turns.Plan(kWindow, layout), BiasTable(bias), kHeads, 0);
    EXPECT_LT(Distance(out, torch::cat(expected, 1)), 1e-5);
  }
}

TEST(CrossAttention, LikeConversationsAreOneGroupAndUnlikeOnesAreNot) {
  const auto pairs = [](const CrossPlan& plan) {
    std::int64_t sum = 0;
    for (const CrossGroup& g : plan.groups) sum += g.stretches * g.queries * g.keys;
    return sum;
  };
  const Turns like(std::vector<int>(64, 12), 20);
  EXPECT_EQ(like.Plan(32, CrossLayout::kGroups).groups.size(), 1);

  // A few of 6,000 tokens among many short ones: side by side they would be 43 times the work.
  std::vector<int> some(60, 3);
  some.insert(some.end(), {600, 600, 600});
  const Turns unlike(some, 20);
  const CrossPlan plan = unlike.Plan(600, CrossLayout::kGroups);
  std::int64_t wanted = 0;
  for (const auto& blocks : unlike.Plan(600, CrossLayout::kBlocks).blocks) {
    for (const CrossBlock& b : blocks) wanted += std::int64_t{b.at.query_count} * b.at.key_count;
  }
  EXPECT_GT(plan.groups.size(), 1);
  EXPECT_LT(plan.groups.size(), 20);
  EXPECT_LT(pairs(plan), wanted * 5 / 4 + (std::ssize(plan.groups) << 20));
}

TEST(CrossAttention, NoGroupIsLargerThanItsBiasMayBe) {
  const Turns turns(std::vector<int>(40, 100), 19);
  for (const CrossGroup& g : turns.Plan(100, CrossLayout::kGroups).groups) {
    EXPECT_LE(g.stretches * g.queries * g.keys, std::int64_t{1} << 25);
    EXPECT_EQ(g.keys % 16, 0);
  }
}

}  // namespace
}  // namespace arcsat
