// Zendesk: tickets with their comments (the Tickets, Ticket Comments and Satisfaction Ratings APIs,
// and exports made of them).
#include <map>
#include <utility>

#include "data/importers/document.h"
#include "data/importers/html.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace {

struct User {
  std::string name, role;
};
using Users = std::map<std::string, User>;

Users ReadUsers(const Fields& record) {
  Users users;
  std::int64_t index = 0;
  for (const Json& json : record.List({"users"})) {
    const Fields user(json, record.source(), {"users", index++});
    users[user.Text({"id"})] = {user.Text({"name"}), user.Text({"role"})};
  }
  return users;
}

/// good and bad are the boxes of the scale; offered without an answer is non-response; unoffered is
/// nobody asked.
std::optional<Survey> ReadRating(const Fields& ticket) {
  if (!ticket.Has({"satisfaction_rating"})) return std::nullopt;
  const Fields rating = ticket.Object({"satisfaction_rating"});
  const std::string score = rating.Text({"score"});
  Survey survey;
  survey.scale_low = 0;
  survey.scale_high = 1;
  if (score.starts_with("good")) {
    survey.score = 1;
  } else if (score.starts_with("bad")) {
    survey.score = 0;
  } else if (score == "unoffered" || score.empty()) {
    survey.offered = false;
  } else if (score != "offered") {
    rating.Refuse("score", score, "good, bad, offered or unoffered");
  }
  AppendField(&survey.extra, "rule", "good=1,bad=0");
  const std::string comment = rating.Text({"comment"});
  if (!comment.empty()) AppendField(&survey.extra, "comment", comment);
  return survey;
}

std::string ReadBody(const Fields& comment) {
  const std::string html = comment.Text({"html_body"});
  if (!html.empty()) return HtmlToText(html);
  const std::string plain = comment.Text({"plain_body"});
  if (!plain.empty()) return HtmlToText(plain);  // Zendesk's plain body still has &nbsp;
  const std::string body = comment.Text({"body"});
  return LooksLikeHtml(body) ? HtmlToText(body) : body;
}

/// What was said in public. Internal notes were never said to the customer.
void ReadComments(const Fields& ticket, const Json& comments, const Users& users, Conversation* c) {
  const std::string requester = ticket.Text({"requester_id"});
  std::int64_t index = 0, internal = 0;
  for (const Json& json : comments) {
    const Fields comment(json, ticket.source(), {"comments", index++});
    if (!comment.Bool({"public"}).value_or(true)) {
      ++internal;
      continue;
    }
    const std::string author = comment.Text({"author_id"});
    const auto user = users.find(author);
    Turn turn;
    turn.speaker = author == requester ? Speaker::kCustomer : Speaker::kAgent;
    if (author.empty() || author.starts_with('-')) turn.speaker = Speaker::kBot;
    if (user != users.end()) {
      if (const auto role = RoleOf(user->second.role)) turn.speaker = *role;
      AddParticipant(turn.speaker, user->second.name, c);
    }
    turn.text = ReadBody(comment);
    turn.at = comment.Time({"created_at"});
    if (turn.speaker == Speaker::kAgent && c->agent_id.empty()) c->agent_id = author;
    if (!turn.text.empty()) c->turns.push_back(std::move(turn));
  }
  if (internal > 0) AppendField(&c->attributes, "internal_notes", internal);
}

Conversation ReadTicket(const Fields& ticket, const Json& comments, const Users& users) {
  Conversation c;
  c.id = ticket.NeedText({"id", "ticket_id"});
  const Fields via = ticket.Object({"via"});
  const std::string channel = via.Text({"channel"});
  c.channel = channel == "voice" || channel == "phone" ? Channel::kVoice : Channel::kChat;
  if (!channel.empty()) AppendField(&c.attributes, "via", channel);
  c.customer_id = ticket.Text({"requester_id"});
  c.agent_id = ticket.Text({"assignee_id"});
  c.team = ticket.Text({"group_id"});
  c.problem_type = ticket.Text({"type"});
  if (const Json* tags = ticket.Find({"tags"})) AppendField(&c.attributes, "tags", *tags);
  c.survey = ReadRating(ticket);
  ReadComments(ticket, comments, users, &c);
  SetTimes(std::nullopt, &c);
  return c;
}

bool IsTicket(const Json& json) {
  return json.is_object() && json.contains("requester_id") && json.contains("comments");
}

class Zendesk : public DocumentFormat {
 public:
  std::string name() const override { return "zendesk"; }
  std::string describe() const override {
    return "Zendesk tickets with their comments: one, a list, {\"tickets\": [...]} or a line each";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json) return false;
    const Json& json = *document.json;
    if (json.is_array()) return !json.empty() && IsTicket(json.front());
    if (!json.is_object()) return false;
    if (IsTicket(json)) return true;
    const auto tickets = json.find("tickets");
    if (tickets != json.end()) {
      return tickets->is_array() && !tickets->empty() && IsTicket(tickets->front());
    }
    return json.contains("ticket") && json.contains("comments");
  }

  void Convert(const Document& document, const ImportOptions&, Collector* out) const override {
    const JsonSource source = document.source();
    const Json& json = *document.json;
    if (json.is_array()) return ReadAll(json, source, {}, out);
    const Fields record(json, source);
    const Users users = ReadUsers(record);
    if (record.Has({"tickets"})) return ReadAll(record.List({"tickets"}), source, users, out);
    if (record.Has({"ticket"})) {
      out->Add(ReadTicket(record.Object({"ticket"}), record.NeedList({"comments"}), users));
      return;
    }
    out->Add(ReadTicket(record, record.NeedList({"comments"}), users));
  }

 private:
  static void ReadAll(const Json& tickets, const JsonSource& source, const Users& users,
                      Collector* out) {
    std::int64_t index = 0;
    for (const Json& json : tickets) {
      try {
        const Fields ticket(json, source, {"tickets", index++});
        out->Add(ReadTicket(ticket, ticket.NeedList({"comments"}), users));
      } catch (const Error& error) {
        out->Skip(error);
      }
    }
  }
};

}  // namespace

const DocumentFormat& ZendeskFormat() {
  static const Zendesk format;
  return format;
}

}  // namespace arcsat
