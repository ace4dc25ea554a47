#include "data/roughen/confusions.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace arcsat {
namespace {

// Of English, common words first within a line, and those of support conversations.
constexpr std::string_view kCommon[] = {
#include "data/roughen/common_words.inc"
};

constexpr std::size_t kMostFound = 1 << 16;  // words remembered

/// The digit of a consonant, '0' for a vowel (which parts equal digits), ' ' for h and w (which do
/// not).
char Digit(char letter) {
  //                                    abcdefghijklmnopqrstuvwxyz
  constexpr std::string_view kDigits = "0123012 02245501262301 202";
  static_assert(kDigits.size() == 26);
  return kDigits[static_cast<std::size_t>(letter - 'a')];
}

/// Edits that make one text of the other (Levenshtein 1966).
int Edits(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i) + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int same = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({same, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string SoundCode(std::string_view word) {
  std::string code;
  char last = '0';
  for (const char c : word) {
    const char letter = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (letter < 'a' || letter > 'z') continue;
    const char digit = Digit(letter);
    if (code.empty()) {
      code += letter;
    } else if (digit != '0' && digit != ' ' && digit != last) {
      code += digit;
    }
    if (digit != ' ') last = digit;
  }
  return code;
}

Confusions::Confusions() {
  for (const std::string_view word : kCommon) words_.push_back({word, SoundCode(word)});
}

Confusions::Nearest Confusions::Find(const std::string& word) const {
  const std::string code = SoundCode(word);
  // A long word has more to differ in; a hundred letters are no word.
  const std::string_view head = std::string_view(word).substr(0, 32);
  using Distance = std::tuple<int, int, std::size_t>;  // of the sound, of the letters; which
  std::vector<Distance> all;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].word == word) continue;
    const int sound = Edits(std::string_view(code).substr(0, 32), words_[i].code);
    all.emplace_back(sound, Edits(head, words_[i].word), i);
  }
  std::partial_sort(all.begin(), all.begin() + kNearest, all.end());
  Nearest nearest;
  for (std::size_t i = 0; i < kNearest; ++i) nearest[i] = words_[std::get<2>(all[i])].word;
  return nearest;
}

std::string_view Confusions::Of(const std::string& word, Random* random) {
  auto found = found_.find(word);
  if (found == found_.end()) {
    if (found_.size() >= kMostFound) found_.clear();
    found = found_.emplace(word, Find(word)).first;
  }
  const double draw = random->Uniform();
  const std::size_t which = draw < 0.4 ? 0 : draw < 0.7 ? 1 : draw < 0.9 ? 2 : 3;
  return found->second[which];
}

}  // namespace arcsat
