#include "model/local_attention.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

constexpr int kTwoHeads = 2, kWidth = 8;
const std::vector<std::pair<int, int>> kTurnBlocks = {{3, 1}, {2, 4},   {1, 6},
                                                      {5, 7}, {200, 9}, {1, 33}};

/// Softmax by its definition, turn by turn.
torch::Tensor BySoftmax(const torch::Tensor& qkv) {
  std::vector<torch::Tensor> outputs;
  std::int64_t at = 0;
  for (const auto& [count, length] : kTurnBlocks) {
    for (int turn = 0; turn < count; ++turn, at += length) {
      const auto parts = qkv.narrow(0, at, length)
                             .view({length, 3, kTwoHeads, kWidth})
                             .permute({1, 2, 0, 3})
                             .unbind(0);
      const auto scores = torch::bmm(parts[0], parts[1].transpose(1, 2)) / std::sqrt(1.0 * kWidth);
      outputs.push_back(torch::bmm(torch::softmax(scores, -1), parts[2])
                            .transpose(0, 1)
                            .reshape({length, kTwoHeads * kWidth}));
    }
  }
  return torch::cat(outputs, 0);
}

class LocalAttentionGradient : public testing::TestWithParam<int> {};

TEST_P(LocalAttentionGradient, IsThatOfTheDefinition) {
  const int before = at::get_num_threads();
  at::set_num_threads(GetParam());
  torch::manual_seed(8);
  std::int64_t rows = 0;
  for (const auto& [count, length] : kTurnBlocks) rows += count * length;
  const auto qkv = torch::randn({rows, 3 * kTwoHeads * kWidth}, torch::kDouble).requires_grad_();
  const auto towards = torch::randn({rows, kTwoHeads * kWidth}, torch::kDouble);
  const auto out = LocalAttention(qkv, kTurnBlocks, {}, kTwoHeads), plain = BySoftmax(qkv);
  EXPECT_TRUE(torch::allclose(out, plain, 1e-12, 1e-12));
  // The gradient comes in as a view, too: what follows may hand it over transposed.
  const auto turned = towards.t().contiguous().t();
  const auto gradient = torch::autograd::grad({out}, {qkv}, {turned})[0];
  const auto expected = torch::autograd::grad({plain}, {qkv}, {towards})[0];
  EXPECT_TRUE(torch::allclose(gradient, expected, 1e-10, 1e-12));
  at::set_num_threads(before);
}

INSTANTIATE_TEST_SUITE_P(Threads, LocalAttentionGradient, testing::Values(1, 2, 4));

TEST(LocalAttention, IsTheSameWithAnyNumberOfThreads) {
  torch::manual_seed(8);
  std::int64_t rows = 0;
  for (const auto& [count, length] : kTurnBlocks) rows += count * length;
  const auto qkv = torch::randn({rows, 3 * kTwoHeads * kWidth});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = LocalAttention(qkv, kTurnBlocks, {}, kTwoHeads);
  at::set_num_threads(3);
  const auto three = LocalAttention(qkv, kTurnBlocks, {}, kTwoHeads);
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(one, three));
}

}  // namespace
}  // namespace arcsat
