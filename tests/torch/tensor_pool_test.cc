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

TEST(TensorPool, MemoryThatIsNotThereIsAnError) {
  PoolTensorMemory();
  EXPECT_THROW(torch::empty({std::int64_t{1} << 50}), c10::Error);
}

}  // namespace
}  // namespace arcsat
