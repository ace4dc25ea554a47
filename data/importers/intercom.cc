// Intercom: conversations as the REST API and the data export give them.
#include <utility>

#include "data/importers/document.h"
#include "data/importers/html.h"

namespace arcsat {
namespace {

std::optional<Speaker> SpeakerOf(const Fields& author) {
  const std::string type = author.Text({"type"});
  if (type == "user" || type == "lead" || type == "contact" || type == "visitor") {
    return Speaker::kCustomer;
  }
  if (type == "admin" || type == "team" || type == "teammate") {
    // Fin and Operator write as admins that are marked as bots.
    return author.Bool({"from_ai_agent"}).value_or(false) ? Speaker::kBot : Speaker::kAgent;
  }
  if (type == "bot" || type == "operator" || type == "workflow" || type == "fin") {
    return Speaker::kBot;
  }
  return std::nullopt;
}

void AddTurn(const Fields& message, std::optional<double> time, Conversation* c) {
  const std::string text = HtmlToText(message.Text({"body"}));
  if (text.empty()) return;
  const Fields author = message.Object({"author"});
  const auto speaker = SpeakerOf(author);
  if (!speaker) author.Refuse("type", author.Text({"type"}), "user, lead, contact, admin or bot");
  if (*speaker != Speaker::kBot) AddParticipant(*speaker, author.Text({"name"}), c);
  if (*speaker == Speaker::kAgent && c->agent_id.empty()) c->agent_id = author.Text({"id"});
  if (*speaker == Speaker::kCustomer && c->customer_id.empty()) {
    c->customer_id = author.Text({"id"});
  }
  c->turns.push_back({*speaker, text, time, {}, Json::object()});
}

/// `conversation_rating` null: nobody asked; without a rating: asked, no answer. The scale is 1 to
/// 5.
std::optional<Survey> ReadRating(const Fields& record) {
  if (!record.Has({"conversation_rating"})) return std::nullopt;
  const Fields rating = record.Object({"conversation_rating"});
  Survey survey = ReadAnswer(rating, "rating", {});
  AppendField(&survey.extra, "rule", "1..5");
  const std::string remark = rating.Text({"remark"});
  if (!remark.empty()) AppendField(&survey.extra, "comment", remark);
  return survey;
}

Conversation ReadConversation(const Fields& record) {
  Conversation c;
  c.id = record.NeedText({"id"});
  c.channel = Channel::kChat;
  c.survey = ReadRating(record);
  const std::string team = record.Text({"team_assignee_id"});
  if (team != "0") c.team = team;
  std::string admin = record.Text({"admin_assignee_id"});
  if (admin != "0") c.agent_id = std::move(admin);
  AddTurn(record.Object({"source"}), record.Time({"created_at"}), &c);
  std::int64_t index = 0, internal = 0;
  const Fields parts = record.Object({"conversation_parts"});
  for (const Json& json : parts.List({"conversation_parts"})) {
    const Fields part(json, record.source(), {"conversation_parts", index++});
    const std::string type = part.Text({"part_type"});
    if (type.find("note") != std::string::npos) {
      ++internal;
      continue;
    }
    // Replies come as comments, and with what else they did: assignment, open, close.
    AddTurn(part, part.Time({"created_at"}), &c);
  }
  if (internal > 0) AppendField(&c.attributes, "internal_notes", internal);
  const Fields tags = record.Object({"tags"});
  if (const Json* list = tags.Find({"tags"}); list != nullptr && list->is_array()) {
    Json names = Json::array();
    for (const Json& tag : *list) {
      names.push_back(Fields(tag, record.source(), {"tags", 0}).Text({"name"}));
    }
    if (!names.empty()) AppendField(&c.attributes, "tags", std::move(names));
  }
  SetTimes(std::nullopt, &c);
  return c;
}

bool IsConversation(const Json& json) {
  return json.is_object() && json.contains("conversation_parts") && json.contains("source");
}

class Intercom : public DocumentFormat {
 public:
  std::string name() const override { return "intercom"; }
  std::string describe() const override {
    return "Intercom conversations with their parts: one, a list, or a line each";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json) return false;
    const Json* list = List(*document.json);
    return list != nullptr ? !list->empty() && IsConversation(list->front())
                           : IsConversation(*document.json);
  }
  void Convert(const Document& document, const ImportOptions&, Collector* out) const override {
    const JsonSource source = document.source();
    const Json* list = List(*document.json);
    if (list == nullptr) {
      out->Add(ReadConversation(Fields(*document.json, source)));
      return;
    }
    std::int64_t index = 0;
    for (const Json& json : *list) {
      try {
        out->Add(ReadConversation(Fields(json, source, {"conversations", index++})));
      } catch (const Error& error) {
        out->Skip(error);
      }
    }
  }

 private:
  /// The list where the document is one, or a page of the API's list.
  static const Json* List(const Json& json) {
    if (json.is_array()) return &json;
    if (!json.is_object()) return nullptr;
    const auto found = json.find("conversations");
    return found != json.end() && found->is_array() ? &*found : nullptr;
  }
};

}  // namespace

const DocumentFormat& IntercomFormat() {
  static const Intercom format;
  return format;
}

}  // namespace arcsat
