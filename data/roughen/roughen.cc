#include "data/roughen/roughen.h"

#include <array>
#include <vector>

#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> kTens = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

// Pairs that recognisers mix up; each is swapped both ways.
constexpr std::array<std::pair<std::string_view, std::string_view>, 23> kSoundAlike = {{
    {"bill", "bell"},     {"it's", "its"},    {"for", "four"},   {"card", "cart"},
    {"right", "write"},   {"there", "their"}, {"two", "to"},     {"won't", "want"},
    {"your", "you're"},   {"line", "lion"},   {"here", "hear"},  {"page", "paid"},
    {"charge", "church"}, {"still", "steel"}, {"light", "life"}, {"phone", "fun"},
    {"order", "older"},   {"mail", "male"},   {"date", "day"},   {"wait", "weight"},
    {"in", "and"},        {"red", "read"},    {"code", "cold"},
}};
constexpr std::array<std::string_view, 16> kOtherWords = {
    "the", "a",    "and",  "that", "it",   "of",  "to",   "was",
    "in",  "then", "they", "well", "this", "one", "some", "had"};
constexpr std::array<std::string_view, 5> kFillers = {"um", "uh", "er", "you know", "like"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordLetter(char c) {
  // Bytes of a multi-byte character are part of a word; currency signs are dealt with before.
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) >= 128);
}

std::string BelowThousand(int n) {
  std::string words;
  if (n >= 100) {
    words = std::string(kSmall[static_cast<std::size_t>(n / 100)]) + " hundred";
    n %= 100;
    if (n == 0) return words;
    words += " and ";
  }
  if (n < 20) return words += kSmall[static_cast<std::size_t>(n)];
  words += kTens[static_cast<std::size_t>(n / 10)];
  if (n % 10 != 0) words.append(" ").append(kSmall[static_cast<std::size_t>(n % 10)]);
  return words;
}

/// Takes a currency sign at `at`; the spoken name, or nothing.
std::string_view Currency(std::string_view text, std::size_t at, std::size_t* length) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSigns = {
      {{"$", "dollars"}, {"£", "pounds"}, {"€", "euros"}}};
  for (const auto& [sign, name] : kSigns) {
    if (text.substr(at, sign.size()) == sign) {
      *length = sign.size();
      return name;
    }
  }
  return {};
}

/// Length of a placeholder of redaction, "[name 1]", at text[at], or 0.
std::size_t PlaceholderLength(std::string_view text, std::size_t at) {
  constexpr std::size_t kLongest = 32;
  text = text.substr(at, kLongest);
  if (text.front() != '[') return 0;
  const std::size_t space = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz", 1);
  if (space == 1 || space == std::string_view::npos || text[space] != ' ') return 0;
  const std::size_t end = text.find_first_not_of("0123456789", space + 1);
  return end == space + 1 || end == std::string_view::npos || text[end] != ']' ? 0 : end + 1;
}

/// Where a number at text[at] ends, its digits added to `digits`; "1,250" is one.
std::size_t NumberEnd(std::string_view text, std::size_t at, std::string* digits) {
  const auto digit = [&](std::size_t i) { return i < text.size() && IsDigit(text[i]); };
  for (;; ++at) {
    if (digit(at)) {
      *digits += text[at];
    } else if (at >= text.size() || text[at] != ',' || !digit(at + 1) || !digit(at + 2) ||
               !digit(at + 3) || digit(at + 4)) {
      return at;
    }
  }
}

/// With ASCII's apostrophe for the typographic ones, and spaces for other punctuation of
/// U+2010..U+205E.
std::string PlainPunctuation(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = unicode::Decode(text, &at);
    if (c == 0x2018 || c == 0x2019) {
      plain += '\'';
    } else if (c >= 0x2010 && c <= 0x205E) {
      plain += ' ';
    } else {
      plain += text.substr(begin, at - begin);
    }
  }
  return plain;
}

