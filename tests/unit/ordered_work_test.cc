#include "data/ordered_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace arcsat {
namespace {

TEST(OrderedWork, ResultsComeInOrderAndFewWait) {
  for (const int threads : {1, 4}) {
    std::atomic<int> made{0};
    std::vector<int> used;
    int most = 0;
    OrderedWork<int, int> work(
        threads,
        [&](int&& i) {
          if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
          ++made;
          return i * i;
        },
        [&](int&& square) {
          most = std::max(most, made - static_cast<int>(used.size()));
          used.push_back(square);
        });
    for (int i = 0; i < 500; ++i) work.Push(int(i));
    work.Finish();
    ASSERT_EQ(used.size(), 500U);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(used[static_cast<std::size_t>(i)], i * i);
    EXPECT_LE(most, 4 * threads + 1);
  }
}

TEST(OrderedWork, FailuresComeInTheirTurn) {
  std::vector<int> used;
  OrderedWork<int, int> work(
      3,
      [](int&& i) {
        if (i == 5) throw std::runtime_error("five");
        return i;
      },
      [&](int&& i) { used.push_back(i); });
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) work.Push(int(i));
        work.Finish();
      },
      std::runtime_error);
  EXPECT_EQ(used, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(OrderedWork, LeavingEarlyEndsTheThreads) {
  OrderedWork<int, int> work(
      2, [](int&& i) { return i; }, [](int&&) {});
  for (int i = 0; i < 5; ++i) work.Push(int(i));
}

}  // namespace
}  // namespace arcsat
