#include "insight/triage/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "data/json.h"

namespace arcsat {
namespace {

constexpr int kApplication = 0x61726373;  // "arcs", so that another program's file is told apart
constexpr int kStoreVersion = 1;
const char kRequestRemedy[] = "mend the request; /openapi.json describes it";

const char kTables[] = R"(
CREATE TABLE IF NOT EXISTS conversations (
  id TEXT PRIMARY KEY, heard INTEGER NOT NULL DEFAULT 0, ended REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_conversations ON conversations (id) WHERE ended IS NULL;
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL,
  place INTEGER NOT NULL, received REAL NOT NULL, body TEXT NOT NULL,
  UNIQUE (conversation, place));
CREATE TABLE IF NOT EXISTS alerts (
  seq INTEGER PRIMARY KEY, conversation TEXT NOT NULL, reason TEXT NOT NULL,
  raised REAL NOT NULL, body TEXT NOT NULL, UNIQUE (conversation, reason));
CREATE TABLE IF NOT EXISTS items (
  conversation TEXT PRIMARY KEY, status TEXT NOT NULL, who TEXT NOT NULL DEFAULT '',
  chance REAL NOT NULL, raised REAL NOT NULL, changed REAL NOT NULL,
  channel TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '', arc TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_status ON items (status, chance);
CREATE TABLE IF NOT EXISTS actions (
  seq INTEGER PRIMARY KEY, conversation TEXT NOT NULL, action TEXT NOT NULL, who TEXT NOT NULL,
  outcome TEXT NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS actions_of ON actions (conversation);
)";

Database Prepared(const std::filesystem::path& path) {
  Database database = Database::Open(path);
  SqlStatement application = database.Prepare("PRAGMA application_id");
  SqlStatement version = database.Prepare("PRAGMA user_version");
  SqlStatement tables = database.Prepare("SELECT count(*) FROM sqlite_master");
  application.Step();
  version.Step();
  tables.Step();
  const bool fresh = tables.Int(0) == 0;
  if (!fresh && (application.Int(0) != kApplication || version.Int(0) != kStoreVersion)) {
    throw Error({path.string(), "is no store of arcsat triage, or one of another version",
                 fmt::format("expected a store of version {}", kStoreVersion),
                 "name another file"});
  }
  database.Run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplication,
                           kStoreVersion));
  database.Run(kTables);
  return database;
}

/// [[i, state, outlook], …] in thousandths of a figure's range.
std::string ArcText(const Score& score) {
  Json arc = Json::array();
  for (const ScoredTurn& turn : score.turns) {
    arc.push_back(Json::array({turn.index, std::round(turn.state * 1000) / 1000,
                               std::round(turn.outlook * 1000) / 1000}));
  }
  return arc.dump();
}

std::string TakeText(const Json& record, const char* key, std::size_t most,
                     const JsonSource& source) {
  const auto found = record.find(key);
  if (found == record.end() || found->is_null()) return "";
  Json value = *found;
  std::string text = TakeString(&value, source, {key});
  if (text.size() > most) {
    RefuseField(source, {key}, *found, fmt::format("at most {} bytes", most));
  }
  return text;
}

void DemandOneOf(const std::string& value, const char* key, const JsonSource& source,
                 std::initializer_list<const char*> choices) {
  std::string expected;
  for (const char* choice : choices) {
    if (value == choice) return;
    expected += std::string(expected.empty() ? "" : ", ") + "\"" + choice + "\"";
  }
  RefuseField(source, {key}, value, "one of " + expected);
}

}  // namespace

