#include "insight/triage/event_hub.h"

#include <chrono>

namespace arcsat {
namespace {

constexpr std::size_t kMostWaiting = 1000;

}  // namespace

std::shared_ptr<EventHub::Listener> EventHub::Listen() {
  const std::lock_guard lock(mutex_);
  if (closed_ || static_cast<int>(listeners_.size()) >= most_) return nullptr;
  auto listener = std::make_shared<Listener>();
  listeners_.insert(listener);
  return listener;
}

void EventHub::Leave(const std::shared_ptr<Listener>& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(listener);
}

void EventHub::Publish(const std::string& event, const std::string& data) {
  const std::string text = "event: " + event + "\ndata: " + data + "\n\n";
  {
    const std::lock_guard lock(mutex_);
    for (const auto& listener : listeners_) {
      if (listener->waiting.size() >= kMostWaiting) {
        listener->waiting.assign(1, "event: reload\ndata: {}\n\n");
      }
      listener->waiting.push_back(text);
    }
  }
  more_.notify_all();
}

std::string EventHub::Next(Listener* listener, double seconds) {
  std::unique_lock lock(mutex_);
  more_.wait_for(lock, std::chrono::duration<double>(seconds),
                 [&] { return closed_ || !listener->waiting.empty(); });
  if (closed_) return "";
  if (listener->waiting.empty()) return ": still here\n\n";
  std::string text;
  for (const std::string& one : listener->waiting) text += one;
  listener->waiting.clear();
  return text;
}

void EventHub::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  more_.notify_all();
}

int EventHub::listeners() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(listeners_.size());
}

}  // namespace arcsat
