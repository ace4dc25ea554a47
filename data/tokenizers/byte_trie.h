#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace arcsat {

/// A dictionary of byte strings that is walked byte by byte, so that all prefixes of a text that
/// are keys are found in one pass. One flat hash table of edges: no recursion, no pointers.
class ByteTrie {
 public:
  static constexpr std::uint32_t kRoot = 0;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::size_t kMaxNodes = (std::size_t{1} << 24) - 1;

  ByteTrie();

  /// `value` >= 0. False, and nothing changed, where the key is there already, is empty, or would
  /// take the trie past kMaxNodes.
  bool Insert(std::string_view key, std::int32_t value);

  /// The node below `node` along `byte`, or kNone.
  std::uint32_t Child(std::uint32_t node, char byte) const {
    const std::uint32_t key = Key(node, byte);
    for (std::uint32_t slot = Hash(key);; slot = (slot + 1) & mask_) {
      if (edges_[slot].key == key) return edges_[slot].child;
      if (edges_[slot].key == 0) return kNone;
    }
  }
  /// The value of the key that ends at `node`, or -1.
  std::int32_t Value(std::uint32_t node) const { return values_[node]; }
  /// The value of `key`, or -1.
  std::int32_t Find(std::string_view key) const;

 private:
  struct Edge {
    std::uint32_t key;  // 0: free
    std::uint32_t child;
  };
  static std::uint32_t Key(std::uint32_t node, char byte) {
    return ((node << 8) | static_cast<unsigned char>(byte)) + 1;
  }
  std::uint32_t Hash(std::uint32_t key) const { return (key * 0x9E3779B1U) >> shift_; }
  void Link(std::uint32_t key, std::uint32_t child);
  void Grow();

  std::vector<Edge> edges_;
  std::vector<std::int32_t> values_;
  std::uint32_t mask_ = 0;
  int shift_ = 0;
};

}  // namespace arcsat
