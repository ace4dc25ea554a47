#include "configs/bind_triage.h"

namespace arcsat {

void Bind(Options& options, TriageOptions* t) {
  const auto share = Between(0.0, 1.0);
  options
      .Add("triage.outlook", &t->outlook,
           "chance of a satisfied end at or below which an alert is raised", share)
      .Add("triage.fall", &t->fall, "fall of the state from entry that raises one",
           Between(0.01, 1.0))
      .Add("triage.from_turn", &t->from_turn,
           "customer's turn from which a running conversation is looked at", Between(1, 1000))
      .Add("triage.why_turns", &t->why_turns, "turns named for a fall, at most", Between(0, 20))
      .Add("triage.gap_seconds", &t->gap_seconds, "how long a turn waits for those before it",
           Between(0.0, 86'400.0))
      .Add("triage.idle_minutes", &t->idle_minutes,
           "without a turn for so long a conversation counts as ended", Between(0.01, 1e6))
      .Add("triage.most_turns", &t->most_turns, "turns of one conversation; more are refused",
           Between(2, 100'000))
      .Add("triage.round", &t->round, "conversations scored together, at most", Between(1, 4096));
}

void Bind(Options& options, TriageFitOptions* f) {
  options
      .Add("promise.miss", &f->miss,
           "share of the unsatisfied conversations without an alert, at most",
           Between(0.001, 0.999))
      .Add("promise.confidence", &f->confidence, "of that promise", Between(0.5, 0.9999))
      .Add("promise.weighted", &f->weighted,
           "for customers who do not answer as well, by a response model")
      .Add("budget.per_day", &f->per_day,
           "call-backs a day: the best threshold under it, instead of a promise; 0: none",
           Between(0.0, 1e6))
      .Add("budget.conversations_per_day", &f->conversations_day,
           "how many there are; 0: as many as the data's days had", Between(0.0, 1e9));
}

void Bind(Options& options, TriageServiceOptions* s) {
  options
      .Add("service.body_bytes", &s->body_bytes, "longest body of a request",
           Between(1024, 1 << 30))
      .Add("service.most_events", &s->most_events, "of one request", Between(1, 100'000))
      .Add("service.events_per_second", &s->events_per_second, "over all senders, on average",
           Between(0.1, 1e6))
      .Add("service.requests_per_second", &s->requests_per_second, "of one address, on average",
           Between(0.1, 1e6))
      .Add("service.backlog", &s->backlog, "events not looked at yet before senders must wait",
           AtLeast(1))
      .Add("service.threads", &s->threads, "that answer requests", Between(1, 256))
      .Add("service.streams", &s->streams, "pages and programs that listen, each a thread more",
           Between(0, 512))
      .Add("service.keep_days", &s->keep_days,
           "closed conversations and their words are kept for so long", Between(0.0, 36'500.0));
}

}  // namespace arcsat
