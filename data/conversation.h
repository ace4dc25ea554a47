#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Compiled once, in json_instance.cc: most files use a value or two of it.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace arcsat {

/// Insertion order is kept, so a record that passes through comes out as it went in.
using Json = nlohmann::ordered_json;

enum class Speaker { kCustomer, kAgent, kBot };
enum class Channel { kChat, kVoice };

struct Turn {
  Speaker speaker = Speaker::kCustomer;
  std::string text;                  ///< UTF-8; may be empty
  std::optional<double> at;          ///< seconds from the conversation's start, >= 0
  std::vector<double> satisfaction;  ///< annotators' ratings, 1..5; empty where nobody rated
  Json extra = Json::object();       ///< fields the program does not know, kept as they were
};

struct Survey {
  bool offered = true;          ///< false where nobody asked
  std::optional<double> score;  ///< empty where nobody answered
  double scale_low = 1;         ///< lowest box
  double scale_high = 5;        ///< highest box, > scale_low
  std::string answered_at;      ///< ISO 8601, or empty
  Json extra = Json::object();
};

/// One support conversation: the record of docs/formats.md, a JSON object a line.
struct Conversation {
  std::string id;
  std::optional<Channel> channel;
  std::string started_at;    ///< ISO 8601 UTC, or empty
  std::string language;      ///< BCP 47, or empty
  std::string agent_id;      ///< or empty
  std::string customer_id;   ///< or empty
  std::string problem_type;  ///< or empty
  std::string team;          ///< or empty
  std::vector<Turn> turns;
  std::optional<Survey> survey;
  std::optional<bool> escalated;
  Json attributes = Json::object();
  Json extra = Json::object();
};

/// Reads one JSON line. `place` ("file:line") begins every message. Throws Error on anything the
/// schema (data/schema/conversation.schema.json) refuses.
Conversation ParseConversation(std::string_view line, const std::string& place);

/// One line of JSON without the newline; ParseConversation(ToJson(c)) == c, unknown fields too.
std::string ToJsonLine(const Conversation& conversation);

/// "customer", "agent", "bot" / "chat", "voice".
const char* Name(Speaker speaker);
const char* Name(Channel channel);

}  // namespace arcsat
