#include "configs/nearest.h"

#include <algorithm>
#include <climits>
#include <cstddef>

namespace arcsat {
namespace {

std::string LastPart(const std::string& key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

int EditDistance(const std::string& a, const std::string& b) {
  // Three rows of the table of prefixes: two back (for swaps), one back, and the present one.
  std::vector<int> two_back, previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], two_back[j - 2] + 1);
      }
    }
    two_back = previous;
    previous = current;
  }
  return previous[b.size()];
}

std::string Nearest(const std::string& word, const std::vector<std::string>& known) {
  const auto close = [](const std::string& typed) {
    return std::max(2, static_cast<int>(typed.size()) / 3);
  };
  // A word of one or two letters is within two edits of anything; it has to share a letter.
  const auto plausible = [&](int distance, const std::string& typed, const std::string& candidate) {
    return distance <= close(typed) &&
           distance < static_cast<int>(std::max(typed.size(), candidate.size()));
  };
  std::string best;
  int best_distance = INT_MAX;
  const std::string name = LastPart(word);
  for (const std::string& candidate : known) {
    const int whole = EditDistance(word, candidate);
    if (plausible(whole, word, candidate) && whole < best_distance) {
      best_distance = whole;
      best = candidate;
    }
    // The name alone counts one edit more, so that a match of the whole key goes first.
    const std::string candidate_name = LastPart(candidate);
    const int part = EditDistance(name, candidate_name);
    if (plausible(part, name, candidate_name) && part + 1 < best_distance) {
      best_distance = part + 1;
      best = candidate;
    }
  }
  return best;
}

}  // namespace arcsat
