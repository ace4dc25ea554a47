#pragma once

namespace arcsat {

/// When a running conversation raises an alert (docs/triage.md).
struct TriageOptions {
  double outlook = 0.4;  ///< chance of a satisfied end at or below which an alert is raised, 0..1
  double fall = 0.4;     ///< fall of the state from entry that raises one, in (0, 1]
  int from_turn = 2;     ///< customer's turn from which a running conversation is looked at, >= 1
  int why_turns = 3;     ///< turns named for a fall, at most
  double gap_seconds = 30;    ///< how long a turn waits for those before it
  double idle_minutes = 720;  ///< without a turn for so long a conversation counts as ended
  int most_turns = 2000;      ///< turns of one conversation; more are refused
  int round = 64;             ///< conversations scored together, at most
};

/// Where the threshold comes from: a promise, unless a budget is given.
struct TriageFitOptions {
  double miss = 0.10;  ///< share of unsatisfied conversations without an alert, at most, (0, 1)
  double confidence = 0.95;  ///< of that, over calibration samples, (0, 1)
  bool weighted = true;  ///< promise for everybody too, by a response model, where some are silent
  double per_day = 0;    ///< call-backs a day; 0: no budget
  double conversations_day = 0;  ///< that there are; 0: as many as the data's days had
};

/// Limits of the service.
struct TriageServiceOptions {
  int body_bytes = 1 << 20;          ///< longest body of a request
  int most_events = 1000;            ///< of one request
  double events_per_second = 2000;   ///< taken in, over all senders, on average
  double requests_per_second = 500;  ///< of one address, on average
  int backlog = 100'000;             ///< events not looked at yet; beyond them senders must wait
  int threads = 8;                   ///< that answer requests
  int streams = 16;                  ///< pages and programs that listen, each a thread more
  double keep_days = 30;             ///< closed conversations and their words are kept for so long
};

}  // namespace arcsat
