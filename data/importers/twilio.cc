// Twilio: messages of a conversation (Conversations API) and sentences of a call's transcript
// (Conversational Intelligence).
#include <utility>

#include "data/importers/document.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace {

/// People on a channel write under its address ("whatsapp:+44…", "+1…"), agents and bots under a
/// name of the company's own.
bool IsAddress(const std::string& author) {
  return author.starts_with('+') || author.find(":+") != std::string::npos ||
         author.starts_with("messenger:");
}

Conversation ReadMessages(const Document& document, const ImportOptions& options) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  c.channel = Channel::kChat;
  std::vector<std::string> authors;
  std::vector<std::pair<std::string, std::string>> said;
  std::int64_t index = 0;
  for (const Json& json : record.NeedList({"messages"})) {
    const Fields message(json, source, {"messages", index++});
    if (c.id.empty()) c.id = message.Text({"conversation_sid", "channel_sid"});
    const std::string text = message.Text({"body"});
    if (text.empty()) continue;  // a picture
    Turn turn;
    turn.text = text;
    turn.at = message.Time({"date_created", "dateCreated"});
    authors.push_back(message.NeedText({"author"}));
    // An address names nobody, but says who writes.
    said.emplace_back(IsAddress(authors.back()) ? "customer" : authors.back(), text);
    authors.back() = said.back().first;
    c.turns.push_back(std::move(turn));
  }
  if (c.id.empty()) c.id = document.stem();
  const RoleGuess guess = GuessRoles(said, options, false);
  for (std::size_t i = 0; i < authors.size(); ++i) {
    c.turns[i].speaker = guess.speakers.at(authors[i]);
    if (c.turns[i].speaker == Speaker::kAgent && c.agent_id.empty()) c.agent_id = authors[i];
  }
  AppendField(&c.attributes, "roles", guess.by);
  SetTimes(std::nullopt, &c);
  return c;
}

/// Roles of the media channels, where the transcript resource stands beside its sentences.
std::map<std::string, std::string> ReadChannels(const Fields& record) {
  std::map<std::string, std::string> roles;
  const Fields transcript = record.Object({"transcript"});
  const Fields channel = transcript.Object({"channel"});
  std::int64_t index = 0;
  for (const Json& json : channel.List({"participants"})) {
    const Fields person(json, record.source(), {"participants", index++});
    roles[person.Text({"channel_participant"})] = person.Text({"role"});
  }
  return roles;
}

Conversation ReadSentences(const Document& document, const ImportOptions& options) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  c.channel = Channel::kVoice;
  const auto roles = ReadChannels(record);
  std::vector<SpeechSegment> segments;
  std::vector<std::pair<std::string, std::string>> said;
  std::int64_t index = 0;
  for (const Json& json : record.NeedList({"sentences"})) {
    const Fields sentence(json, source, {"sentences", index++});
    if (c.id.empty()) c.id = sentence.Text({"transcript_sid"});
    std::string label = sentence.NeedText({"media_channel"});
    if (const auto known = roles.find(label); known != roles.end() && RoleOf(known->second)) {
      label = known->second;
    }
    SpeechSegment segment;
    segment.text = sentence.NeedText({"transcript"});
    segment.begin = sentence.NeedNumber({"start_time"});
    if (segment.begin < 0) sentence.Refuse("start_time", segment.begin, "0 or more");
    segment.end = sentence.Number({"end_time"});
    for (const Json& word : sentence.List({"words"})) {
      const Fields fields(word, source, {"words", 0});
      if (const auto value = fields.Number({"confidence"})) segment.confidence.push_back(*value);
    }
    said.emplace_back(label, segment.text);
    segments.push_back(std::move(segment));
  }
  if (c.id.empty()) c.id = document.stem();
  const RoleGuess guess = GuessRoles(said, options);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    segments[i].speaker = guess.speakers.at(said[i].first);
  }
  AppendField(&c.attributes, "roles", guess.by);
  SegmentsToTurns(std::move(segments), options.turns, &c);
  return c;
}

class Twilio : public DocumentFormat {
 public:
  std::string name() const override { return "twilio"; }
  std::string describe() const override {
    return "Twilio Conversations messages, and Conversational Intelligence sentences";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    return Holds(document, "messages", {"author", "body"}) ||
           Holds(document, "sentences", {"media_channel", "transcript"});
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    out->Add(document.json->contains("sentences") ? ReadSentences(document, options)
                                                  : ReadMessages(document, options));
  }

 private:
  static bool Holds(const Document& document, const char* list,
                    std::initializer_list<const char*> fields) {
    if (!document.json || !document.json->is_object()) return false;
    const auto found = document.json->find(list);
    if (found == document.json->end() || !found->is_array() || found->empty()) return false;
    if (!found->front().is_object()) return false;
    for (const char* field : fields) {
      if (!found->front().contains(field)) return false;
    }
    return true;
  }
};

}  // namespace

const DocumentFormat& TwilioFormat() {
  static const Twilio format;
  return format;
}

}  // namespace arcsat
