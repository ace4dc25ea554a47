#include <fmt/format.h>

#include <map>

#include "data/json.h"
#include "data/timestamp.h"
#include "insight/triage/store.h"

namespace arcsat {
namespace {

std::string Time(double seconds) { return FormatTimestamp(static_cast<std::int64_t>(seconds)); }

const char kItem[] =
    "SELECT conversation, status, who, chance, raised, changed, channel, outcome, reason, arc FROM "
    "items ";

Json ItemJson(const SqlStatement& row) {
  Json out = {{"conversation", row.Text(0)}, {"status", row.Text(1)}};
  const auto text = [&](const char* key, int column) {
    if (!row.Text(column).empty()) AppendField(&out, key, row.Text(column));
  };
  text("by", 2);
  AppendField(&out, "chance", row.Number(3));
  AppendField(&out, "raised_at", Time(row.Number(4)));
  AppendField(&out, "changed_at", Time(row.Number(5)));
  text("channel", 6);
  text("outcome", 7);
  text("reason", 8);
  AppendField(&out, "arc", Json::parse(row.Text(9)));
  return out;
}

}  // namespace

TriageReader::TriageReader(const std::filesystem::path& path)
    : database_(Database::OpenToRead(path)) {}

Json TriageReader::Queue(const std::string& status, const std::string& channel, int limit) {
  const std::string which = status == "waiting" ? "status IN ('open', 'claimed')" : "status = ?2";
  SqlStatement items = database_.Prepare(std::string(kItem) + "WHERE " + which +
                                         " AND (?1 = '' OR channel = ?1) ORDER BY chance DESC, "
                                         "raised, conversation LIMIT ?3");
  SqlStatement alerts =
      database_.Prepare("SELECT body FROM alerts WHERE conversation = ? ORDER BY seq");
  items.With(channel, status, limit);
  Json queue = Json::array();
  while (items.Step()) {
    Json item = ItemJson(items);
    Json raised = Json::array();
    for (alerts.With(items.Text(0)); alerts.Step();) raised.push_back(Json::parse(alerts.Text(0)));
    AppendField(&item, "alerts", std::move(raised));
    queue.push_back(std::move(item));
  }
  return queue;
}

std::optional<arcsat::Conversation> TriageReader::Read(const std::string& id) {
  SqlStatement events =
      database_.Prepare("SELECT body FROM events WHERE conversation = ? ORDER BY place");
  std::optional<arcsat::Conversation> out;
  FactPlaces places;
  places.fill(-1);
  for (events.With(id); events.Step();) {
    const TurnEvent event = ParseTurnEvent(events.Text(0), "the store");
    if (!out) {
      out.emplace();
      out->id = id;
    }
    TakeFacts(event, &*out, &places);
    if (!event.turn) continue;
    const auto place = static_cast<std::size_t>(event.place);
    if (out->turns.size() <= place) {
      out->turns.resize(place + 1, {Speaker::kAgent, "", std::nullopt, {}, Json::object()});
    }
    out->turns[place] = *event.turn;
  }
  return out;
}

Json TriageReader::Conversation(const std::string& id) {
  const auto conversation = Read(id);
  if (!conversation) return nullptr;
  Json out = Json::parse(ToJsonLine(*conversation));
  SqlStatement item = database_.Prepare(std::string(kItem) + "WHERE conversation = ?");
  if (item.With(id).Step()) AppendField(&out, "queue", ItemJson(item));
  Json alerts = Json::array(), actions = Json::array();
  SqlStatement raised =
      database_.Prepare("SELECT body FROM alerts WHERE conversation = ? ORDER BY seq");
  for (raised.With(id); raised.Step();) alerts.push_back(Json::parse(raised.Text(0)));
  SqlStatement done = database_.Prepare(
      "SELECT action, who, outcome, reason, note, at FROM actions WHERE conversation = ? ORDER BY "
      "seq");
  for (done.With(id); done.Step();) {
    actions.push_back(Json{{"action", done.Text(0)},
                           {"by", done.Text(1)},
                           {"outcome", done.Text(2)},
                           {"reason", done.Text(3)},
                           {"note", done.Text(4)},
                           {"at", Time(done.Number(5))}});
  }
  AppendField(&out, "alerts", std::move(alerts));
  AppendField(&out, "actions", std::move(actions));
  return out;
}

void TriageReader::Labels(const std::function<void(const arcsat::Conversation&)>& use) {
  SqlStatement items = database_.Prepare(
      "SELECT conversation, outcome, reason, who, changed FROM items WHERE (status = 'done' AND "
      "outcome IN ('satisfied', 'unsatisfied')) OR (status = 'dismissed' AND reason = "
      "'false_alarm') ORDER BY changed, conversation");
  while (items.Step()) {
    auto conversation = Read(items.Text(0));
    if (!conversation) continue;
    const bool called = !items.Text(1).empty();
    conversation->attributes["triage"] = {{"satisfied", items.Text(1) != "unsatisfied"},
                                          {"from", called ? "call" : "reading"},
                                          {"closed_at", Time(items.Number(4))}};
    use(*conversation);
  }
}

std::vector<std::pair<std::string, std::int64_t>> TriageReader::Counts() {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  SqlStatement rows = database_.Prepare("SELECT status, count(*) FROM items GROUP BY status");
  while (rows.Step()) counts.emplace_back(rows.Text(0), rows.Int(1));
  return counts;
}

}  // namespace arcsat
