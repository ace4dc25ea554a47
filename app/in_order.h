#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "data/ordered_work.h"

namespace arcsat {

/// Calls make(0), …, make(count - 1) on `threads` threads (0: one a core) and hands the results to
/// `use` in that order, on the calling thread. At most a few results a thread wait in memory. What
/// `make` or `use` throws ends the work and is thrown from here.
template <class Result>
void InOrder(std::int64_t count, int threads, const std::function<Result(std::int64_t)>& make,
             const std::function<void(Result&&)>& use) {
  OrderedWork<std::int64_t, Result> work(
      threads, [&](std::int64_t&& i) { return make(i); }, use);
  for (std::int64_t i = 0; i < count; ++i) work.Push(std::move(i));
  work.Finish();
}

}  // namespace arcsat
