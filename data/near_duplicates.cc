#include "data/near_duplicates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "data/random.h"

namespace arcsat {
namespace {

constexpr std::size_t kHashes = 128;
constexpr std::size_t kShingle = 3;
constexpr double kMayMiss = 1e-3;

using Signature = std::array<std::uint32_t, kHashes>;
using Set = std::vector<std::uint32_t>;

std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// Lead bytes of the three-byte characters U+3000..U+DFFF: Han, kana and Hangul, mostly written
/// without spaces.
bool LeadsCjk(unsigned char c) { return c >= 0xE3 && c <= 0xED; }

/// Hashes of a text's words, appended.
void AppendWords(std::string_view text, std::vector<std::uint64_t>* words) {
  constexpr std::uint64_t kStart = 0xCBF29CE484222325ULL, kPrime = 0x100000001B3ULL;  // FNV-1a
  std::uint64_t hash = kStart;
  const auto finish = [&] {
    if (hash != kStart) words->push_back(Mix(hash));
    hash = kStart;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (LeadsCjk(c) && i + 2 < text.size()) {
      finish();
      for (std::size_t k = 0; k < 3; ++k) {
        hash = (hash ^ static_cast<unsigned char>(text[i + k])) * kPrime;
      }
      finish();
      i += 2;
      continue;
    }
    if (c >= 'A' && c <= 'Z') c = static_cast<unsigned char>(c + ('a' - 'A'));
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
    if (part) {
      hash = (hash ^ c) * kPrime;
    } else {
      finish();
    }
  }
  finish();
}

Signature MinHash(const Set& shingles, const Signature& multiply, const Signature& flip) {
  Signature least;
  least.fill(0xFFFFFFFFU);
  for (const std::uint32_t shingle : shingles) {
    for (std::size_t k = 0; k < kHashes; ++k) {
      least[k] = std::min(least[k], (shingle ^ flip[k]) * multiply[k]);
    }
  }
  return least;
}

/// Rows of a band: as many as possible, for few false candidates, while a pair at the threshold is
/// still found almost surely.
std::size_t RowsFor(double threshold) {
  std::size_t rows = 1;
  for (std::size_t r = 2; r <= 32; ++r) {
    const double missed =
        std::pow(1 - std::pow(threshold, static_cast<double>(r)),
                 std::floor(static_cast<double>(kHashes) / static_cast<double>(r)));
    if (missed < kMayMiss) rows = r;
  }
  return rows;
}

/// Positions sorted by key; calls use(begin, end) for every run of equal keys longer than one.
template <class Use>
void ForEachRun(std::vector<std::pair<std::uint64_t, std::size_t>>* keyed, const Use& use) {
  std::sort(keyed->begin(), keyed->end());
  for (auto begin = keyed->begin(); begin != keyed->end();) {
    const auto end = std::find_if(begin, keyed->end(),
                                  [&](const auto& item) { return item.first != begin->first; });
    if (end - begin > 1) use(begin, end);
    begin = end;
  }
}

/// What the search works on: distinct shingle sets, their signatures, and which conversation each
/// belongs to.
struct Search {
  std::vector<Set> sets;
  std::vector<std::size_t> owner;
  std::vector<Signature> signatures;
  double threshold = 1;

  /// A cheap look before the exact one: the share of equal minima estimates the similarity, with a
  /// standard deviation of at most sqrt(1/4/128) = 0.044.
  bool MayBeSimilar(std::size_t a, std::size_t b) const {
    const double small = static_cast<double>(std::min(sets[a].size(), sets[b].size()));
    const double large = static_cast<double>(std::max(sets[a].size(), sets[b].size()));
    if (small < threshold * large) return false;
    std::size_t same = 0;
    for (std::size_t k = 0; k < kHashes; ++k)
      same += signatures[a][k] == signatures[b][k] ? 1U : 0U;
    const double deviation = std::sqrt(threshold * (1 - threshold) / static_cast<double>(kHashes));
    return static_cast<double>(same) / static_cast<double>(kHashes) >=
           threshold - 5 * deviation - 0.01;
  }
};

/// Joins conversations that say exactly the same, and leaves one of each for the search: copies by
/// the thousand would make its buckets quadratic.
Search Distinct(const std::vector<Conversation>& conversations, DisjointSets* joined) {
  Search search;
  std::vector<Set> all;
  std::vector<std::pair<std::uint64_t, std::size_t>> keyed;
  for (const Conversation& conversation : conversations) {
    all.push_back(Shingles(conversation));
    std::uint64_t key = all.back().size();
    for (const std::uint32_t shingle : all.back()) key = Mix(key ^ shingle) + 0x9E3779B97F4A7C15ULL;
    if (!all.back().empty()) keyed.emplace_back(key, all.size() - 1);
  }
  std::vector<bool> copy(all.size(), false);
  ForEachRun(&keyed, [&](auto begin, auto end) {
    for (auto other = begin + 1; other != end; ++other) {
      if (all[other->second] != all[begin->second]) continue;
      copy[other->second] = true;
      joined->Join(begin->second, other->second);
    }
  });
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty() || copy[i]) continue;
    search.owner.push_back(i);
    search.sets.push_back(std::move(all[i]));
  }
  return search;
}

}  // namespace

