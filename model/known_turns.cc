#include "model/known_turns.h"

#include <utility>

#include "data/encoded.h"
#include "model/known_turns_file.h"

namespace arcsat {
namespace {

constexpr std::int64_t kEntryBytes = 512;  // of an entry besides tokens and states, about

}  // namespace

std::size_t KnownTurns::Hash::operator()(const std::vector<std::int32_t>* tokens) const {
  return static_cast<std::size_t>(HashTokens(0, *tokens));
}

std::int64_t KnownTurns::BytesOf(const Entry& entry) {
  return static_cast<std::int64_t>(entry.states.nbytes() + entry.tokens->size() * 4) + kEntryBytes;
}

torch::Tensor KnownTurns::Find(const Tokens& tokens) {
  const auto found = places_.find(tokens.get());
  if (found == places_.end()) {
    torch::Tensor states = file_ != nullptr ? file_->Find(*tokens) : torch::Tensor();
    if (states.defined()) KeepInMemory(tokens, states);
    return states;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  ++found_;
  return found->second->states;
}

void KnownTurns::Keep(const Tokens& tokens, torch::Tensor states) {
  if (places_.contains(tokens.get())) return;  // a batch may hold equal lists
  if (file_ != nullptr) file_->Keep(*tokens, states);
  KeepInMemory(tokens, std::move(states));
}

void KnownTurns::KeepInMemory(const Tokens& tokens, torch::Tensor states) {
  if (most_ == 0) return;
  entries_.push_front({tokens, std::move(states)});
  places_.emplace(tokens.get(), entries_.begin());
  bytes_ += BytesOf(entries_.front());
  while (bytes_ > most_) {
    const Entry& last = entries_.back();
    bytes_ -= BytesOf(last);
    places_.erase(last.tokens.get());
    entries_.pop_back();
  }
}

}  // namespace arcsat
