#include "insight/triage/engine.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace arcsat {
namespace {

// Ended conversations whose late events are still known for what they are.
constexpr std::size_t kRemembered = 200'000;

std::uint64_t Hash(const std::string& id) { return std::hash<std::string>{}(id); }

}  // namespace

const char* Name(Taken taken) {
  switch (taken) {
    case Taken::kNew:
      return "new";
    case Taken::kRepeated:
      return "repeated";
    case Taken::kConflict:
      return "conflict";
    case Taken::kAfterEnd:
      return "after_end";
    case Taken::kTooMany:
      return "too_many";
  }
  return "";
}

TriageEngine::TriageEngine(TurnScorer* scorer, const TriageOptions& options)
    : scorer_(scorer), options_(options) {}

TriageEngine::Following& TriageEngine::Follow(const std::string& id, double now) {
  const auto [found, added] = open_.try_emplace(id);
  Following& f = found->second;
  if (added) {
    f.conversation.id = id;
    f.facts.fill(-1);
    f.age = by_age_.insert(by_age_.end(), id);
  } else {
    by_age_.splice(by_age_.end(), by_age_, f.age);
  }
  f.last = now;
  return f;
}

Taken TriageEngine::Take(const TurnEvent& event, double now) {
  if (event.place >= options_.most_turns) return Taken::kTooMany;
  if (over_.count(Hash(event.conversation)) > 0) return Taken::kAfterEnd;
  Following& f = Follow(event.conversation, now);
  const Taken taken = Place(event, &f, now);
  if (taken == Taken::kNew) ++taken_;
  return taken;
}

Taken TriageEngine::Place(const TurnEvent& event, Following* f, double now) {
  const auto place = static_cast<std::size_t>(event.place);
  const auto waits = f->waiting.find(event.place);
  if (place < f->events.size() && !f->events[place].empty()) {
    return f->events[place] == event.event ? Taken::kRepeated : Taken::kConflict;
  }
  if (waits != f->waiting.end()) {
    return waits->second.event == event.event ? Taken::kRepeated : Taken::kConflict;
  }
  if (f->end >= 0 && event.place >= f->end) {
    return event.event == f->end_event ? Taken::kRepeated : Taken::kAfterEnd;
  }
  if (place < f->events.size()) {              // a turn that was given up, and came after all
    if (!event.turn) return Taken::kConflict;  // what came after it shows that it is no end
    f->events[place] = event.event;
    f->conversation.turns[place] = *event.turn;
    TakeFacts(event, &f->conversation, &f->facts);
    f->scored = std::min(f->scored, event.place);
    f->heard = std::min(f->heard, event.place);
    MakeDue(f);
    return Taken::kNew;
  }
  if (f->waiting.empty()) f->gap_since = now;
  f->waiting.emplace(event.place, event);
  Settle(f, now);
  return Taken::kNew;
}

/// Adds the waiting turns that have none missing before them.
void TriageEngine::Settle(Following* f, double now) {
  while (!f->waiting.empty() &&
         f->waiting.begin()->first == static_cast<int>(f->conversation.turns.size()) &&
         !f->over()) {
    Add(f->waiting.begin()->second, f);
    f->waiting.erase(f->waiting.begin());
    f->gap_since = now;
  }
  if (f->end >= 0) f->waiting.erase(f->waiting.lower_bound(f->end), f->waiting.end());
  if (f->waiting.empty()) {
    gaps_.erase(f->conversation.id);
  } else {
    gaps_.insert(f->conversation.id);
  }
  MakeDue(f);
}

void TriageEngine::Add(const TurnEvent& event, Following* f) {
  TakeFacts(event, &f->conversation, &f->facts);
  if (event.turn) {
    f->conversation.turns.push_back(*event.turn);
    f->events.push_back(event.event);
  } else {
    f->end_event = event.event;
  }
  if (event.ended) f->end = static_cast<int>(f->conversation.turns.size());
}

/// Empty turns for the missing ones before the first that waits.
void TriageEngine::Bridge(Following* f, double now) {
  while (!f->waiting.empty()) {
    while (static_cast<int>(f->conversation.turns.size()) < f->waiting.begin()->first) {
      f->conversation.turns.push_back({Speaker::kAgent, "", std::nullopt, {}, Json::object()});
      f->events.emplace_back();
    }
    Settle(f, now);
  }
}

