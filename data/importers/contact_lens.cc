// Amazon Connect Contact Lens, analysis of calls and chats, raw and redacted; the chat transcripts
// that Amazon Connect itself stores; and Transcribe Call Analytics, which has the calls' layout.
#include <map>
#include <utility>

#include "data/importers/document.h"

namespace arcsat {
namespace {

std::optional<Speaker> SpeakerOf(const std::string& role) {
  if (role == "CUSTOMER") return Speaker::kCustomer;
  if (role == "AGENT" || role == "SUPERVISOR") return Speaker::kAgent;
  // Flows, bots and prompts.
  if (role == "SYSTEM" || role == "CUSTOM_BOT" || role == "BOT") return Speaker::kBot;
  return std::nullopt;
}

/// Role by participant id. An id may itself be the role.
using RolesById = std::map<std::string, std::string>;

RolesById ReadRoles(const Fields& record) {
  RolesById roles;
  std::int64_t index = 0;
  for (const Json& item : record.List({"Participants"})) {
    const Fields person(item, record.source(), {"Participants", index++});
    const std::string role = person.Text({"ParticipantRole"});
    roles[person.Text({"ParticipantId"})] = role;
  }
  return roles;
}

Speaker ReadContactLensSpeaker(const Fields& item, const RolesById& roles) {
  std::string role = item.Text({"ParticipantRole"});
  const std::string id = item.Text({"ParticipantId"});
  if (role.empty()) {
    const auto known = roles.find(id);
    role = known != roles.end() ? known->second : id;
  }
  if (const auto speaker = SpeakerOf(role)) return *speaker;
  item.Refuse("ParticipantRole", role, "CUSTOMER, AGENT or SYSTEM");
}

void ReadCommon(const Document& document, const Fields& record, Conversation* c) {
  const Fields contact = record.Object({"CustomerMetadata"});
  c->id = contact.Text({"ContactId"});
  if (c->id.empty()) c->id = record.Text({"ContactId", "JobName"});
  if (c->id.empty()) c->id = document.stem();
  c->language = record.Text({"LanguageCode"});
  const Fields content = record.Object({"ContentMetadata"});
  if (content.Text({"Output"}) == "Redacted") AppendField(&c->attributes, "redacted", true);
  const Fields traits = record.Object({"ConversationCharacteristics"});
  if (const Json* sentiment = traits.Find({"Sentiment"})) {
    AppendField(&c->attributes, "vendor_sentiment", *sentiment);
  }
  const Fields categories = record.Object({"Categories"});
  if (const Json* matched = categories.Find({"MatchedCategories"})) {
    AppendField(&c->attributes, "categories", *matched);
  }
}

/// Confidences of the words of one segment ("Items", Call Analytics only).
std::vector<double> ReadConfidence(const Fields& segment) {
  std::vector<double> confidence;
  std::int64_t index = 0;
  for (const Json& json : segment.List({"Items"})) {
    const Fields item(json, segment.source(), {"Items", index++});
    if (item.Text({"Type"}) == "punctuation") continue;
    if (const auto value = item.Number({"Confidence"})) confidence.push_back(*value);
  }
  return confidence;
}

Conversation ReadCall(const Document& document, const ImportOptions& options) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  c.channel = Channel::kVoice;
  ReadCommon(document, record, &c);
  const RolesById roles = ReadRoles(record);
  std::vector<SpeechSegment> segments;
  std::int64_t index = 0;
  for (const Json& json : record.NeedList({"Transcript"})) {
    const Fields item(json, source, {"Transcript", index++});
    SpeechSegment segment;
    segment.speaker = ReadContactLensSpeaker(item, roles);
    segment.text = item.NeedText({"Content"});
    segment.begin = item.NeedNumber({"BeginOffsetMillis"}) / 1000;
    if (segment.begin < 0) item.Refuse("BeginOffsetMillis", segment.begin, "0 or more");
    if (const auto end = item.Number({"EndOffsetMillis"})) segment.end = *end / 1000;
    segment.confidence = ReadConfidence(item);
    if (item.Has({"Sentiment"})) segment.sentiment = item.Text({"Sentiment"});
    segments.push_back(std::move(segment));
  }
  SegmentsToTurns(std::move(segments), options.turns, &c);
  return c;
}

/// Chat analysis has its sentiment beside the transcript, by groups of message ids.
std::map<std::string, std::string> ReadChatSentiment(const Fields& record) {
  std::map<std::string, std::string> by_id;
  const Fields traits = record.Object({"ConversationCharacteristics"});
  const Fields sentiment = traits.Object({"Sentiment"});
  std::int64_t index = 0;
  for (const Json& json : sentiment.List({"DetailsByTranscriptItemGroup"})) {
    const Fields group(json, record.source(), {"DetailsByTranscriptItemGroup", index++});
    for (const Json& item : group.List({"TranscriptItems"})) {
      by_id[Fields(item, record.source(), {"TranscriptItems", 0}).Text({"Id"})] =
          group.Text({"Sentiment"});
    }
  }
  return by_id;
}

Conversation ReadChat(const Document& document) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  c.channel = Channel::kChat;
  ReadCommon(document, record, &c);
  // The groups of ids are of use with the messages only.
  if (const auto kept = c.attributes.find("vendor_sentiment"); kept != c.attributes.end()) {
    if (kept->is_object()) kept->erase("DetailsByTranscriptItemGroup");
  }
  const RolesById roles = ReadRoles(record);
  const auto sentiment = ReadChatSentiment(record);
  std::int64_t index = 0;
  for (const Json& json : record.NeedList({"Transcript"})) {
    const Fields item(json, source, {"Transcript", index++});
    if (item.Text({"Type"}) != "MESSAGE") continue;
    const std::string type = item.Text({"ContentType"});
    if (!type.empty() && type != "text/plain" && type != "text/markdown") continue;
    Turn turn;
    turn.speaker = ReadContactLensSpeaker(item, roles);
    turn.text = item.NeedText({"Content"});
    turn.at = item.Time({"AbsoluteTime"});
    if (const auto found = sentiment.find(item.Text({"Id"})); found != sentiment.end()) {
      AppendField(&turn.extra, "vendor_sentiment", found->second);
    }
    if (turn.speaker != Speaker::kBot) {
      AddParticipant(turn.speaker, item.Text({"DisplayName"}), &c);
    }
    if (turn.speaker == Speaker::kAgent && c.agent_id.empty()) {
      c.agent_id = item.Text({"ParticipantId"});
    }
    c.turns.push_back(std::move(turn));
  }
  SetTimes(std::nullopt, &c);
  return c;
}

