#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// Disjoint sets over 0..size-1 (union by size, path halving).
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t size);
  std::size_t Find(std::size_t item);
  void Join(std::size_t a, std::size_t b);

 private:
  std::vector<std::size_t> parent_, size_;
};

/// The transcript's shingles: hashes of every 3 words that follow each other (all words at once
/// where there are fewer), sorted, each once. Words are runs of ASCII letters and digits, in lower
/// case, and of non-ASCII bytes; a CJK character is a word. Empty where nothing was said.
std::vector<std::uint32_t> Shingles(const Conversation& conversation);

/// Size of the intersection over size of the union of two sorted lists; 0 where both are empty.
double Jaccard(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b);

/// Joins conversations whose shingles have a Jaccard similarity of `threshold` (in (0, 1]) or more.
/// Candidates come from MinHash signatures in bands (Broder 1997; Indyk and Motwani 1998), and each
/// is verified exactly; at the threshold itself a pair is missed with a chance below 1 in 1,000.
/// Conversations without a word are never joined.
void JoinNearDuplicates(const std::vector<Conversation>& conversations, double threshold,
                        DisjointSets* sets);

}  // namespace arcsat
