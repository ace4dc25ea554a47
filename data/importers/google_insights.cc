// Google Conversational Insights (CCAI): the conversation data format that is uploaded (`entries`),
// and the conversation resource that is exported (`transcript.transcriptSegments`).
#include <algorithm>
#include <utility>

#include "data/importers/document.h"

namespace arcsat {
namespace {

Speaker ReadRole(const Fields& item) {
  const std::string role = item.NeedText({"role"});
  if (role == "CUSTOMER" || role == "END_USER") return Speaker::kCustomer;
  if (role == "AGENT" || role == "HUMAN_AGENT") return Speaker::kAgent;
  if (role == "AUTOMATED_AGENT") return Speaker::kBot;
  item.Refuse("role", role, "CUSTOMER, AGENT, END_USER, HUMAN_AGENT or AUTOMATED_AGENT");
}

/// What QualityMetadata knows of the conversation; the snake-case names are the upload's.
void ReadQuality(const Fields& quality, const ImportOptions& options, Conversation* c) {
  for (const char* name : {"customerSatisfactionRating", "customer_satisfaction_rating"}) {
    if (quality.Has({name})) c->survey = ReadAnswer(quality, name, options.scale);
  }
  std::int64_t index = 0;
  for (const Json& json : quality.List({"agentInfo", "agent_info"})) {
    const Fields agent(json, quality.source(), {"agentInfo", index++});
    if (c->agent_id.empty()) c->agent_id = agent.Text({"agentId", "agent_id"});
    if (c->team.empty()) c->team = agent.Text({"team"});
    AddParticipant(Speaker::kAgent, agent.Text({"displayName", "display_name"}), c);
  }
  const std::string menu = quality.Text({"menuPath", "menu_path"});
  if (!menu.empty()) AppendField(&c->attributes, "menu_path", menu);
}

void ReadCommon(const Document& document, const Fields& record, const ImportOptions& options,
                Conversation* c) {
  c->id = record.Text({"name", "conversation_id", "conversationId"});
  c->id.erase(0, c->id.find_last_of('/') + 1);
  if (c->id.empty()) c->id = document.stem();
  c->language = record.Text({"languageCode", "language_code"});
  c->agent_id = record.Text({"agentId", "agent_id"});
  ReadQuality(record.Object({"qualityMetadata", "QualityMetadata", "quality_metadata"}), options,
              c);
  if (const Json* labels = record.Find({"labels"})) AppendField(&c->attributes, "labels", *labels);
  const std::string medium = record.Text({"medium"});
  if (medium == "PHONE_CALL") c->channel = Channel::kVoice;
  if (medium == "CHAT") c->channel = Channel::kChat;
}

/// `entries`: times are microseconds, since 1970 or since the start.
Conversation ReadEntries(const Document& document, const ImportOptions& options) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  ReadCommon(document, record, options, &c);
  const Fields info = record.Object({"conversation_info", "conversationInfo"});
  std::int64_t index = 0;
  for (const Json& json : info.List({"categories"})) {
    const Fields category(json, source, {"categories", index++});
    c.problem_type +=
        (c.problem_type.empty() ? "" : "+") + category.Text({"display_name", "displayName"});
  }
  bool since_1970 = true;
  index = 0;
  for (const Json& json : record.NeedList({"entries"})) {
    const Fields entry(json, source, {"entries", index++});
    Turn turn;
    turn.speaker = ReadRole(entry);
    turn.text = entry.NeedText({"text"});
    if (const auto time = entry.Number({"start_timestamp_usec", "startTimestampUsec"})) {
      if (*time < 0) entry.Refuse("start_timestamp_usec", *time, "0 or more");
      turn.at = *time / 1e6;
      since_1970 = since_1970 && *time >= 1e14;
    }
    c.turns.push_back(std::move(turn));
  }
  if (since_1970) SetTimes(std::nullopt, &c);
  return c;
}

double Seconds(const Fields& item, Fields::Names names) {
  std::string text = item.Text(names);
  if (text.ends_with('s')) text.pop_back();
  return NumberOf(text).value_or(0);
}

/// The exported resource. A call's segments follow the rules for voice.
Conversation ReadResource(const Document& document, const ImportOptions& options) {
  const JsonSource source = document.source();
  const Fields record(*document.json, source);
  Conversation c;
  ReadCommon(document, record, options, &c);
  const bool voice = c.channel == Channel::kVoice;
  const auto start = record.Time({"startTime", "start_time"});
  std::vector<SpeechSegment> segments;
  const Fields transcript = record.Object({"transcript"});
  std::int64_t index = 0;
  for (const Json& json : transcript.NeedList({"transcriptSegments", "transcript_segments"})) {
    const Fields item(json, source, {"transcriptSegments", index++});
    SpeechSegment segment;
    segment.speaker = ReadRole(item.Object({"segmentParticipant", "segment_participant"}));
    segment.text = item.NeedText({"text"});
    if (const Json* sentiment = item.Find({"sentiment"})) segment.sentiment = *sentiment;
    const Json& words = item.List({"words"});
    for (const Json& word : words) {
      const Fields fields(word, source, {"words", 0});
      if (const auto value = fields.Number({"confidence"})) segment.confidence.push_back(*value);
    }
    const auto time = item.Time({"messageTime", "message_time"});
    if (!words.empty()) {
      segment.begin = Seconds(Fields(words.front(), source), {"startOffset", "start_offset"});
      segment.end = Seconds(Fields(words.back(), source), {"endOffset", "end_offset"});
    } else if (time) {
      segment.begin = voice && start ? std::max(0.0, *time - *start) : *time;
    }
    if (voice) {
      segments.push_back(std::move(segment));
      continue;
    }
    Turn turn{segment.speaker, std::move(segment.text), time, {}, Json::object()};
    if (!segment.sentiment.is_null()) {
      AppendField(&turn.extra, "vendor_sentiment", std::move(segment.sentiment));
    }
    c.turns.push_back(std::move(turn));
  }
  if (voice) {
    SegmentsToTurns(std::move(segments), options.turns, &c);
    Conversation empty;
    SetTimes(start, &empty);
    c.started_at = empty.started_at;
  } else {
    SetTimes(start, &c);
  }
  return c;
}

class GoogleInsights : public DocumentFormat {
 public:
  std::string name() const override { return "google-insights"; }
  std::string describe() const override {
    return "Google Conversational Insights: conversation data (entries) and exported conversations";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json || !document.json->is_object()) return false;
    const Json& json = *document.json;
    if (const auto entries = json.find("entries"); entries != json.end()) {
      return entries->is_array() && !entries->empty() && entries->front().is_object() &&
             entries->front().contains("text") && entries->front().contains("role");
    }
    const auto transcript = json.find("transcript");
    return transcript != json.end() && transcript->is_object() &&
           (transcript->contains("transcriptSegments") ||
            transcript->contains("transcript_segments"));
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    out->Add(document.json->contains("entries") ? ReadEntries(document, options)
                                                : ReadResource(document, options));
  }
};

}  // namespace

const DocumentFormat& GoogleInsightsFormat() {
  static const GoogleInsights format;
  return format;
}

}  // namespace arcsat