QueueAction ReadQueueAction(const Json& record, const std::string& action,
                            const std::string& place) {
  constexpr std::size_t kLongestNote = 4000;
  const JsonSource source{place, kRequestRemedy};
  if (!record.is_object()) RefuseField(source, {""}, record, "a JSON object");
  QueueAction out;
  out.action = action;
  out.conversation = TakeText(record, "conversation", kLongestId, source);
  out.by = TakeText(record, "by", kLongestId, source);
  out.outcome = TakeText(record, "outcome", kLongestId, source);
  out.reason = TakeText(record, "reason", kLongestId, source);
  out.note = TakeText(record, "note", kLongestNote, source);
  if (out.conversation.empty()) RefuseMissing(source, {"conversation"}, "the conversation's id");
  if (out.by.empty()) RefuseMissing(source, {"by"}, "who does it");
  if (action == "done") {
    DemandOneOf(out.outcome, "outcome", source, {"satisfied", "unsatisfied", "unreached"});
  } else if (action == "dismiss") {
    DemandOneOf(out.reason, "reason", source, {"false_alarm", "duplicate", "other"});
  }
  return out;
}

TriageStore::TriageStore(const std::filesystem::path& path)
    : database_(Prepared(path)),
      find_event_(database_.Prepare("SELECT conversation, place FROM events WHERE event = ?")),
      find_conversation_(database_.Prepare("SELECT ended FROM conversations WHERE id = ?")),
      find_place_(database_.Prepare("SELECT 1 FROM events WHERE conversation = ? AND place = ?")),
      add_conversation_(database_.Prepare(
          "INSERT INTO conversations (id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET "
          "heard = min(heard, ?2)")),
      add_event_(database_.Prepare("INSERT INTO events (event, conversation, place, received, body)"
                                   " VALUES (?, ?, ?, ?, ?)")),
      set_heard_(database_.Prepare("UPDATE conversations SET heard = ?2 WHERE id = ?1")),
      set_ended_(database_.Prepare("UPDATE conversations SET ended = ?2 WHERE id = ?1")),
      add_alert_(database_.Prepare("INSERT INTO alerts (conversation, reason, raised, body) VALUES "
                                   "(?, ?, ?, ?) ON CONFLICT DO NOTHING")),
      // A new reason brings a closed conversation back.
      add_item_(database_.Prepare(
          "INSERT INTO items (conversation, status, chance, raised, changed, channel) VALUES "
          "(?1, 'open', ?2, ?3, ?3, ?4) ON CONFLICT (conversation) DO UPDATE SET "
          "chance = max(chance, ?2), changed = ?3, "
          "status = CASE status WHEN 'claimed' THEN 'claimed' ELSE 'open' END")),
      set_arc_(database_.Prepare("UPDATE items SET arc = ?2 WHERE conversation = ?1")),
      find_item_(database_.Prepare("SELECT status, who FROM items WHERE conversation = ?")),
      set_item_(database_.Prepare("UPDATE items SET status = ?2, who = ?3, outcome = ?4, "
                                  "reason = ?5, changed = ?6 WHERE conversation = ?1")),
      add_action_(database_.Prepare("INSERT INTO actions (conversation, action, who, outcome, "
                                    "reason, note, at) VALUES (?, ?, ?, ?, ?, ?, ?)")) {}

void TriageStore::Begin() { database_.Run("BEGIN IMMEDIATE"); }
void TriageStore::Commit() { database_.Run("COMMIT"); }
void TriageStore::Rollback() { database_.Run("ROLLBACK"); }
void TriageStore::Mark() { database_.Run("SAVEPOINT one"); }
void TriageStore::BackToMark() { database_.Run("ROLLBACK TO one"); }

Taken TriageStore::AddEvent(const TurnEvent& event, int most_turns, double now) {
  if (find_event_.With(event.event).Step()) {
    const bool same =
        find_event_.Text(0) == event.conversation && find_event_.Int(1) == event.place;
    return same ? Taken::kRepeated : Taken::kConflict;
  }
  if (event.place >= most_turns) return Taken::kTooMany;
  if (find_conversation_.With(event.conversation).Step() && !find_conversation_.Null(0)) {
    return Taken::kAfterEnd;
  }
  if (find_place_.With(event.conversation, event.place).Step()) return Taken::kConflict;
  add_conversation_.With(event.conversation, event.place).Run();
  add_event_.With(event.event, event.conversation, event.place, now, ToJsonLine(event)).Run();
  return Taken::kNew;
}

