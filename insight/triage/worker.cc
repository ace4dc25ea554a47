#include "insight/triage/worker.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "data/error.h"
#include "data/json.h"

namespace arcsat {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);
constexpr double kForgetEvery = 3600;  // seconds
constexpr double kDay = 86'400;

}  // namespace

double SystemSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TriageWorker::TriageWorker(const Parts& parts)
    : parts_(parts),
      open_(parts.engine->open()),
      due_(parts.engine->due()),
      thread_([this] { Work(); }) {}

TriageWorker::~TriageWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  more_.notify_all();
  thread_.join();
}

void TriageWorker::Push(std::vector<TurnEvent> events, double now) {
  {
    const std::lock_guard lock(mutex_);
    for (TurnEvent& event : events) waiting_.push_back({std::move(event), now});
  }
  more_.notify_one();
}

std::size_t TriageWorker::backlog() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::string TriageWorker::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void TriageWorker::Work() {
  try {
    for (;;) {
      TakeWaiting(parts_.engine->due() == 0);
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      parts_.engine->Tick(SystemSeconds());
      due_ = parts_.engine->due();
      if (parts_.engine->due() > 0) Round();
      due_ = parts_.engine->due();
      Forget();
    }
  } catch (const std::exception& error) {
    // What comes in is still kept; a restart goes on from there.
    fmt::print(stderr, "arcsat triage: scoring has stopped: {}\n", error.what());
    const std::lock_guard lock(mutex_);
    failure_ = error.what();
  }
}

void TriageWorker::TakeWaiting(bool wait) {
  std::vector<Waiting> taken;
  {
    std::unique_lock lock(mutex_);
    if (wait) more_.wait_for(lock, kTick, [this] { return stopping_ || !waiting_.empty(); });
    taken.swap(waiting_);
    if (!taken.empty() && due_ == 0) due_ = 1;
  }
  for (const Waiting& one : taken) {
    if (parts_.engine->Take(one.event, one.received) != Taken::kNew) continue;
    const bool customer = one.event.turn && one.event.turn->speaker == Speaker::kCustomer;
    if (customer || one.event.ended) since_.try_emplace(one.event.conversation, one.received);
  }
  open_ = parts_.engine->open();
}

void TriageWorker::Round() {
  const double begun = SystemSeconds();
  const TriageRound round = parts_.engine->Round();
  const double scored = SystemSeconds();
  std::vector<Alert> added;
  parts_.commit->Run([&](TriageStore& store) { added = store.AddRound(round, scored); });
  for (const Alert& alert : added) {
    parts_.hub->Publish("alert", DumpJson(ToJson(alert), "an alert"));
    parts_.metrics->Alert(Name(alert.reason));
  }
  parts_.metrics->Round(round.scores.size(), scored - begun);
  const double now = SystemSeconds();
  for (const Score& score : round.scores) {
    const auto since = since_.find(score.id);
    if (since == since_.end()) continue;
    parts_.metrics->Delay(now - since->second);
    since_.erase(since);
  }
  open_ = parts_.engine->open();
}

void TriageWorker::Forget() {
  const double now = SystemSeconds();
  if (now - forgot_ < kForgetEvery) return;
  forgot_ = now;
  parts_.commit->Run([&](TriageStore& store) { store.Forget(now - parts_.keep_days * kDay); });
}

}  // namespace arcsat
