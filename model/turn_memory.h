#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace arcsat {

/// Keys and values of one layer, of the tokens that a running conversation remembers, oldest first.
/// Room is kept ahead, so that a turn's are put beside the others without copying those.
class KeysValues {
 public:
  KeysValues() = default;
  KeysValues(KeysValues&&) = default;
  KeysValues& operator=(KeysValues&&) = default;

  /// Adds `rows` (L, 2H); all that is remembered with them (kept + L, 2H), good until the next
  /// call.
  torch::Tensor Append(const torch::Tensor& rows);
  /// Forgets all but the last `count`, which must be there.
  void KeepLast(std::int64_t count) { begin_ = end_ - count; }
  /// Of memory, with the room ahead.
  std::int64_t bytes() const;

 private:
  torch::Tensor room_;                // (capacity, 2H)
  std::int64_t begin_ = 0, end_ = 0;  // rows of it
};

/// What a running conversation keeps of the turns that its next ones can see.
struct TurnMemory {
  std::vector<int> lengths;        ///< tokens of each of those turns, the latest last
  std::vector<KeysValues> layers;  ///< together as many rows as the lengths add up to
};

}  // namespace arcsat
