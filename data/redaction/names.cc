// Names that a text introduces: "my name is …", "this is … speaking", "Dear Mr …".
#include <algorithm>
#include <array>
#include <unordered_set>

#include "data/redaction/redact.h"

namespace arcsat {
namespace {

struct Word {
  std::string_view text;
  std::string lower;
  char after = '\0';  ///< the byte behind it
};

std::vector<Word> WordsFrom(std::string_view text, std::size_t at, std::size_t most) {
  std::vector<Word> words;
  while (at < text.size() && words.size() < most) {
    while (at < text.size() && text[at] == ' ') ++at;
    std::size_t end = at;
    while (end < text.size() &&
           (IsWordByte(text[end]) || ((text[end] == '\'' || text[end] == '-') &&
                                      end + 1 < text.size() && IsLetter(text[end + 1])))) {
      ++end;
    }
    if (end == at || end - at > 40) break;
    const std::string_view word = text.substr(at, end - at);
    words.push_back({word, LowerAscii(word), end < text.size() ? text[end] : '\0'});
    at = end;
    const bool initial = word.size() == 1 && IsUpper(word[0]) && words.size() > 1 &&
                         words.back().after == '.' && end + 1 < text.size() && text[end + 1] == ' ';
    if (initial) {
      words.back().after = ' ';
      ++at;
    }
    if (words.back().after != ' ') break;
  }
  return words;
}

/// Words that end a name in lower-case text: "my name is ann lee and i", "this is bob calling".
bool EndsName(const std::string& word) {
  static const std::unordered_set<std::string_view> words = {
      "and",     "i",         "i'm",     "from",     "with",     "calling", "speaking",  "here",
      "how",     "what",      "may",     "can",      "could",    "thank",   "thanks",    "the",
      "a",       "an",        "at",      "in",       "on",       "for",     "to",        "um",
      "uh",      "so",        "my",      "is",       "it",       "it's",    "you",       "your",
      "we",      "please",    "but",     "yeah",     "yes",      "okay",    "ok",        "of",
      "that",    "this",      "just",    "not",      "no",       "who",     "or",        "as",
      "by",      "do",        "was",     "spelled",  "again",    "sir",     "madam",     "ma'am",
      "today",   "now",       "will",    "would",    "about",    "because", "regarding", "account",
      "unk",     "there",     "all",     "team",     "everyone", "sorry",   "hi",        "hello",
      "hey",     "good",      "welcome", "customer", "support",  "service", "help",      "where",
      "when",    "why",       "if",      "still",    "very",     "really",  "like",      "going",
      "being",   "agent",     "sales",   "billing",  "back",     "on",      "one",       "anyone",
      "nothing", "something", "great",   "fine",     "friend",   "friends", "folks",     "guys",
      "both",    "any",       "also",    "been"};
  return words.count(word) > 0;
}

/// "Dear Ms Novak": the title has a cue of its own.
bool IsTitle(const std::string& word) {
  return word == "mr" || word == "mrs" || word == "ms" || word == "miss" || word == "dr";
}

bool IsCapital(const Word& word) { return IsUpper(word.text[0]) || (word.text[0] & 0x80) != 0; }

/// The name that begins at `at`: up to three words. Capitals where the text has them; else words
/// up to one that ends a name.
std::string NameAt(std::string_view text, std::size_t at, bool lower_too, std::size_t most) {
  const std::vector<Word> words = WordsFrom(text, at, most + 1);
  std::string name;
  std::size_t taken = 0;
  const bool capitals = !words.empty() && IsCapital(words[0]);
  for (const Word& word : words) {
    if (taken == most || EndsName(word.lower)) break;
    if (capitals ? !IsCapital(word) : !lower_too || IsDigit(word.text[0])) break;
    if (taken == 0 && (word.lower.size() < 2 || IsTitle(word.lower))) break;
    std::string_view part = word.text;
    if (word.lower.ends_with("'s")) part.remove_suffix(2);
    name += (name.empty() ? "" : " ") + std::string(part);
    ++taken;
    if (word.after != ' ') break;
  }
  return name;
}

/// Position behind `cue` where it stands at `at` as words of its own, whatever its case; else npos.
std::size_t BehindCue(std::string_view lower, std::size_t at, std::string_view cue) {
  if (lower.substr(at, cue.size()) != cue) return std::string_view::npos;
  return at + cue.size();
}

struct Cue {
  std::string_view words;
  bool lower_too;    ///< also where the name is not capitalised
  std::size_t most;  ///< words of a name
};

constexpr std::array<Cue, 26> kNameCues = {{{"my name is ", true, 3},
                                            {"my name's ", true, 3},
                                            {"my first name is ", true, 1},
                                            {"my last name is ", true, 1},
                                            {"my full name is ", true, 3},
                                            {"the name is ", true, 3},
                                            {"name: ", false, 3},
                                            {"you're speaking with ", true, 2},
                                            {"you are speaking with ", true, 2},
                                            {"you're chatting with ", true, 2},
                                            {"am i speaking with ", true, 2},
                                            {"am i speaking to ", true, 2},
                                            {"this is ", false, 3},
                                            {"i am ", false, 3},
                                            {"i'm ", false, 3},
                                            {"mr. ", false, 3},
                                            {"mr ", false, 3},
                                            {"mrs. ", false, 3},
                                            {"mrs ", false, 3},
                                            {"ms. ", false, 3},
                                            {"ms ", false, 3},
                                            {"miss ", false, 3},
                                            {"dr. ", false, 3},
                                            {"dear ", false, 3},
                                            {"mein name ist ", true, 2},
                                            {"je m'appelle ", true, 2}}};

/// "Hi Ann,": only at the beginning of a text, and before a mark.
std::string Greeted(std::string_view text, std::string_view lower) {
  for (const std::string_view cue : {"hi ", "hello ", "hey ", "thanks ", "thank you ", "thanks, ",
                                     "thank you, ", "regards, ", "cheers, "}) {
    if (!lower.starts_with(cue)) continue;
    std::string name = NameAt(text, cue.size(), false, 2);
    const std::size_t end = cue.size() + name.size();
    const bool mark =
        end >= text.size() || std::string_view(",.!").find(text[end]) != std::string_view::npos;
    if (!name.empty() && mark) return name;
  }
  return "";
}

/// "this is" and "I'm" begin much else: a nationality, a company. The name has two words, or a
/// mark, "from", "and", "with", "speaking" or "calling" behind it.
bool Sure(std::string_view text, std::size_t begin, const std::string& name) {
  if (name.find(' ') != std::string::npos) return true;
  const std::size_t end = begin + name.size();
  if (end >= text.size()) return false;
  if (text[end] == ',' || text[end] == '.' || text[end] == '!') return true;
  const std::string next = LowerAscii(text.substr(end, 10));
  return next.starts_with(" from ") || next.starts_with(" with ") || next.starts_with(" and ") ||
         next.starts_with(" speaking") || next.starts_with(" calling") || next.starts_with(" here");
}

}  // namespace

std::vector<std::string> IntroducedNames(std::string_view text) {
  std::vector<std::string> names;
  const std::string lower = LowerAscii(text);
  if (std::string name = Greeted(text, lower); !name.empty()) names.push_back(std::move(name));
  // Recognisers write no capitals: there the weak cues, too, take words in lower case.
  const bool voice = text == lower;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && IsWordByte(text[at - 1])) continue;
    for (const Cue& cue : kNameCues) {
      const std::size_t begin = BehindCue(lower, at, cue.words);
      if (begin == std::string_view::npos) continue;
      const bool weak = cue.words == "this is " || cue.words == "i am " || cue.words == "i'm ";
      std::string name = NameAt(text, begin, cue.lower_too, cue.most);
      if (voice && name.empty() && cue.words == "this is ") {
        // "this is ann lee speaking", "this is bob from …"
        name = NameAt(text, begin, true, 2);
        if (name.find(' ') == std::string::npos && !Sure(text, begin, name)) name.clear();
        const std::string next =
            LowerAscii(text.substr(std::min(begin + name.size(), text.size()), 10));
        if (!next.starts_with(" speaking") && !next.starts_with(" calling") &&
            !next.starts_with(" from ")) {
          name.clear();
        }
      }
      if (name.empty() || (weak && !voice && !Sure(text, begin, name))) continue;
      names.push_back(std::move(name));
      break;
    }
  }
  return names;
}

}  // namespace arcsat
