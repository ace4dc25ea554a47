#include "data/shards/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "data/checksum.h"
#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

constexpr std::uint64_t kIdSeed = 0x1D;
constexpr std::uint8_t kSpeaker = 3, kTimed = 4, kRated = 8;  // bits of a turn's first byte

template <class T>
void Put(std::string* out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <class T>
void PutIds(std::string* out, const std::vector<std::int32_t>& ids) {
  for (const std::int32_t id : ids) Put(out, static_cast<T>(id));
}

void PutTurn(const EncodedTurn& turn, const ShardLayout& layout, const std::string& id,
             std::string* out) {
  const bool rated = turn.rating >= 0, timed = turn.has_time > 0;
  const int bits = static_cast<int>(turn.speaker) | (timed ? kTimed : 0) | (rated ? kRated : 0);
  Put(out, static_cast<std::uint8_t>(bits));
  if (timed) Put(out, turn.gap);
  if (rated) {
    Put(out, turn.rating);
    for (const float share : turn.rating_exceeds) Put(out, share);
  }
  const std::vector<std::int32_t>& ids = *turn.tokens;
  if (ids.size() > 65'535) {
    throw Error({id, fmt::format("a turn of {} tokens", ids.size()), "expected at most 65,535",
                 "lower --model.max_turn_tokens"});
  }
  Put(out, static_cast<std::uint16_t>(ids.size()));
  layout.token_bytes == 2 ? PutIds<std::uint16_t>(out, ids) : PutIds<std::uint32_t>(out, ids);
}

/// Reads values from bytes that may be too few or damaged.
class Cursor {
 public:
  Cursor(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  template <class T>
  T Take() {
    T value;
    std::memcpy(&value, Bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  float Number() {
    const float value = Take<float>();
    if (!std::isfinite(value)) Damaged("a number that is not finite");
    return value;
  }
  float Share() {
    const float value = Number();
    if (value < 0 || value > 1) Damaged(fmt::format("{} where a share of 0 to 1 belongs", value));
    return value;
  }
  std::string_view Bytes(std::size_t count) {
    if (count > bytes_.size()) Damaged("a record that is cut off");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  bool empty() const { return bytes_.empty(); }
  [[noreturn]] void Damaged(const std::string& found) const {
    throw Error({place_, "holds " + found, "expected what arcsat shard wrote",
                 "the file was damaged since: copy it again, or make the folder anew"});
  }

 private:
  std::string_view bytes_;
  const std::string& place_;
};

template <class T>
std::shared_ptr<const std::vector<std::int32_t>> TakeIds(Cursor* from, std::size_t count,
                                                         std::int32_t vocabulary) {
  const std::string_view bytes = from->Bytes(count * sizeof(T));
  auto ids = std::make_shared<std::vector<std::int32_t>>(count);
  for (std::size_t i = 0; i < count; ++i) {
    T id;
    std::memcpy(&id, bytes.data() + i * sizeof(T), sizeof(T));
    if (id >= static_cast<std::uint32_t>(vocabulary)) {
      from->Damaged(fmt::format("the token id {} of a vocabulary of {}", id, vocabulary));
    }
    (*ids)[i] = static_cast<std::int32_t>(id);
  }
  return ids;
}

EncodedTurn TakeTurn(Cursor* from, const ShardLayout& layout) {
  EncodedTurn turn;
  const auto bits = from->Take<std::uint8_t>();
  if ((bits & kSpeaker) > 2 || bits > (kSpeaker | kTimed | kRated)) {
    from->Damaged("an unknown speaker");
  }
  turn.speaker = static_cast<Speaker>(bits & kSpeaker);
  if ((bits & kTimed) != 0) {
    turn.gap = from->Number();
    turn.has_time = 1;
  }
  if ((bits & kRated) != 0) {
    turn.rating = from->Share();
    for (int k = 0; k + 1 < layout.boxes; ++k) turn.rating_exceeds.push_back(from->Share());
  }
  const auto count = from->Take<std::uint16_t>();
  if (count == 0) from->Damaged("a turn without tokens");
  turn.tokens = layout.token_bytes == 2 ? TakeIds<std::uint16_t>(from, count, layout.vocabulary)
                                        : TakeIds<std::uint32_t>(from, count, layout.vocabulary);
  return turn;
}

}  // namespace

void AppendFramed(std::string_view body, std::string* out) {
  Put(out, Checksum(body));
  Put(out, static_cast<std::uint32_t>(body.size()));
  *out += body;
}

std::uint64_t HashId(std::string_view id) { return MixText(kIdSeed, id); }

ShardEntry AppendRecord(const EncodedConversation& conversation, const ShardLayout& layout,
                        std::string* out) {
  ShardEntry entry;
  std::string body;
  Put(&body, static_cast<std::uint32_t>(conversation.id.size()));
  body += conversation.id;
  Put(&body, static_cast<std::uint8_t>(conversation.channel));
  Put(&body, conversation.satisfied);
  Put(&body, conversation.survey);
  Put(&body, static_cast<std::uint32_t>(conversation.turns.size()));
  for (const EncodedTurn& turn : conversation.turns) {
    PutTurn(turn, layout, conversation.id, &body);
    if (turn.rating >= 0) entry.rated = 1;
  }
  AppendFramed(body, out);
  entry.id_hash = HashId(conversation.id);
  entry.tokens = static_cast<std::uint32_t>(conversation.tokens);
  entry.turns = static_cast<std::uint16_t>(
      std::min(conversation.turns.size(), static_cast<std::size_t>(kManyTurns)));
  if (conversation.satisfied >= 0) entry.satisfied = conversation.satisfied > 0.5F ? 1 : 0;
  return entry;
}

EncodedConversation ReadRecord(std::string_view bytes, const ShardLayout& layout,
                               const std::string& place) {
  Cursor frame(bytes, place);
  const auto checksum = frame.Take<std::uint64_t>();
  const auto size = frame.Take<std::uint32_t>();
  const std::string_view body = frame.Bytes(size);
  if (Checksum(body) != checksum) frame.Damaged("a record whose checksum does not agree");
  Cursor from(body, place);
  EncodedConversation conversation;
  conversation.id = from.Bytes(from.Take<std::uint32_t>());
  conversation.channel = from.Take<std::uint8_t>();
  if (conversation.channel > 2) from.Damaged("an unknown channel");
  conversation.satisfied = from.Number();
  conversation.survey = from.Number();
  for (const float label : {conversation.satisfied, conversation.survey}) {
    if (label != -1 && (label < 0 || label > 1)) from.Damaged("an unknown answer");
  }
  const auto turns = from.Take<std::uint32_t>();
  if (turns == 0) from.Damaged("a conversation without turns");
  for (std::uint32_t i = 0; i < turns; ++i) {
    conversation.turns.push_back(TakeTurn(&from, layout));
    conversation.tokens += static_cast<std::int64_t>(conversation.turns.back().tokens->size());
  }
  if (!from.empty()) from.Damaged("a record with more than its turns");
  return conversation;
}

}  // namespace arcsat
