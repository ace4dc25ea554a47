#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/encoded.h"

namespace arcsat {

/// How conversations lie in a shard (docs/formats.md). All numbers are little-endian.
struct ShardLayout {
  int token_bytes = 2;          ///< 2 where the vocabulary has at most 65,536 ids, else 4
  int boxes = 5;                ///< of the shares of annotators that a rated turn holds
  std::int32_t vocabulary = 0;  ///< ids are below it
};

/// Ids in as few bytes as hold them.
inline ShardLayout LayoutFor(std::int32_t vocabulary, int boxes) {
  return {vocabulary <= 65'536 ? 2 : 4, boxes, vocabulary};
}

/// What a shard's index has of a conversation: enough to choose and to plan batches by, without
/// reading it.
struct ShardEntry {
  std::uint64_t offset = 0;    ///< in the file
  std::uint64_t id_hash = 0;   ///< of its id
  std::uint32_t tokens = 0;    ///< of all turns
  std::uint16_t turns = 0;     ///< 65,535 stands for as many and more
  std::int8_t satisfied = -1;  ///< 1, 0, or -1: nobody answered
  std::uint8_t rated = 0;      ///< 1 where somebody rated a turn
};
static_assert(sizeof(ShardEntry) == 24);

inline constexpr std::uint16_t kManyTurns = 65'535;

/// A conversation's id_hash.
std::uint64_t HashId(std::string_view id);

/// Appends the conversation's record to `out` and gives its index entry, `offset` left to the
/// caller. Without texts, guess and weight. Error where a turn has more than 65,535 tokens.
ShardEntry AppendRecord(const EncodedConversation& conversation, const ShardLayout& layout,
                        std::string* out);

/// Appends a record's body after the checksum and the size that stand before it.
void AppendFramed(std::string_view body, std::string* out);

/// The conversation whose record begins `bytes`. Error where it is cut off or damaged; `place`
/// begins the message.
EncodedConversation ReadRecord(std::string_view bytes, const ShardLayout& layout,
                               const std::string& place);

}  // namespace arcsat
