#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>

#include "app/output.h"
#include "app/triage_call.h"
#include "app/triage_model.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/json.h"
#include "insight/triage/engine.h"
#include "insight/triage/line_tail.h"

namespace arcsat {
namespace {

constexpr double kPause = 0.05;  // seconds without an event before what is due is scored

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Events in, alerts out.
class TriageStream {
 public:
  TriageStream(const TriageCall& call, TriageModel model)
      : call_(call),
        rules_(RulesOf(call, model.name)),
        scorer_(std::move(model.scorer)),
        engine_(scorer_.get(), rules_),
        out_(call.out) {}

  void Run() {
    LineTail tail(call_.data, call_.follow);
    std::string line;
    for (;;) {
      const LineTail::Got got = tail.Next(kPause, &line);
      if (got == LineTail::kEnd) break;
      if (got == LineTail::kLine) Take(line, tail.place());
      const double now = SteadySeconds();
      if (got == LineTail::kNothing) {
        engine_.Tick(now);
        Drain();
      } else if (engine_.due() >= static_cast<std::size_t>(rules_.round)) {
        Emit(engine_.Round());
      }
    }
    engine_.Finish();
    Drain();
    out_.Commit();
  }

  void Tell() const {
    Json counts = {{"events", events_}, {"alerts", alerts_}, {"open", engine_.open()}};
    for (const auto& [name, n] : taken_) counts[name] = n;
    counts["rejected"] = rejected_.skipped;
    if (call_.common.json && !out_.standard()) PrintJson(counts);
    if (call_.common.quiet) return;
    fmt::print(stderr, "{} events, {} alerts, {} conversations still open\n", Thousands(events_),
               Thousands(alerts_), Thousands(static_cast<long long>(engine_.open())));
    for (const auto& [name, n] : taken_) {
      if (name != "new") fmt::print(stderr, "  {}: {}\n", name, Thousands(n));
    }
    if (rejected_.skipped > 0) fmt::print(stderr, "left out: {}\n", Thousands(rejected_.skipped));
    for (const std::string& reason : rejected_.reasons) fmt::print(stderr, "  {}\n", reason);
  }

 private:
  void Take(const std::string& line, const std::string& place) {
    if (IsBlank(line)) return;
    std::optional<TurnEvent> event;
    try {
      event = ParseTurnEvent(line, place);
    } catch (const Error& error) {
      if (!call_.read.skip_bad) throw;
      rejected_.Skip(error.what());
      return;
    }
    ++events_;
    ++taken_[Name(engine_.Take(*event, SteadySeconds()))];
  }

  void Drain() {
    while (engine_.due() > 0) Emit(engine_.Round());
  }

  void Emit(const TriageRound& round) {
    for (const Alert& alert : round.alerts) {
      out_.Write(DumpJson(ToJson(alert), "alert of " + alert.conversation) + "\n");
      ++alerts_;
    }
    // An alert is of use now, not when a buffer is full.
    if (out_.standard() && !round.alerts.empty()) out_.Commit();
  }

  const TriageCall& call_;
  TriageOptions rules_;
  std::unique_ptr<TurnScorer> scorer_;
  TriageEngine engine_;
  Output out_;
  std::int64_t events_ = 0, alerts_ = 0;
  std::map<std::string, std::int64_t> taken_;
  ReadReport rejected_;
};

}  // namespace

int RunTriageStream(const TriageCall& call) {
  TriageStream stream(call, LoadTriageModel(call.model, call.threads, call.memory));
  stream.Run();
  stream.Tell();
  return 0;
}

}  // namespace arcsat
