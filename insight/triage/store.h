#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "insight/triage/engine.h"
#include "insight/triage/sqlite.h"

namespace arcsat {

/// What a member of the team does with a conversation in the queue.
struct QueueAction {
  std::string action;        ///< "claim", "release", "done" or "dismiss"
  std::string conversation;  ///< its id
  std::string by;            ///< who
  std::string outcome;       ///< of "done": "satisfied", "unsatisfied" or "unreached"
  std::string reason;        ///< of "dismiss": "false_alarm", "duplicate" or "other"
  std::string note;          ///< for people; kept, never logged
};

/// Reads one; `action` comes from the address. Error on anything the schema refuses.
QueueAction ReadQueueAction(const Json& record, const std::string& action,
                            const std::string& place);

/// How it went.
enum class Acted {
  kDone,
  kUnknown,  ///< no such conversation in the queue
  kTaken,    ///< another person has claimed it
  kClosed,   ///< done or dismissed already
};

/// Events, alerts and the queue, in an SQLite file. Everything that changes it stands between
/// Begin() and Commit(), after which it is on the disk. One thread at a time.
class TriageStore {
 public:
  /// Creates what is missing. Error on a file of another program or a newer version.
  explicit TriageStore(const std::filesystem::path& path);

  void Begin();
  void Commit();
  void Rollback();
  /// Within a transaction: what is written after Mark() can be undone alone.
  void Mark();
  void BackToMark();

  /// kNew once for every event id, and only then is it kept.
  Taken AddEvent(const TurnEvent& event, int most_turns, double now);
  /// A round's results: alerts not known yet are kept, and given back.
  std::vector<Alert> AddRound(const TriageRound& round, double now);
  Acted Act(const QueueAction& action, double now);
  /// Removes conversations that ended, and whose place in the queue was closed, before `time`, with
  /// all that was said in them. How many.
  int Forget(double time);

  /// Brings an engine to where it was: events of open conversations in the order they came.
  void Restore(TriageEngine* engine) const;

 private:
  Database database_;
  SqlStatement find_event_, find_conversation_, find_place_, add_conversation_, add_event_,
      set_heard_, set_ended_, add_alert_, add_item_, set_arc_, find_item_, set_item_, add_action_;
};

/// Reads the same file, beside the store that writes it. One thread at a time.
class TriageReader {
 public:
  explicit TriageReader(const std::filesystem::path& path);

  /// Conversations in the queue, the one most surely unsatisfied first: data/schema of the queue in
  /// openapi.json. `status` is "waiting" (open or claimed), or one status.
  Json Queue(const std::string& status, const std::string& channel, int limit);
  /// One conversation with its turns, arc, alerts and what was done; null where there is none.
  Json Conversation(const std::string& id);
  /// Closed conversations with their outcome as conversation records (docs/triage.md), in the order
  /// they were closed.
  void Labels(const std::function<void(const arcsat::Conversation&)>& use);
  /// How many conversations have each status.
  std::vector<std::pair<std::string, std::int64_t>> Counts();

 private:
  std::optional<arcsat::Conversation> Read(const std::string& id);
  Database database_;
};

}  // namespace arcsat
