#include "app/in_order.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace arcsat {
namespace {

TEST(InOrderTest, HandsResultsOverInOrder) {
  std::vector<std::int64_t> seen;
  const auto make = [](std::int64_t i) {
    if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // late ones
    return i * i;
  };
  InOrder<std::int64_t>(200, 8, make, [&](std::int64_t&& value) { seen.push_back(value); });
  ASSERT_EQ(seen.size(), 200U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], static_cast<std::int64_t>(i * i));
  }
}

TEST(InOrderTest, NothingToDoIsDoneAtOnce) {
  InOrder<int>(
      0, 3, [](std::int64_t) -> int { throw std::logic_error("called"); },
      [](int&&) { FAIL() << "nothing was made"; });
}

TEST(InOrderTest, AFailureOfAThreadReachesTheCaller) {
  std::int64_t used = 0;
  const auto make = [](std::int64_t i) {
    if (i == 20) throw std::runtime_error("twenty");
    return static_cast<int>(i);
  };
  EXPECT_THROW(InOrder<int>(1000, 4, make, [&](int&&) { ++used; }), std::runtime_error);
  EXPECT_LE(used, 20);
}

TEST(InOrderTest, AFailureOfTheCallerEndsTheThreads) {
  const auto use = [](int&& value) {
    if (value == 5) throw std::runtime_error("five");
  };
  EXPECT_THROW(InOrder<int>(
                   1'000'000, 4, [](std::int64_t i) { return static_cast<int>(i); }, use),
               std::runtime_error);
}

}  // namespace
}  // namespace arcsat
