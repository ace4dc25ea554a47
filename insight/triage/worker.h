#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "insight/triage/engine.h"
#include "insight/triage/event_hub.h"
#include "insight/triage/group_commit.h"
#include "insight/triage/metrics.h"

namespace arcsat {

/// The one thread that scores. Events gather while a round is computed, and all conversations that
/// changed meanwhile go into the next.
class TriageWorker {
 public:
  struct Parts {
    TriageEngine* engine = nullptr;  ///< used by nobody else from now on
    GroupCommit* commit = nullptr;
    EventHub* hub = nullptr;
    TriageMetrics* metrics = nullptr;
    double keep_days = 30;  ///< closed conversations are kept for so long
  };
  explicit TriageWorker(const Parts& parts);
  ~TriageWorker();
  TriageWorker(const TriageWorker&) = delete;
  TriageWorker& operator=(const TriageWorker&) = delete;

  /// Events that are on the disk, in their order there.
  void Push(std::vector<TurnEvent> events, double now);
  std::size_t backlog() const;
  std::size_t open() const { return open_; }
  /// Conversations that wait for a score. Where the backlog was 0 and then this is, all is judged
  /// and on the disk.
  std::size_t due() const { return due_; }
  /// Why scoring has stopped; empty while it goes on.
  std::string failure() const;

 private:
  struct Waiting {
    TurnEvent event;
    double received;
  };
  void Work();
  void TakeWaiting(bool wait);
  void Round();
  void Forget();

  Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::vector<Waiting> waiting_;
  std::string failure_;
  bool stopping_ = false;
  std::atomic<std::size_t> open_{0}, due_{0};
  std::unordered_map<std::string, double> since_;  // when a conversation's first unjudged turn came
  double forgot_ = 0;
  std::thread thread_;
};

/// Seconds since 1970.
double SystemSeconds();

}  // namespace arcsat
