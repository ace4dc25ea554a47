#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/random.h"

namespace arcsat {

/// The Soundex code (US patent 1,261,167; Knuth, TAOCP 3, section 6) of an English word, not cut to
/// four places: its first letter in lower case, then a digit for each consonant that differs from
/// the one before. "receive" and "relieve" are r21 and r41. Other bytes than ASCII letters are
/// passed over.
std::string SoundCode(std::string_view word);

/// What a recogniser with an English vocabulary takes a word for. Not thread-safe.
class Confusions {
 public:
  static constexpr std::size_t kNearest = 4;

  Confusions();

  /// One of the common words that sound most like `word` (lower case), never itself; the nearer the
  /// likelier.
  std::string_view Of(const std::string& word, Random* random);

 private:
  struct Known {
    std::string_view word;
    std::string code;
  };
  using Nearest = std::array<std::string_view, kNearest>;
  Nearest Find(const std::string& word) const;

  std::vector<Known> words_;
  std::unordered_map<std::string, Nearest> found_;
};

}  // namespace arcsat
