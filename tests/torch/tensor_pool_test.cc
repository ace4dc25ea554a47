#include "model/tensor_pool.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

/// Bytes of this process in memory.
double Resident() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

TEST(TensorPool, TensorsAreAlignedAndTheirOwn) {
  PoolTensorMemory();
  Random random(3);
  std::vector<std::pair<torch::Tensor, float>> held;
  for (int i = 0; i < 3000; ++i) {
    const auto size = static_cast<std::int64_t>(random.Below(random.Chance(0.5) ? 100 : 200'000));
    const auto value = static_cast<float>(i);
    held.emplace_back(torch::full({size}, value), value);
    const auto address = reinterpret_cast<std::uintptr_t>(held.back().first.data_ptr());
    ASSERT_EQ(address % 64, 0U) << size;
    if (held.size() < 40) continue;
    const std::size_t gone = random.Below(held.size());
    ASSERT_TRUE(held[gone].first.eq(held[gone].second).all().item<bool>());
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(gone));
  }
  for (const auto& [tensor, value] : held) ASSERT_TRUE(tensor.eq(value).all().item<bool>());
}

TEST(TensorPool, KeepsNoMoreThanItMay) {
  PoolTensorMemory();
  const auto churn = [](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 400; ++i) {
      // Up to 64 MB: sizes that never come twice.
      const torch::Tensor a = torch::ones({static_cast<std::int64_t>(random.Below(16'000'000))});
      const torch::Tensor b = torch::ones({static_cast<std::int64_t>(random.Below(1'000'000))});
    }
  };
  const double before = Resident();
  churn(1);
  churn(2);
  EXPECT_LT(Resident() - before, 350e6);
}

/// As a training goes: much is taken and all of it given back, again and again, in other sizes.
int UpdatesWithATrainingsPool() {
  PoolTensorMemory(kTrainingPool);
  Random random(5);
  constexpr double kAtOnce = 600e6;
  const double before = Resident();
  for (int update = 0; update < 30; ++update) {
    std::vector<torch::Tensor> held;
    for (double bytes = 0; bytes < kAtOnce; bytes += static_cast<double>(held.back().nbytes())) {
      const auto rest = static_cast<std::uint64_t>((kAtOnce - bytes) / sizeof(float)) + 1;
      held.push_back(torch::ones(
          {1 + static_cast<std::int64_t>(random.Below(std::min<std::uint64_t>(rest, 8'000'000)))}));
    }
    held.clear();
    const double kept = Resident() - before;
    if (kept < 0.8 * kAtOnce) return 1;  // it would be filled with zeros again
    if (kept > 1.5 * kAtOnce) return 2;  // a quarter more, and what blocks are larger by
  }
  return 0;
}

TEST(TensorPool, ATrainingKeepsWhatItTakesAndLittleMore) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own, without another pool
  EXPECT_EXIT(std::exit(UpdatesWithATrainingsPool()), testing::ExitedWithCode(0), "");
}

TEST(TensorPool, WhatLiesReadyServesSomewhatSmallerOnes) {
  PoolTensorMemory();
  const auto taken = [](std::int64_t floats) { return torch::empty({floats}).data_ptr(); };
  void* const large = taken(45'000'000);
  EXPECT_EQ(taken(31'000'000), large);
  const torch::Tensor small = torch::empty({25'000'000});  // would waste more than half of itself
  EXPECT_NE(small.data_ptr(), large);
}

TEST(TensorPool, MemoryThatIsNotThereIsAnError) {
  PoolTensorMemory();
  EXPECT_THROW(torch::empty({std::int64_t{1} << 50}), c10::Error);
}

}  // namespace
}  // namespace arcsat
