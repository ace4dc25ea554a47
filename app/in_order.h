#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace arcsat {

/// Calls make(0), …, make(count - 1) on `threads` threads (0: one a core) and hands the results to
/// `use` in that order, on the calling thread. At most a few results a thread wait in memory. What
/// `make` or `use` throws ends the work and is thrown from here.
template <class Result>
void InOrder(std::int64_t count, int threads, const std::function<Result(std::int64_t)>& make,
             const std::function<void(Result&&)>& use) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int workers = threads > 0 ? threads : cores;
  const std::int64_t window = 4 * static_cast<std::int64_t>(workers);
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::int64_t, Result> ready;
  std::int64_t next = 0, used = 0;
  bool stop = false;
  std::exception_ptr failure;

  const auto work = [&] {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stop || next >= count || next < used + window; });
      if (stop || next >= count) return;
      const std::int64_t index = next++;
      lock.unlock();
      try {
        Result result = make(index);
        lock.lock();
        ready.emplace(index, std::move(result));
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        failure = std::current_exception();
        stop = true;
      }
      changed.notify_all();
    }
  };
  std::vector<std::thread> pool;
  const auto end = [&] {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stop = true;
    }
    changed.notify_all();
    for (std::thread& thread : pool) thread.join();
  };
  try {
    for (int i = 0; i < workers; ++i) pool.emplace_back(work);
    while (used < count) {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return failure || ready.count(used) > 0; });
      if (failure) std::rethrow_exception(failure);
      auto node = ready.extract(used++);
      changed.notify_all();
      lock.unlock();
      use(std::move(node.mapped()));
    }
  } catch (...) {
    end();
    throw;
  }
  end();
}

}  // namespace arcsat