std::vector<Alert> TriageStore::AddRound(const TriageRound& round, double now) {
  std::vector<Alert> added;
  for (const Alert& alert : round.alerts) {
    const std::string body = DumpJson(ToJson(alert), "alert of " + alert.conversation);
    add_alert_.With(alert.conversation, Name(alert.reason), now, body).Run();
    if (database_.changes() == 0) continue;
    const std::string channel = alert.channel ? Name(*alert.channel) : "";
    add_item_.With(alert.conversation, alert.chance, now, channel).Run();
    added.push_back(alert);
  }
  for (std::size_t i = 0; i < round.scores.size(); ++i) {
    set_heard_.With(round.scores[i].id, round.heard[i]).Run();
    set_arc_.With(round.scores[i].id, ArcText(round.scores[i])).Run();
  }
  for (const std::string& id : round.closed) set_ended_.With(id, now).Run();
  return added;
}

Acted TriageStore::Act(const QueueAction& action, double now) {
  if (!find_item_.With(action.conversation).Step()) return Acted::kUnknown;
  const std::string status = find_item_.Text(0), who = find_item_.Text(1);
  if (status == "done" || status == "dismissed") return Acted::kClosed;
  if (status == "claimed" && who != action.by) return Acted::kTaken;
  const std::string next = action.action == "claim"     ? "claimed"
                           : action.action == "release" ? "open"
                           : action.action == "done"    ? "done"
                                                        : "dismissed";
  set_item_
      .With(action.conversation, next, next == "open" ? std::string() : action.by, action.outcome,
            action.reason, now)
      .Run();
  add_action_
      .With(action.conversation, action.action, action.by, action.outcome, action.reason,
            action.note, now)
      .Run();
  return Acted::kDone;
}

int TriageStore::Forget(double time) {
  database_.Run("CREATE TEMP TABLE IF NOT EXISTS gone (id TEXT PRIMARY KEY); DELETE FROM gone;");
  database_
      .Prepare(
          "INSERT INTO gone SELECT id FROM conversations LEFT JOIN items ON conversation = id "
          "WHERE ended < ?1 AND (status IS NULL OR (status IN ('done', 'dismissed') AND "
          "changed < ?1))")
      .With(time)
      .Run();
  const int removed = database_.changes();
  for (const char* table : {"events", "alerts", "items", "actions"}) {
    database_.Run(fmt::format("DELETE FROM {} WHERE conversation IN (SELECT id FROM gone)", table));
  }
  database_.Run("DELETE FROM conversations WHERE id IN (SELECT id FROM gone)");
  return removed;
}

void TriageStore::Restore(TriageEngine* engine) const {
  SqlStatement events = database_.Prepare(
      "SELECT body, received FROM events JOIN conversations ON id = conversation WHERE ended IS "
      "NULL ORDER BY seq");
  while (events.Step()) engine->Take(ParseTurnEvent(events.Text(0), "the store"), events.Number(1));
  SqlStatement alerts = database_.Prepare(
      "SELECT conversation, reason FROM alerts JOIN conversations ON id = conversation WHERE ended "
      "IS NULL");
  while (alerts.Step()) {
    for (const AlertReason reason :
         {AlertReason::kFall, AlertReason::kOutlook, AlertReason::kEnded}) {
      if (alerts.Text(1) == Name(reason)) engine->Raised(alerts.Text(0), reason);
    }
  }
  std::unordered_map<std::string, int> heard;
  SqlStatement turns = database_.Prepare("SELECT id, heard FROM conversations WHERE ended IS NULL");
  while (turns.Step()) heard.emplace(turns.Text(0), static_cast<int>(turns.Int(1)));
  engine->Heard(heard);
}

}  // namespace arcsat