bool HasTranscript(const Document& document) {
  if (!document.json || !document.json->is_object()) return false;
  const auto found = document.json->find("Transcript");
  return found != document.json->end() && found->is_array();
}

class ContactLens : public DocumentFormat {
 public:
  std::string name() const override { return "contact-lens"; }
  std::string describe() const override {
    return "Amazon Connect Contact Lens, calls and chats, raw or redacted; Connect chat "
           "transcripts";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    return HasTranscript(document) && !document.json->contains("JobName") &&
           (document.json->contains("Version") || document.json->contains("Channel"));
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    const JsonSource source = document.source();
    const Fields record(*document.json, source);
    const std::string channel = record.Text({"Channel"});
    const bool chat = channel == "CHAT" || (channel.empty() && record.Has({"ContactId"}));
    if (!chat && channel != "VOICE") {
      record.Refuse("Channel", channel, "VOICE or CHAT");
    }
    out->Add(chat ? ReadChat(document) : ReadCall(document, options));
  }
};

class CallAnalytics : public DocumentFormat {
 public:
  std::string name() const override { return "call-analytics"; }
  std::string describe() const override { return "Amazon Transcribe Call Analytics, post-call"; }
  bool Matches(const Document& document, const ImportOptions&) const override {
    return HasTranscript(document) && document.json->contains("JobName");
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    out->Add(ReadCall(document, options));
  }
};

}  // namespace

const DocumentFormat& ContactLensFormat() {
  static const ContactLens format;
  return format;
}

const DocumentFormat& CallAnalyticsFormat() {
  static const CallAnalytics format;
  return format;
}

}  // namespace arcsat
