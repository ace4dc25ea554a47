#pragma once

#include <torch/types.h>

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace arcsat {

class KnownTurnsFile;  // model/known_turns_file.h

/// Hidden states of turns after the layers that see one turn at a time, kept so that a text that
/// comes again is not computed again. Good while the weights stay as they are. The longest unused
/// go first. Not thread-safe.
class KnownTurns {
 public:
  using Tokens = std::shared_ptr<const std::vector<std::int32_t>>;

  /// At most about `bytes` of memory; 0 keeps nothing there. `file`, where there is one, is looked
  /// into after that, gets all that is new, and must outlive this.
  explicit KnownTurns(std::int64_t bytes, KnownTurnsFile* file = nullptr)
      : most_(bytes), file_(file) {}

  /// (L, H), or undefined where they are not known.
  torch::Tensor Find(const Tokens& tokens);
  /// `states` (L, H) must be the only view of its memory.
  void Keep(const Tokens& tokens, torch::Tensor states);

  std::int64_t bytes() const { return bytes_; }
  std::int64_t found() const { return found_; }  ///< how often Find had them, since the beginning

 private:
  struct Entry {
    Tokens tokens;
    torch::Tensor states;
  };
  /// By what the lists hold.
  struct Hash {
    std::size_t operator()(const std::vector<std::int32_t>* tokens) const;
  };
  struct Equal {
    bool operator()(const std::vector<std::int32_t>* a, const std::vector<std::int32_t>* b) const {
      return a == b || *a == *b;
    }
  };
  static std::int64_t BytesOf(const Entry& entry);
  /// Of tokens that are not there yet.
  void KeepInMemory(const Tokens& tokens, torch::Tensor states);

  std::int64_t most_, bytes_ = 0, found_ = 0;
  KnownTurnsFile* file_;
  std::list<Entry> entries_;  // the latest used first
  std::unordered_map<const std::vector<std::int32_t>*, std::list<Entry>::iterator, Hash, Equal>
      places_;
};

}  // namespace arcsat
