#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "insight/triage/event.h"
#include "insight/triage/options.h"
#include "insight/triage/rules.h"
#include "insight/triage/scorer.h"

namespace arcsat {

/// What became of an event.
enum class Taken {
  kNew,
  kRepeated,  ///< this very event was taken before
  kConflict,  ///< another event has its place
  kAfterEnd,  ///< its place lies behind the conversation's end, or the conversation is over
  kTooMany,   ///< beyond TriageOptions::most_turns
};
/// "new", "repeated", "conflict", "after_end", "too_many".
const char* Name(Taken taken);

/// What a round of scoring brought.
struct TriageRound {
  std::vector<Alert> alerts;  ///< new ones; by conversation in the order in which they became due
  std::vector<Score> scores;  ///< of every conversation scored
  std::vector<int> heard;     ///< its turns that are judged now
  std::vector<std::string> closed;  ///< conversations that are over, in order
};

/// Follows conversations while they run, and says which go poorly (docs/triage.md). No clock, no
/// thread and no file of its own: `now` is seconds of any clock that goes forward.
///
///   TriageEngine engine(&scorer, options);
///   engine.Take(event, now);
///   engine.Tick(now);
///   while (engine.due() > 0) Use(engine.Round());
///
/// Turns count by their place. Those without a gap before them are scored; one that came early
/// waits for those before it, at most options.gap_seconds. Then empty turns stand in for what is
/// missing; where a missing one comes after all, it takes its place and the conversation is scored
/// again. A place belongs to the first event that names it. Which alerts there are depends on the
/// turns alone, not on when they came nor on what was scored together; each reason is given once a
/// conversation.
class TriageEngine {
 public:
  /// `scorer` must outlive the engine.
  TriageEngine(TurnScorer* scorer, const TriageOptions& options);

  Taken Take(const TurnEvent& event, double now);
  /// Ends what has waited too long: gaps, and conversations without a turn.
  void Tick(double now);
  /// No further event will come: nothing waits any more. Conversations without an end stay open.
  void Finish();
  /// Conversations to be scored.
  std::size_t due() const { return due_.size(); }
  /// Scores the conversations that have been due longest, at most options.round of them.
  TriageRound Round();

  /// Alerts raised before, after a restart: not raised again.
  void Raised(const std::string& conversation, AlertReason reason);
  /// Leading turns of open conversations that were judged before a restart: no reason to score them
  /// anew.
  void Heard(const std::unordered_map<std::string, int>& turns);
  /// A conversation that was over before a restart: its events are kAfterEnd.
  void Over(const std::string& conversation);

  std::size_t open() const { return open_.size(); }
  std::int64_t taken() const { return taken_; }

 private:
  struct Following {
    Conversation conversation;  // turns of places 0..n-1
    FactPlaces facts;
    std::vector<std::string> events;   // ids by place; empty where a turn is missing
    std::map<int, TurnEvent> waiting;  // by place, all beyond turns
    int end = -1;                      // place behind the last turn, once it is known
    std::string end_event;             // what said so, where it has no words
    int scored = 0;                    // leading turns that the scorer has seen as they are
    int heard = 0;                     // leading turns in which a customer's turn was scored
    double last = 0, gap_since = 0;    // times of the last event and of the first waiting one
    bool judged_end = false, due = false;
    std::set<AlertReason> raised;
    std::list<std::string>::iterator age;  // in by_age_
    bool over() const { return end >= 0 && end <= static_cast<int>(conversation.turns.size()); }
  };

  Following& Follow(const std::string& id, double now);
  Taken Place(const TurnEvent& event, Following* f, double now);
  void Settle(Following* f, double now);
  void Add(const TurnEvent& event, Following* f);
  void Bridge(Following* f, double now);
  void MakeDue(Following* f);
  bool NeedsScore(const Following& f) const;
  void Judged(const Score& score, Following* f, TriageRound* round);
  void Close(const std::string& id);

  TurnScorer* scorer_;
  TriageOptions options_;
  std::unordered_map<std::string, Following> open_;
  std::list<std::string> by_age_;  // open ones, that without an event for longest first
  std::set<std::string> gaps_;     // open ones with waiting turns
  std::deque<std::string> due_;
  std::unordered_set<std::uint64_t> over_;  // hashes of the last conversations that ended
  std::deque<std::uint64_t> over_order_;
  std::int64_t taken_ = 0;
};

}  // namespace arcsat
