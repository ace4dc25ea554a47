// Links and e-mail addresses, written and read out.
#include <algorithm>
#include <array>

#include "data/among.h"
#include "data/redaction/redact.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestUrl = 4096, kLongestLocal = 256, kLongestEmail = 512,
                      kLongestAddress = 120;

bool EndsUrl(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '<' || c == '>' || c == '"';
}

bool IsLocal(char c) {
  return IsWordByte(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

/// A long run of letters and digits, with both: a token, a session, somebody's number.
bool HasToken(std::string_view text) {
  std::size_t run = 0, digits = 0;
  for (const char c : text) {
    const bool part = IsDigit(c) || IsUpper(c) || IsLower(c) || c == '-' || c == '_';
    run = part ? run + 1 : 0;
    digits = !part ? 0 : digits + (IsDigit(c) ? 1 : 0);
    if ((run >= 16 && digits >= 3) || (run >= 20 && digits >= 1)) return true;
  }
  return false;
}

}  // namespace

PiiMatch MatchUrl(std::string_view text, std::size_t at) {
  const std::string head = LowerAscii(text.substr(at, 8));
  if (!head.starts_with("http://") && !head.starts_with("https://") && !head.starts_with("www.")) {
    return {};
  }
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestUrl && !EndsUrl(text[end])) ++end;
  while (end > at && std::string_view(".,;:!?)'").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  const std::string_view url = text.substr(at, end - at);
  const std::size_t query = url.find_first_of("?#");
  const std::size_t at_sign = url.substr(0, url.find('/', 8)).find('@');
  const bool tells =
      (query != std::string_view::npos && url.find('=', query) != std::string_view::npos) ||
      at_sign != std::string_view::npos || url.find('@') != std::string_view::npos ||
      HasToken(url.substr(std::min<std::size_t>(8, url.size())));
  if (!tells) return {};
  return {end - at, PiiType::kUrl, std::string(url)};
}

PiiMatch MatchEmail(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestLocal && IsLocal(text[end])) ++end;
  if (end == at || end >= text.size() || text[end] != '@') return {};
  const std::size_t domain = ++end;
  std::size_t dot = 0;
  while (end < text.size() && end - at < kLongestEmail &&
         (IsWordByte(text[end]) || text[end] == '-' || text[end] == '.')) {
    if (text[end] == '.') dot = end;
    ++end;
  }
  while (end > domain && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  if (dot >= end) dot = text.substr(0, end).rfind('.');
  if (dot == std::string_view::npos || dot <= domain || end - dot < 3) return {};
  return {end - at, PiiType::kEmail, LowerAscii(text.substr(at, end - at))};
}

PiiMatch MatchSpokenEmail(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 5> kJoins = {"dot", "underscore", "dash", "hyphen",
                                                             "point"};
  static constexpr std::array<std::string_view, 12> kDomains = {
      "com", "net", "org", "de", "co", "edu", "gov", "io", "uk", "fr", "es", "info"};
  if (!IsWordByte(text[at])) return {};
  std::size_t next = at, words = 0;
  std::string key;
  std::string word = TakeWord(text, &next);
  // The name: a word, then joined words, or letters one by one.
  bool single = word.size() == 1;
  for (; words < 24 && !word.empty(); ++words) {
    key += word;
    word = TakeWord(text, &next);
    if (word == "at") break;
    if (Among(kJoins, word)) {
      word = TakeWord(text, &next);
      single = word.size() == 1;
    } else if (!single || word.size() > 12) {
      return {};
    } else {
      single = word.size() == 1;
    }
  }
  if (word != "at") return {};
  key += '@' + TakeWord(text, &next);
  std::size_t end = 0;
  for (int part = 0; part < 3; ++part) {
    std::size_t tail = next;
    if (TakeWord(text, &tail) != "dot") break;
    std::size_t stop = tail;
    while (stop < text.size() && IsWordByte(text[stop])) ++stop;
    const std::string last = TakeWord(text, &tail);
    if (last.empty()) break;
    if (Among(kDomains, last)) end = stop;
    key += '.' + last;
    next = tail;
  }
  if (end == 0) return {};
  return {end - at, PiiType::kEmail, key};
}

}  // namespace arcsat
