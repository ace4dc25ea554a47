#pragma once

#include <torch/types.h>

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace arcsat {

class KnownTurnsFile;  // model/known_turns_file.h

/// What the layers that see one turn at a time make of turns, kept so that a text that comes again
/// is not computed again: a row for each of its tokens or, where no layer sees more than a turn, a
/// row for all. Good while the weights stay as they are. On the CPU. Not thread-safe.
///
/// States lie in a few large blocks, one after the other, and leave a block at a time, the oldest
/// first; those that were found since they came are written anew, up to half a block (second
/// chance: Tanenbaum, Modern Operating Systems, 3.4); where one text needs the room of several
/// blocks, only those of the last. What Find() gave stays whole while it is held, at the cost of
/// its block's memory. So the heap sees nothing of a million states of ever other sizes that come
/// and go, and memory stays flat.
class KnownTurns {
 public:
  using Tokens = std::vector<std::int32_t>;

  /// At most `bytes` of memory, about; 0 keeps nothing there. `file`, where there is one, is
  /// looked into after that, gets all that is new, and must outlive this.
  explicit KnownTurns(std::int64_t bytes, KnownTurnsFile* file = nullptr)
      : most_(bytes), file_(file) {}

  /// (R, H) float, or undefined where they are not known.
  torch::Tensor Find(const Tokens& tokens);
  /// Takes a copy of `states` (R, H) float.
  void Keep(const Tokens& tokens, const torch::Tensor& states);

  std::int64_t bytes() const { return bytes_; }  ///< taken by blocks
  std::int64_t found() const { return found_; }  ///< how often Find had them, since the beginning

 private:
  struct Block {
    torch::Tensor states;             ///< float, flat
    std::int64_t used = 0;            ///< of its elements
    std::vector<std::uint64_t> keys;  ///< of what was written, in order
    std::int64_t bytes() const { return static_cast<std::int64_t>(states.nbytes()); }
  };
  struct Place {
    std::int64_t block = 0;  ///< counted from the first there ever was
    std::int64_t begin = 0;  ///< its first element
    std::int64_t rows = 0;
    Tokens tokens;       ///< equal hashes may be of other tokens
    bool found = false;  ///< since it was written
  };
  void KeepInMemory(std::uint64_t key, const Tokens& tokens, const torch::Tensor& states);
  torch::Tensor StatesAt(const Place& place) const;
  /// The newest block, with room for so many bytes more.
  Block& BlockFor(std::int64_t bytes);
  static std::int64_t Room(const Block& block) { return block.bytes() - block.used * 4; }
  /// Forgets what lies in `old`, the block `number`, but for what was found since it came: that is
  /// moved into `fresh`, which will be the block `to`, where it takes up to `room` bytes. The two
  /// may share their memory.
  void Rescue(const Block& old, std::int64_t number, std::int64_t to, std::int64_t room,
              Block* fresh);

  std::int64_t most_, bytes_ = 0, found_ = 0, width_ = 0;
  KnownTurnsFile* file_;
  std::deque<Block> blocks_;  // the oldest first
  std::int64_t dropped_ = 0;  // blocks, so blocks_[i] is number dropped_ + i
  std::unordered_map<std::uint64_t, Place> places_;
};

}  // namespace arcsat