/// Lower-case words without punctuation, numbers spoken; placeholders as they are.
std::vector<std::string> SpokenWords(std::string_view written) {
  const std::string text = PlainPunctuation(written);
  std::vector<std::string> words;
  std::string word;
  std::string_view currency;
  const auto finish = [&] {
    while (word.ends_with('\'')) word.pop_back();  // of a quotation
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 0;
    if (const std::size_t placeholder = PlaceholderLength(text, i); placeholder > 0) {
      finish();
      words.push_back(text.substr(i, placeholder));
      i += placeholder;
    } else if (const std::string_view name = Currency(text, i, &length); !name.empty()) {
      finish();
      currency = name;
      i += length;
    } else if (IsDigit(text[i])) {
      finish();
      std::string digits;
      i = NumberEnd(text, i, &digits);
      words.push_back(NumberWords(digits));
      if (!currency.empty()) words.emplace_back(currency);
      currency = {};
    } else if (IsWordLetter(text[i]) || (text[i] == '\'' && !word.empty())) {
      const char c = text[i++];
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      finish();
      ++i;
    }
  }
  finish();
  return words;
}

template <std::size_t N>
std::string_view Any(const std::array<std::string_view, N>& list, Random* random) {
  return list[random->Below(N)];
}

/// What is heard in place of `word`.
std::string Misheard(const std::string& word, const RoughenOptions& options, Random* random) {
  if (random->Chance(options.unknown)) return "<unk>";
  if (options.confusions != nullptr) return std::string(options.confusions->Of(word, random));
  for (const auto& [a, b] : kSoundAlike) {
    if (word == a) return std::string(b);
    if (word == b) return std::string(a);
  }
  // The end of a word is swallowed, where it is long enough and plain ASCII.
  const bool ascii = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") == std::string::npos;
  if (ascii && word.size() > 5 && random->Chance(0.6)) return word.substr(0, word.size() - 2);
  return std::string(Any(kOtherWords, random));
}

}  // namespace

RoughenOptions WordErrors(double word_error, Confusions* confusions) {
  RoughenOptions options;
  options.word_error = word_error;
  options.noise = options.filler = 0;
  options.confusions = confusions;
  return options;
}

std::string NumberWords(std::string_view digits) {
  std::string words;
  if (digits.size() > 4 || (digits.size() > 1 && digits[0] == '0')) {
    for (const char digit : digits) {
      if (!words.empty()) words += ' ';
      words += kSmall[static_cast<std::size_t>(digit - '0')];
    }
    return words;
  }
  int n = 0;
  for (const char digit : digits) n = n * 10 + (digit - '0');
  if (n < 1000) return BelowThousand(n);
  // Years and the like: "twenty twenty six"; round ones: "two thousand".
  if (n % 1000 == 0) return BelowThousand(n / 1000) + " thousand";
  if (n % 100 == 0) return BelowThousand(n / 100) + " hundred";
  const std::string rest = n % 100 < 10 ? "oh " + BelowThousand(n % 100) : BelowThousand(n % 100);
  return BelowThousand(n / 100) + " " + rest;
}

std::string Roughen(std::string_view text, const RoughenOptions& options, Random* random) {
  const std::vector<std::string> words = SpokenWords(text);
  std::vector<std::string> heard;
  if (random->Chance(options.noise)) heard.emplace_back("[noise]");
  for (const std::string& word : words) {
    if (random->Chance(options.filler)) heard.emplace_back(Any(kFillers, random));
    if (word[0] == '[' || !random->Chance(options.word_error)) {
      heard.push_back(word);
      continue;
    }
    // Of a recogniser's errors about six in ten are substitutions, the rest losses and additions.
    const double kind = random->Uniform();
    if (kind < 0.6) {
      heard.push_back(Misheard(word, options, random));
    } else if (kind < 0.8) {
      heard.push_back(word);
      heard.emplace_back(Any(kOtherWords, random));
    }
  }
  if (heard.empty() && !words.empty()) heard.emplace_back("<unk>");
  if (random->Chance(options.noise)) heard.emplace_back("[noise]");
  std::string out;
  for (const std::string& word : heard) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

void RoughenConversation(const RoughenOptions& options, std::uint64_t seed,
                         Conversation* conversation) {
  if (conversation->channel != Channel::kChat) return;
  Random random(MixText(seed, conversation->id));
  for (Turn& turn : conversation->turns) turn.text = Roughen(turn.text, options, &random);
  conversation->channel = Channel::kVoice;
  conversation->attributes["roughened"] = {{"word_error", options.word_error}};
}

}  // namespace arcsat
