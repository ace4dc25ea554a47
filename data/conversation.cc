#include "data/conversation.h"

#include <cmath>
#include <utility>

#include "data/error.h"
#include "data/json.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

constexpr double kLowestRating = 1, kHighestRating = 5;

/// A field that is null says the same as one that is missing.
bool Missing(const Json& value) { return value.is_null(); }

std::string TakeTimestamp(Json* value, const JsonSource& source, const JsonField& field) {
  std::string text = TakeString(value, source, field);
  if (!text.empty() && !ParseTimestamp(text)) {
    RefuseField(source, field, text, "an ISO 8601 time such as 2026-01-05T09:30:00Z");
  }
  return text;
}

Speaker ReadSpeaker(const Json& value, const JsonSource& source, const JsonField& field) {
  for (const Speaker speaker : {Speaker::kCustomer, Speaker::kAgent, Speaker::kBot}) {
    if (value == Name(speaker)) return speaker;
  }
  RefuseField(source, field, value, "\"customer\", \"agent\" or \"bot\"");
}

Channel ReadChannel(const Json& value, const JsonSource& source, const JsonField& field) {
  for (const Channel channel : {Channel::kChat, Channel::kVoice}) {
    if (value == Name(channel)) return channel;
  }
  RefuseField(source, field, value, "\"chat\" or \"voice\"");
}

std::vector<double> ReadRatings(const Json& value, const JsonSource& source,
                                const JsonField& field) {
  if (!value.is_array()) RefuseField(source, field, value, "a list of ratings from 1 to 5");
  std::vector<double> ratings;
  for (const Json& item : value) {
    const double rating = TakeNumber(item, source, field);
    if (!(rating >= kLowestRating && rating <= kHighestRating)) {
      RefuseField(source, field, item, "ratings from 1 to 5");
    }
    ratings.push_back(rating);
  }
  return ratings;
}

Turn ReadTurn(Json* value, const JsonSource& source, std::int64_t index) {
  if (!value->is_object()) RefuseField(source, {"", index}, *value, "an object");
  Turn turn;
  bool has_speaker = false, has_text = false;
  for (auto& [key, field] : value->get_ref<Json::object_t&>()) {
    const JsonField name{key, index};
    if (key == "speaker") {
      turn.speaker = ReadSpeaker(field, source, name);
      has_speaker = true;
    } else if (key == "text") {
      turn.text = TakeString(&field, source, name);
      has_text = true;
    } else if (key == "at") {
      if (Missing(field)) continue;
      turn.at = TakeNumber(field, source, name);
      if (!(*turn.at >= 0)) RefuseField(source, name, field, "seconds from the start, 0 or more");
    } else if (key == "satisfaction") {
      if (!Missing(field)) turn.satisfaction = ReadRatings(field, source, name);
    } else {
      AppendField(&turn.extra, key, std::move(field));
    }
  }
  if (!has_speaker) RefuseMissing(source, {"speaker", index}, "who said it");
  if (!has_text) RefuseMissing(source, {"text", index}, "what was said");
  return turn;
}

void ReadScale(const Json& value, const JsonSource& source, Survey* survey) {
  const JsonField name{"survey.scale"};
  const std::string expected = "[lowest, highest], two numbers, the first below the second";
  if (!value.is_array() || value.size() != 2) RefuseField(source, name, value, expected);
  survey->scale_low = TakeNumber(value[0], source, name);
  survey->scale_high = TakeNumber(value[1], source, name);
  if (!(survey->scale_low < survey->scale_high)) {
    throw Error({source.place + ": survey.scale", "found " + value.dump(), "expected " + expected,
                 source.remedy});
  }
}

Survey ReadSurvey(Json* value, const JsonSource& source) {
  if (!value->is_object()) RefuseField(source, {"survey"}, *value, "an object");
  Survey survey;
  for (auto& [key, field] : value->get_ref<Json::object_t&>()) {
    if (key == "offered") {
      survey.offered = TakeBool(field, source, {"survey.offered"});
    } else if (key == "score") {
      if (!Missing(field)) survey.score = TakeNumber(field, source, {"survey.score"});
    } else if (key == "scale") {
      if (!Missing(field)) ReadScale(field, source, &survey);
    } else if (key == "answered_at") {
      if (Missing(field)) continue;
      survey.answered_at = TakeTimestamp(&field, source, {"survey.answered_at"});
    } else {
      AppendField(&survey.extra, key, std::move(field));
    }
  }
  if (survey.score && !survey.offered) {
    RefuseField(source, {"survey.score"}, NumberToJson(*survey.score),
                "null, since survey.offered is false");
  }
  // The scale may follow the score, so the two are compared only now.
  if (survey.score && !(*survey.score >= survey.scale_low && *survey.score <= survey.scale_high)) {
    RefuseField(source, {"survey.score"}, NumberToJson(*survey.score),
                "a number from " + NumberToJson(survey.scale_low).dump() + " to " +
                    NumberToJson(survey.scale_high).dump() + ", the survey's scale");
  }
  return survey;
}

