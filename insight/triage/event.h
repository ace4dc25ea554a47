#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "data/conversation.h"

namespace arcsat {

/// A turn as it happens, or the end of a conversation: the record of docs/triage.md, a JSON object
/// a line (data/schema/turn_event.schema.json).
struct TurnEvent {
  std::string event;         ///< its id: the same one sent again is taken once
  std::string conversation;  ///< the conversation's id
  int place = 0;             ///< `i`: its place in the conversation, counted from 0 without gaps
  std::optional<Turn> turn;  ///< empty: the event only ends the conversation
  bool ended = false;        ///< the conversation ended with it
  // Known of the conversation: the channel, which the scores depend on, is taken from place 0
  // alone, the others from the lowest place that has them.
  std::optional<Channel> channel;
  std::string started_at, agent_id, customer_id, problem_type, team, language;
};

/// Longest id that is taken, in bytes.
inline constexpr std::size_t kLongestId = 256;
/// Places are below this.
inline constexpr int kMostPlaces = 1'000'000;

/// Reads one JSON line. `place` ("events.jsonl:17") begins every message. Throws Error on anything
/// that the schema refuses. Unknown fields are ignored.
TurnEvent ParseTurnEvent(std::string_view line, const std::string& place);
TurnEvent ReadTurnEvent(Json record, const std::string& place);

/// One line of JSON without the newline; ParseTurnEvent(ToJsonLine(e)) == e.
std::string ToJsonLine(const TurnEvent& event);

/// Facts of the conversation beside its channel.
inline constexpr std::size_t kFactCount = 6;
/// The place that each fact is from; -1 where it is not known.
using FactPlaces = std::array<int, kFactCount>;

/// Puts the event's facts where `conversation` has none yet. Events are given by rising place.
void TakeFacts(const TurnEvent& event, Conversation* conversation, FactPlaces* places);

/// The facts known up to `place`, in a conversation without turns.
Conversation FactsUpTo(const Conversation& conversation, const FactPlaces& places, int place);

}  // namespace arcsat
