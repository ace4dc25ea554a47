#include "data/tokenizers/byte_trie.h"

#include <utility>

namespace arcsat {

ByteTrie::ByteTrie() : edges_(1024, Edge{0, 0}), values_(1, -1), mask_(1023), shift_(22) {}

bool ByteTrie::Insert(std::string_view key, std::int32_t value) {
  if (key.empty() || values_.size() + key.size() > kMaxNodes) return false;
  std::uint32_t node = kRoot;
  for (const char byte : key) {
    std::uint32_t child = Child(node, byte);
    if (child == kNone) {
      child = static_cast<std::uint32_t>(values_.size());
      values_.push_back(-1);
      if (2 * values_.size() > edges_.size()) Grow();
      Link(Key(node, byte), child);
    }
    node = child;
  }
  if (values_[node] >= 0) return false;
  values_[node] = value;
  return true;
}

std::int32_t ByteTrie::Find(std::string_view key) const {
  std::uint32_t node = kRoot;
  for (const char byte : key) {
    node = Child(node, byte);
    if (node == kNone) return -1;
  }
  return values_[node];
}

void ByteTrie::Link(std::uint32_t key, std::uint32_t child) {
  std::uint32_t slot = Hash(key);
  while (edges_[slot].key != 0) slot = (slot + 1) & mask_;
  edges_[slot] = {key, child};
}

void ByteTrie::Grow() {
  std::vector<Edge> old(2 * edges_.size(), Edge{0, 0});
  old.swap(edges_);
  mask_ = static_cast<std::uint32_t>(edges_.size() - 1);
  --shift_;
  for (const Edge& edge : old) {
    if (edge.key != 0) Link(edge.key, edge.child);
  }
}

}  // namespace arcsat