/// The optional fields that are plain strings, or nullptr.
std::string* StringField(Conversation* c, const std::string& key) {
  if (key == "language") return &c->language;
  if (key == "agent_id") return &c->agent_id;
  if (key == "customer_id") return &c->customer_id;
  if (key == "problem_type") return &c->problem_type;
  if (key == "team") return &c->team;
  return nullptr;
}

void ReadTurns(Json* value, const JsonSource& source, Conversation* c) {
  if (!value->is_array()) RefuseField(source, {"turns"}, *value, "a list of turns");
  c->turns.reserve(value->size());
  std::int64_t index = 0;
  for (Json& turn : *value) c->turns.push_back(ReadTurn(&turn, source, index++));
}

/// Reads one optional field of the record; what the program does not know is kept.
void ReadOptional(const std::string& key, Json* field, const JsonSource& source, Conversation* c) {
  std::string* const text = StringField(c, key);
  const bool known = text != nullptr || key == "channel" || key == "started_at" ||
                     key == "survey" || key == "escalated" || key == "attributes";
  if (!known) {
    AppendField(&c->extra, key, std::move(*field));
  } else if (Missing(*field)) {
    return;
  } else if (text != nullptr) {
    *text = TakeString(field, source, {key});
  } else if (key == "channel") {
    c->channel = ReadChannel(*field, source, {key});
  } else if (key == "started_at") {
    c->started_at = TakeTimestamp(field, source, {key});
  } else if (key == "survey") {
    c->survey = ReadSurvey(field, source);
  } else if (key == "escalated") {
    c->escalated = TakeBool(*field, source, {key});
  } else {
    if (!field->is_object()) RefuseField(source, {key}, *field, "an object");
    c->attributes = std::move(*field);
  }
}

Json TurnToJson(const Turn& turn) {
  Json out = {{"speaker", Name(turn.speaker)}, {"text", turn.text}};
  if (turn.at) AppendField(&out, "at", NumberToJson(*turn.at));
  if (!turn.satisfaction.empty()) {
    Json ratings = Json::array();
    for (const double rating : turn.satisfaction) ratings.push_back(NumberToJson(rating));
    AppendField(&out, "satisfaction", std::move(ratings));
  }
  for (const auto& [key, value] : turn.extra.items()) AppendField(&out, key, value);
  return out;
}

Json SurveyToJson(const Survey& survey) {
  Json out = {{"offered", survey.offered},
              {"score", survey.score ? NumberToJson(*survey.score) : Json(nullptr)}};
  AppendField(&out, "scale",
              Json::array({NumberToJson(survey.scale_low), NumberToJson(survey.scale_high)}));
  if (!survey.answered_at.empty()) AppendField(&out, "answered_at", survey.answered_at);
  for (const auto& [key, value] : survey.extra.items()) AppendField(&out, key, value);
  return out;
}

}  // namespace

Conversation ParseConversation(std::string_view line, const std::string& place) {
  const JsonSource source{place};
  Json record = ParseJson(line, source);
  if (!record.is_object()) RefuseField(source, {""}, record, "a conversation, a JSON object");
  Conversation c;
  bool has_turns = false;
  for (auto& [key, field] : record.get_ref<Json::object_t&>()) {
    if (key == "id") {
      c.id = TakeString(&field, source, {key});
      if (c.id.empty()) RefuseField(source, {key}, "", "a string that is not empty");
    } else if (key == "turns") {
      ReadTurns(&field, source, &c);
      has_turns = true;
    } else {
      ReadOptional(key, &field, source, &c);
    }
  }
  if (c.id.empty()) RefuseMissing(source, {"id"}, "the conversation's identifier, a string");
  if (!has_turns) RefuseMissing(source, {"turns"}, "the list of turns");
  return c;
}

std::string ToJsonLine(const Conversation& c) {
  Json out = {{"id", c.id}};
  const auto text = [&out](const char* key, const std::string& value) {
    if (!value.empty()) AppendField(&out, key, value);
  };
  if (c.channel) AppendField(&out, "channel", Name(*c.channel));
  text("started_at", c.started_at);
  text("language", c.language);
  text("agent_id", c.agent_id);
  text("customer_id", c.customer_id);
  text("problem_type", c.problem_type);
  text("team", c.team);
  Json turns = Json::array();
  turns.get_ref<Json::array_t&>().reserve(c.turns.size());
  for (const Turn& turn : c.turns) turns.push_back(TurnToJson(turn));
  AppendField(&out, "turns", std::move(turns));
  if (c.survey) AppendField(&out, "survey", SurveyToJson(*c.survey));
  if (c.escalated) AppendField(&out, "escalated", *c.escalated);
  if (!c.attributes.empty()) AppendField(&out, "attributes", c.attributes);
  for (const auto& [key, value] : c.extra.items()) AppendField(&out, key, value);
  return DumpJson(out, "conversation " + c.id);
}

const char* Name(Speaker speaker) {
  switch (speaker) {
    case Speaker::kCustomer:
      return "customer";
    case Speaker::kAgent:
      return "agent";
    case Speaker::kBot:
      return "bot";
  }
  return "";
}

const char* Name(Channel channel) { return channel == Channel::kChat ? "chat" : "voice"; }

}  // namespace arcsat
