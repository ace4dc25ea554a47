#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace arcsat {

/// Work that arrives one piece at a time (how many, nobody knows), is done on several threads, and
/// whose results are used in the order of arrival on the thread that pushes. At most four pieces a
/// thread wait in memory.
///
///   OrderedWork<File, Parsed> work(threads, parse, use);
///   while (next(&file)) work.Push(std::move(file));
///   work.Finish();
///
/// What `make` throws is thrown by Push() or Finish() when its turn comes.
template <class In, class Out>
class OrderedWork {
 public:
  /// `threads`: 0 is one a core.
  OrderedWork(int threads, std::function<Out(In&&)> make, std::function<void(Out&&)> use)
      : make_(std::move(make)), use_(std::move(use)) {
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int workers = threads > 0 ? threads : cores;
    window_ = 4 * static_cast<std::int64_t>(workers);
    for (int i = 0; i < workers; ++i) pool_.emplace_back([this] { Work(); });
  }
  ~OrderedWork() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : pool_) thread.join();
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;

  void Push(In&& in) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.emplace_back(pushed_++, std::move(in));
    }
    changed_.notify_all();
    while (UseNext(pushed_ - used_ >= window_)) {
    }
  }

  void Finish() {
    while (used_ < pushed_) UseNext(true);
  }

 private:
  struct Done {
    std::optional<Out> out;
    std::exception_ptr failure;
  };

  /// Uses the next result; false where it is not there yet (with `wait`, never) or nothing is due.
  bool UseNext(bool wait) {
    if (used_ == pushed_) return false;
    std::unique_lock<std::mutex> lock(mutex_);
    if (wait) changed_.wait(lock, [&] { return ready_.count(used_) > 0; });
    auto node = ready_.extract(used_);
    if (node.empty()) return false;
    ++used_;
    lock.unlock();
    if (node.mapped().failure) std::rethrow_exception(node.mapped().failure);
    use_(std::move(*node.mapped().out));
    return true;
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
      if (stop_) return;
      auto [number, in] = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      Done done;
      try {
        done.out = make_(std::move(in));
      } catch (...) {
        done.failure = std::current_exception();
      }
      lock.lock();
      ready_.emplace(number, std::move(done));
      changed_.notify_all();
    }
  }

  const std::function<Out(In&&)> make_;
  const std::function<void(Out&&)> use_;
  std::int64_t window_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::int64_t, In>> waiting_;
  std::map<std::int64_t, Done> ready_;
  std::int64_t pushed_ = 0, used_ = 0;  // by the pushing thread
  bool stop_ = false;
  std::vector<std::thread> pool_;
};

}  // namespace arcsat
