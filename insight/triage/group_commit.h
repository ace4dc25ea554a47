#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "insight/triage/store.h"

namespace arcsat {

/// Writes of many threads in few transactions: what has gathered while one transaction was on its
/// way to the disk goes together into the next.
class GroupCommit {
 public:
  /// `store` must outlive it, and is used by nobody else.
  explicit GroupCommit(TriageStore* store);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Runs `write` in a transaction and returns when it is on the disk. `after` is called then, and
  /// before it returns, in the order of the writes. Throws what `write` throws, which leaves
  /// nothing of it, or Error where the transaction failed.
  void Run(std::function<void(TriageStore&)> write, std::function<void()> after = {});

 private:
  struct Pending {
    std::function<void(TriageStore&)> write;
    std::function<void()> after;
    std::exception_ptr failed;
    bool finished = false;
  };
  void Work();
  void Together(const std::deque<Pending*>& group);

  TriageStore* store_;
  std::mutex mutex_;
  std::condition_variable more_, finished_;
  std::deque<Pending*> pending_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace arcsat