DisjointSets::DisjointSets(std::size_t size) : parent_(size), size_(size, 1) {
  std::iota(parent_.begin(), parent_.end(), std::size_t{0});
}

std::size_t DisjointSets::Find(std::size_t item) {
  while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
  return item;
}

void DisjointSets::Join(std::size_t a, std::size_t b) {
  a = Find(a);
  b = Find(b);
  if (a == b) return;
  if (size_[a] < size_[b]) std::swap(a, b);
  parent_[b] = a;
  size_[a] += size_[b];
}

std::vector<std::uint32_t> Shingles(const Conversation& conversation) {
  std::vector<std::uint64_t> words;
  for (const Turn& turn : conversation.turns) AppendWords(turn.text, &words);
  Set shingles;
  if (words.empty()) return shingles;
  const std::size_t width = std::min(kShingle, words.size());
  shingles.reserve(words.size());
  for (std::size_t i = 0; i + width <= words.size(); ++i) {
    std::uint64_t hash = 0;
    for (std::size_t k = 0; k < width; ++k) hash = Mix(hash + words[i + k] + 0x9E3779B97F4A7C15ULL);
    shingles.push_back(static_cast<std::uint32_t>(hash >> 32));
  }
  std::sort(shingles.begin(), shingles.end());
  shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
  return shingles;
}

double Jaccard(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::size_t both = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const std::uint32_t x = a[i], y = b[j];
    both += x == y ? 1U : 0U;
    i += x <= y ? 1U : 0U;
    j += y <= x ? 1U : 0U;
  }
  const std::size_t either = a.size() + b.size() - both;
  return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

void JoinNearDuplicates(const std::vector<Conversation>& conversations, double threshold,
                        DisjointSets* sets) {
  Search search = Distinct(conversations, sets);
  search.threshold = threshold;
  Random random(0x6172637361740001ULL);  // fixed: which pairs are found must not depend on a seed
  Signature multiply{}, flip{};
  for (std::size_t k = 0; k < kHashes; ++k) {
    multiply[k] = static_cast<std::uint32_t>(random.Next()) | 1U;
    flip[k] = static_cast<std::uint32_t>(random.Next());
  }
  search.signatures.reserve(search.sets.size());
  for (const Set& set : search.sets) search.signatures.push_back(MinHash(set, multiply, flip));

  const std::size_t rows = RowsFor(threshold);
  std::vector<std::pair<std::uint64_t, std::size_t>> keyed(search.sets.size());
  for (std::size_t band = 0; band + rows <= kHashes; band += rows) {
    for (std::size_t i = 0; i < keyed.size(); ++i) {
      std::uint64_t key = 0;
      for (std::size_t k = band; k < band + rows; ++k) {
        key = Mix(key + search.signatures[i][k] + 0x9E3779B97F4A7C15ULL);
      }
      keyed[i] = {key, i};
    }
    ForEachRun(&keyed, [&](auto begin, auto end) {
      for (auto a = begin; a != end; ++a) {
        for (auto b = a + 1; b != end; ++b) {
          const std::size_t x = search.owner[a->second], y = search.owner[b->second];
          if (sets->Find(x) == sets->Find(y) || !search.MayBeSimilar(a->second, b->second))
            continue;
          if (Jaccard(search.sets[a->second], search.sets[b->second]) >= threshold)
            sets->Join(x, y);
        }
      }
    });
  }
}

}  // namespace arcsat
