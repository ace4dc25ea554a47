#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace arcsat {

/// Server-sent events to whoever listens. A listener that does not keep up is told to reload
/// instead of what it missed.
class EventHub {
 public:
  explicit EventHub(int most_listeners) : most_(most_listeners) {}

  struct Listener {
    std::deque<std::string> waiting;
  };
  /// Empty where there are too many already.
  std::shared_ptr<Listener> Listen();
  void Leave(const std::shared_ptr<Listener>& listener);
  /// `data` is one line.
  void Publish(const std::string& event, const std::string& data);
  /// What is to be sent next, a comment to keep the connection where nothing came for `seconds`;
  /// empty once the hub is closed.
  std::string Next(Listener* listener, double seconds);
  void Close();
  int listeners() const;

 private:
  int most_;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::set<std::shared_ptr<Listener>> listeners_;
  bool closed_ = false;
};

}  // namespace arcsat