void TriageEngine::Tick(double now) {
  std::vector<std::string> late;
  for (const std::string& id : gaps_) {
    if (now - open_.at(id).gap_since >= options_.gap_seconds) late.push_back(id);
  }
  for (const std::string& id : late) Bridge(&open_.at(id), now);
  for (const std::string& id : by_age_) {  // oldest first
    Following& f = open_.at(id);
    if (now - f.last < options_.idle_minutes * 60) break;
    Bridge(&f, now);
    if (f.end < 0) f.end = static_cast<int>(f.conversation.turns.size());
    MakeDue(&f);
  }
}

void TriageEngine::Finish() {
  const std::vector<std::string> late(gaps_.begin(), gaps_.end());
  for (const std::string& id : late) Bridge(&open_.at(id), open_.at(id).last);
}

bool TriageEngine::NeedsScore(const Following& f) const {
  if (f.over()) return !f.judged_end;
  for (std::size_t i = static_cast<std::size_t>(f.heard); i < f.conversation.turns.size(); ++i) {
    if (f.conversation.turns[i].speaker == Speaker::kCustomer) return true;
  }
  return false;
}

void TriageEngine::MakeDue(Following* f) {
  if (f->due || !NeedsScore(*f)) return;
  f->due = true;
  due_.push_back(f->conversation.id);
}

TriageRound TriageEngine::Round() {
  TriageRound round;
  const std::size_t n = std::min(due_.size(), static_cast<std::size_t>(options_.round));
  std::vector<GrownConversation> grown;
  for (std::size_t i = 0; i < n; ++i) {
    const Following& f = open_.at(due_[i]);
    grown.push_back({&f.conversation, f.scored});
  }
  round.scores = scorer_->ScoreGrown(grown);
  for (std::size_t i = 0; i < n; ++i) {
    Following& f = open_.at(due_[i]);
    f.scored = f.heard = static_cast<int>(f.conversation.turns.size());
    f.due = false;
    round.heard.push_back(f.heard);
    Judged(round.scores[i], &f, &round);
    if (f.over()) {
      f.judged_end = true;
      round.closed.push_back(due_[i]);
    }
  }
  due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(n));
  for (const std::string& id : round.closed) Close(id);
  return round;
}

void TriageEngine::Judged(const Score& score, Following* f, TriageRound* round) {
  for (const RuleFinding& finding : Judge(score, f->over(), options_)) {
    if (!f->raised.insert(finding.reason).second) continue;
    const int place = score.turns[finding.turn].index;
    const int known = finding.reason == AlertReason::kEnded ? f->end : place;
    round->alerts.push_back(MakeAlert(finding, score, FactsUpTo(f->conversation, f->facts, known),
                                      f->conversation.turns[static_cast<std::size_t>(place)].at,
                                      options_));
  }
}

void TriageEngine::Close(const std::string& id) {
  scorer_->Forget(id);
  gaps_.erase(id);
  by_age_.erase(open_.at(id).age);
  open_.erase(id);
  Over(id);
}

void TriageEngine::Raised(const std::string& conversation, AlertReason reason) {
  const auto found = open_.find(conversation);
  if (found != open_.end()) found->second.raised.insert(reason);
}

void TriageEngine::Heard(const std::unordered_map<std::string, int>& turns) {
  for (const auto& [id, heard] : turns) {
    const auto found = open_.find(id);
    if (found == open_.end()) continue;
    Following& f = found->second;
    f.heard = std::min(heard, static_cast<int>(f.conversation.turns.size()));
    f.due = f.due && NeedsScore(f);
  }
  std::erase_if(due_, [this](const std::string& id) { return !open_.at(id).due; });
}

void TriageEngine::Over(const std::string& conversation) {
  const std::uint64_t hash = Hash(conversation);
  if (!over_.insert(hash).second) return;
  over_order_.push_back(hash);
  if (over_order_.size() <= kRemembered) return;
  over_.erase(over_order_.front());
  over_order_.pop_front();
}

}  // namespace arcsat
