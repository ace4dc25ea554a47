#include "model/known_turns.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "data/encoded.h"
#include "model/known_turns_file.h"

namespace arcsat {
namespace {

constexpr std::int64_t kBlocks = 16;       // of the memory allowed
constexpr std::int64_t kPlaceBytes = 160;  // of a place besides its states and tokens, about

/// What a text takes in a block: its states, and as if the rest lay there, too.
std::int64_t BytesOf(std::size_t tokens, std::int64_t rows, std::int64_t width) {
  return (static_cast<std::int64_t>(tokens) + rows * width) * 4 + kPlaceBytes;
}

}  // namespace

torch::Tensor KnownTurns::StatesAt(const Place& place) const {
  const Block& block = blocks_[static_cast<std::size_t>(place.block - dropped_)];
  return block.states.narrow(0, place.begin, place.rows * width_).view({place.rows, width_});
}

torch::Tensor KnownTurns::Find(const Tokens& tokens) {
  const std::uint64_t key = HashTokens(0, tokens);
  const auto found = places_.find(key);
  if (found != places_.end() && found->second.tokens == tokens) {
    found->second.found = true;
    ++found_;
    return StatesAt(found->second);
  }
  torch::Tensor states = file_ != nullptr ? file_->Find(tokens) : torch::Tensor();
  if (states.defined()) KeepInMemory(key, tokens, states);
  return states;
}

void KnownTurns::Keep(const Tokens& tokens, const torch::Tensor& states) {
  const std::uint64_t key = HashTokens(0, tokens);
  if (places_.contains(key)) return;  // a batch may hold equal lists
  if (file_ != nullptr) file_->Keep(tokens, states);
  KeepInMemory(key, tokens, states);
}

void KnownTurns::KeepInMemory(std::uint64_t key, const Tokens& tokens,
                              const torch::Tensor& states) {
  width_ = states.size(1);
  const std::int64_t rows = states.size(0), bytes = BytesOf(tokens.size(), rows, width_);
  if (bytes > most_) return;
  Block& block = BlockFor(bytes);
  block.states.narrow(0, block.used, states.numel()).copy_(states.reshape({-1}));
  const auto number = dropped_ + static_cast<std::int64_t>(blocks_.size()) - 1;
  places_[key] = {number, block.used, rows, tokens};
  block.used += bytes / 4;
  block.keys.push_back(key);
}

KnownTurns::Block& KnownTurns::BlockFor(std::int64_t bytes) {
  if (!blocks_.empty() && Room(blocks_.back()) >= bytes) return blocks_.back();
  const std::int64_t wanted = std::max(most_ / kBlocks / 4 * 4, bytes);
  Block fresh;
  while (!blocks_.empty() && bytes_ + wanted > most_) {
    const Block old = std::move(blocks_.front());
    blocks_.pop_front();
    bytes_ -= old.bytes();
    const bool last = bytes_ + wanted <= most_;
    // Its memory serves again, unless it is too small or somebody still reads what was found there.
    const bool again = last && old.bytes() >= wanted && old.states.storage().use_count() == 1;
    if (again) fresh.states = old.states;
    if (last && !again) fresh.states = torch::empty({wanted / 4}, torch::kFloat32);
    const std::int64_t room = last ? std::min(fresh.bytes() - bytes, fresh.bytes() / 2) : 0;
    const std::int64_t number = dropped_++;
    Rescue(old, number, dropped_ + static_cast<std::int64_t>(blocks_.size()), room, &fresh);
  }
  if (!fresh.states.defined()) fresh.states = torch::empty({wanted / 4}, torch::kFloat32);
  bytes_ += fresh.bytes();
  blocks_.push_back(std::move(fresh));
  return blocks_.back();
}

void KnownTurns::Rescue(const Block& old, std::int64_t number, std::int64_t to, std::int64_t room,
                        Block* fresh) {
  for (const std::uint64_t key : old.keys) {
    const auto found = places_.find(key);
    if (found == places_.end() || found->second.block != number) continue;  // written anew since
    Place& place = found->second;
    const std::int64_t bytes = BytesOf(place.tokens.size(), place.rows, width_);
    if (!place.found || bytes > room) {
      places_.erase(found);
      continue;
    }
    // In the order in which they lie there, so that the two may be the same memory.
    float* target = fresh->states.mutable_data_ptr<float>() + fresh->used;
    std::memmove(target, old.states.const_data_ptr<float>() + place.begin,
                 static_cast<std::size_t>(place.rows * width_) * sizeof(float));
    place.block = to;
    place.begin = fresh->used;
    place.found = false;
    fresh->used += bytes / 4;
    fresh->keys.push_back(key);
    room -= bytes;
  }
}

}  // namespace arcsat
