#include "insight/triage/event.h"

#include <utility>

#include "data/json.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

const char kEventRemedy[] = "mend the event; docs/triage.md describes it";

using EventText = std::string TurnEvent::*;
using ConversationText = std::string Conversation::*;
struct Fact {
  const char* name;
  EventText in_event;
  ConversationText in_conversation;
};
constexpr std::array<Fact, kFactCount> kFacts = {{
    {"started_at", &TurnEvent::started_at, &Conversation::started_at},
    {"language", &TurnEvent::language, &Conversation::language},
    {"agent_id", &TurnEvent::agent_id, &Conversation::agent_id},
    {"customer_id", &TurnEvent::customer_id, &Conversation::customer_id},
    {"problem_type", &TurnEvent::problem_type, &Conversation::problem_type},
    {"team", &TurnEvent::team, &Conversation::team},
}};

std::string ReadId(Json* value, const JsonSource& source, const std::string& key) {
  std::string id = TakeString(value, source, {key});
  if (id.empty() || id.size() > kLongestId) {
    RefuseField(source, {key}, id, "an id of 1 to 256 bytes");
  }
  return id;
}

int ReadPlace(const Json& value, const JsonSource& source) {
  if (!value.is_number_integer() || value < 0 || value >= kMostPlaces) {
    RefuseField(source, {"i"}, value, "the turn's place, a whole number from 0 to 999999");
  }
  return value.get<int>();
}

Speaker ReadSpeaker(const Json& value, const JsonSource& source) {
  for (const Speaker speaker : {Speaker::kCustomer, Speaker::kAgent, Speaker::kBot}) {
    if (value == Name(speaker)) return speaker;
  }
  RefuseField(source, {"speaker"}, value, "\"customer\", \"agent\" or \"bot\"");
}

Channel ReadChannel(const Json& value, const JsonSource& source) {
  for (const Channel channel : {Channel::kChat, Channel::kVoice}) {
    if (value == Name(channel)) return channel;
  }
  RefuseField(source, {"channel"}, value, "\"chat\" or \"voice\"");
}

void ReadFact(const std::string& key, Json* value, const JsonSource& source, TurnEvent* event) {
  for (const Fact& fact : kFacts) {
    if (key != fact.name) continue;
    std::string text = TakeString(value, source, {key});
    if (key == "started_at" && !text.empty() && !ParseTimestamp(text)) {
      RefuseField(source, {key}, text, "an ISO 8601 time such as 2026-01-05T09:30:00Z");
    }
    event->*fact.in_event = std::move(text);
  }
}

/// What has been read of the turn itself.
struct Words {
  std::optional<Speaker> speaker;
  std::optional<std::string> text;
  std::optional<double> at;
};

void ReadField(const std::string& key, Json* value, const JsonSource& source, TurnEvent* event,
               Words* words) {
  if (value->is_null()) return;  // the same as missing
  if (key == "event") {
    event->event = ReadId(value, source, key);
  } else if (key == "conversation") {
    event->conversation = ReadId(value, source, key);
  } else if (key == "speaker") {
    words->speaker = ReadSpeaker(*value, source);
  } else if (key == "text") {
    words->text = TakeString(value, source, {key});
  } else if (key == "at") {
    words->at = TakeNumber(*value, source, {key});
    if (!(*words->at >= 0)) RefuseField(source, {key}, *value, "seconds from the start, 0 or more");
  } else if (key == "ended") {
    event->ended = TakeBool(*value, source, {key});
  } else if (key == "channel") {
    event->channel = ReadChannel(*value, source);
  } else {
    ReadFact(key, value, source, event);
  }
}

}  // namespace

TurnEvent ReadTurnEvent(Json record, const std::string& place) {
  const JsonSource source{place, kEventRemedy};
  if (!record.is_object()) RefuseField(source, {""}, record, "an event, a JSON object");
  TurnEvent event;
  event.place = -1;
  Words words;
  for (auto& [key, value] : record.get_ref<Json::object_t&>()) {
    if (key == "i" && !value.is_null()) {
      event.place = ReadPlace(value, source);
    } else {
      ReadField(key, &value, source, &event, &words);
    }
  }
  if (event.event.empty()) RefuseMissing(source, {"event"}, "the event's id, a string");
  if (event.conversation.empty()) RefuseMissing(source, {"conversation"}, "the conversation's id");
  if (event.place < 0) RefuseMissing(source, {"i"}, "the turn's place, counted from 0");
  const bool any = words.speaker || words.text;
  if (!any && event.ended) return event;
  if (!words.speaker) RefuseMissing(source, {"speaker"}, "who said it, or \"ended\": true");
  if (!words.text) RefuseMissing(source, {"text"}, "what was said");
  event.turn.emplace();
  event.turn->speaker = *words.speaker;
  event.turn->text = std::move(*words.text);
  event.turn->at = words.at;
  return event;
}

TurnEvent ParseTurnEvent(std::string_view line, const std::string& place) {
  return ReadTurnEvent(ParseJson(line, {place, kEventRemedy}), place);
}

std::string ToJsonLine(const TurnEvent& event) {
  Json out = {{"event", event.event}, {"conversation", event.conversation}, {"i", event.place}};
  if (event.turn) {
    AppendField(&out, "speaker", Name(event.turn->speaker));
    AppendField(&out, "text", event.turn->text);
    if (event.turn->at) AppendField(&out, "at", NumberToJson(*event.turn->at));
  }
  if (event.ended) AppendField(&out, "ended", true);
  if (event.channel) AppendField(&out, "channel", Name(*event.channel));
  for (const Fact& fact : kFacts) {
    if (!(event.*fact.in_event).empty()) AppendField(&out, fact.name, event.*fact.in_event);
  }
  return DumpJson(out, "event " + event.event);
}

void TakeFacts(const TurnEvent& event, Conversation* conversation, FactPlaces* places) {
  if (event.place == 0) conversation->channel = event.channel;
  for (std::size_t i = 0; i < kFactCount; ++i) {
    std::string& known = conversation->*kFacts[i].in_conversation;
    const std::string& told = event.*kFacts[i].in_event;
    if (!known.empty() || told.empty()) continue;
    known = told;
    (*places)[i] = event.place;
  }
}

Conversation FactsUpTo(const Conversation& conversation, const FactPlaces& places, int place) {
  Conversation known;
  known.id = conversation.id;
  known.channel = conversation.channel;
  for (std::size_t i = 0; i < kFactCount; ++i) {
    if (places[i] < 0 || places[i] > place) continue;
    known.*kFacts[i].in_conversation = conversation.*kFacts[i].in_conversation;
  }
  return known;
}

}  // namespace arcsat
