// Genesys Cloud speech and text analytics: the transcript behind a communication's transcript URL.
#include <algorithm>
#include <map>
#include <utility>

#include "data/importers/document.h"

namespace arcsat {
namespace {

Speaker ReadPurpose(const Fields& phrase) {
  const std::string purpose = phrase.NeedText({"participantPurpose"});
  if (purpose == "external" || purpose == "customer") return Speaker::kCustomer;
  if (purpose == "internal" || purpose == "agent" || purpose == "user") return Speaker::kAgent;
  if (purpose == "acd" || purpose == "ivr" || purpose == "bot" || purpose == "botflow" ||
      purpose == "workflow") {
    return Speaker::kBot;
  }
  phrase.Refuse("participantPurpose", purpose, "internal, external, agent, customer, acd or ivr");
}

struct Phrases {
  std::vector<SpeechSegment> segments;  ///< begin as it stands in the file, in seconds
  double first = 0;                     ///< lowest begin
};

std::map<std::int64_t, Json> ReadSentiment(const Fields& transcript) {
  std::map<std::int64_t, Json> by_phrase;
  const Fields analytics = transcript.Object({"analytics"});
  std::int64_t index = 0;
  for (const Json& json : analytics.List({"sentiment"})) {
    const Fields item(json, transcript.source(), {"sentiment", index++});
    const auto phrase = item.Number({"phraseIndex"});
    const auto value = item.Number({"sentiment"});
    if (phrase && value && *phrase >= 0 && *phrase < 1e9) {
      by_phrase[static_cast<std::int64_t>(*phrase)] = NumberToJson(*value);
    }
  }
  return by_phrase;
}

void ReadTranscript(const Fields& transcript, Phrases* out) {
  const auto sentiment = ReadSentiment(transcript);
  std::int64_t index = 0;
  for (const Json& json : transcript.List({"phrases"})) {
    const Fields phrase(json, transcript.source(), {"phrases", index});
    SpeechSegment segment;
    segment.speaker = ReadPurpose(phrase);
    // The decorated text has punctuation and case.
    segment.text = phrase.Text({"decoratedText"});
    if (segment.text.empty()) segment.text = phrase.NeedText({"text"});
    segment.begin = phrase.NeedNumber({"startTimeMs"}) / 1000;
    if (segment.begin < 0) phrase.Refuse("startTimeMs", segment.begin, "0 or more");
    if (const auto length = phrase.Object({"duration"}).Number({"totalMilliseconds"})) {
      segment.end = segment.begin + *length / 1000;
    }
    for (const Json& word : phrase.List({"words"})) {
      const Fields fields(word, transcript.source(), {"words", 0});
      if (const auto value = fields.Number({"confidence"})) segment.confidence.push_back(*value);
    }
    const auto number = phrase.Number({"phraseIndex"});
    const auto found = sentiment.find(
        number && *number >= 0 && *number < 1e9 ? static_cast<std::int64_t>(*number) : index);
    if (found != sentiment.end()) segment.sentiment = found->second;
    out->first = out->segments.empty() ? segment.begin : std::min(out->first, segment.begin);
    out->segments.push_back(std::move(segment));
    ++index;
  }
}

/// Ids of those who took part.
void ReadParticipants(const Fields& record, Conversation* c) {
  std::int64_t index = 0;
  for (const Json& json : record.List({"participants"})) {
    const Fields person(json, record.source(), {"participants", index++});
    const std::string purpose = person.Text({"participantPurpose"});
    if ((purpose == "internal" || purpose == "agent") && c->agent_id.empty()) {
      c->agent_id = person.Text({"userId"});
      c->team = person.Text({"teamId"});
    }
  }
}

class Genesys : public DocumentFormat {
 public:
  std::string name() const override { return "genesys"; }
  std::string describe() const override {
    return "Genesys Cloud speech and text analytics transcripts, calls and messages";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json || !document.json->is_object()) return false;
    const auto found = document.json->find("transcripts");
    return found != document.json->end() && found->is_array() && !found->empty() &&
           found->front().is_object() && found->front().contains("phrases");
  }

  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    const JsonSource source = document.source();
    const Fields record(*document.json, source);
    Conversation c;
    c.id = record.Text({"conversationId"});
    if (c.id.empty()) c.id = document.stem();
    const std::string media = record.Text({"mediaType"});
    const bool voice = media.empty() || media == "call" || media == "voice" || media == "callback";
    c.channel = voice ? Channel::kVoice : Channel::kChat;
    Phrases phrases;
    auto start = record.Time({"conversationStartTime", "startTime"});
    std::int64_t index = 0;
    for (const Json& json : record.List({"transcripts"})) {
      const Fields transcript(json, source, {"transcripts", index++});
      if (c.language.empty()) c.language = transcript.Text({"language"});
      if (!start) start = transcript.Time({"startTime"});
      ReadTranscript(transcript, &phrases);
    }
    ReadParticipants(record, &c);
    // Ten years of seconds lie between the longest call and the earliest time since 1970.
    if (phrases.first >= 1e8) {
      if (!start || *start > phrases.first) start = phrases.first;
      for (SpeechSegment& segment : phrases.segments) {
        segment.begin -= *start;
        if (segment.end) *segment.end -= *start;
      }
    }
    TurnRules rules = options.turns;
    rules.join = rules.join && voice;
    SegmentsToTurns(std::move(phrases.segments), rules, &c);
    Conversation empty;
    SetTimes(start, &empty);
    c.started_at = empty.started_at;
    out->Add(std::move(c));
  }
};

}  // namespace

const DocumentFormat& GenesysFormat() {
  static const Genesys format;
  return format;
}

}  // namespace arcsat
