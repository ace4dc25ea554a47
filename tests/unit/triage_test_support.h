#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "insight/triage/engine.h"

namespace arcsat {

/// A scorer whose words are the figures: a customer's turn "0.3" has state and outlook 0.3, one of
/// other words the figures of the customer's turn before (0.5 at first).
class WordScorer : public TurnScorer {
 public:
  std::vector<Score> ScoreGrown(std::span<const GrownConversation> grown) override {
    ++calls;
    std::vector<Score> scores;
    for (const GrownConversation& one : grown) {
      largest = std::max(largest, grown.size());
      kept[one.conversation->id].push_back(one.kept);
      scores.push_back(ScoreWords(*one.conversation));
    }
    return scores;
  }
  void Forget(const std::string& id) override { forgotten.push_back(id); }

  static Score ScoreWords(const Conversation& c) {
    Score score;
    score.id = c.id;
    double state = 0.5;
    for (std::size_t i = 0; i < c.turns.size(); ++i) {
      if (c.turns[i].speaker != Speaker::kCustomer) continue;
      if (!c.turns[i].text.empty() && c.turns[i].text[0] == '0') state = std::stod(c.turns[i].text);
      score.turns.push_back({static_cast<int>(i), Speaker::kCustomer, state, state});
    }
    score.p_satisfied = state;
    score.entry = score.turns.empty() ? 0.5 : score.turns.front().state;
    score.exit = state;
    score.delta = score.exit - score.entry;
    score.model = "words";
    return score;
  }

  int calls = 0;
  std::size_t largest = 0;
  std::map<std::string, std::vector<int>> kept;
  std::vector<std::string> forgotten;
};

/// A customer's turn; `place` makes the event's id.
inline TurnEvent Said(const std::string& conversation, int place, const std::string& text) {
  TurnEvent event;
  event.conversation = conversation;
  event.event = conversation + ":" + std::to_string(place);
  event.place = place;
  event.turn = Turn{Speaker::kCustomer, text, place * 10.0, {}, Json::object()};
  return event;
}

inline TurnEvent Ended(const std::string& conversation, int place) {
  TurnEvent event;
  event.conversation = conversation;
  event.event = conversation + ":end";
  event.place = place;
  event.ended = true;
  return event;
}

}  // namespace arcsat
