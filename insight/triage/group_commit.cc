#include "insight/triage/group_commit.h"

#include <utility>

#include "data/error.h"

namespace arcsat {

GroupCommit::GroupCommit(TriageStore* store) : store_(store), thread_([this] { Work(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  more_.notify_all();
  thread_.join();
}

void GroupCommit::Run(std::function<void(TriageStore&)> write, std::function<void()> after) {
  Pending mine{std::move(write), std::move(after), nullptr, false};
  std::unique_lock lock(mutex_);
  if (stopping_) {
    throw Error({"the service", "is stopping", "expected it to run", "send it again later"});
  }
  pending_.push_back(&mine);
  more_.notify_one();
  finished_.wait(lock, [&] { return mine.finished; });
  if (mine.failed) std::rethrow_exception(mine.failed);
}

void GroupCommit::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    const std::deque<Pending*> group = std::exchange(pending_, {});
    lock.unlock();
    Together(group);
    lock.lock();
    for (Pending* one : group) one->finished = true;
    finished_.notify_all();
  }
}

void GroupCommit::Together(const std::deque<Pending*>& group) {
  try {
    store_->Begin();
    for (Pending* one : group) {
      store_->Mark();
      try {
        one->write(*store_);
      } catch (...) {
        one->failed = std::current_exception();
        store_->BackToMark();
      }
    }
    store_->Commit();
  } catch (...) {
    for (Pending* one : group) {
      if (!one->failed) one->failed = std::current_exception();
    }
    try {
      store_->Rollback();
    } catch (const Error&) {
      // SQLite rolls back by itself where the disk is full.
    }
    return;
  }
  for (Pending* one : group) {
    if (!one->failed && one->after) one->after();
  }
}

}  // namespace arcsat
