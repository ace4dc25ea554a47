#include "data/answer_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "data/error.h"

namespace arcsat {
namespace {

std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const std::size_t first = plain.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  plain = plain.substr(first, plain.find_last_not_of(" \t\r\n") - first + 1);
  // U+FE0F asks for a picture, U+1F3FB..F for a colour of skin: the answer is the same.
  for (const std::string_view mark : {"\xEF\xB8\x8F", "\xF0\x9F\x8F\xBB", "\xF0\x9F\x8F\xBC",
                                      "\xF0\x9F\x8F\xBD", "\xF0\x9F\x8F\xBE", "\xF0\x9F\x8F\xBF"}) {
    for (std::size_t at; (at = plain.find(mark)) != std::string::npos;)
      plain.erase(at, mark.size());
  }
  return plain;
}

std::optional<double> Number(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

[[noreturn]] void Refuse(const std::string& rule) {
  throw UsageError({"survey scale", "found \"" + rule + "\"",
                    "expected LOW..HIGH, thumbs, smileys, words, or WORD=NUMBER,WORD=NUMBER",
                    "write 1..5, for example"});
}

AnswerScale Named(const std::string& rule, double low, double high,
                  std::map<std::string, double> words) {
  return {low, high, std::move(words), rule};
}

}  // namespace

AnswerScale ParseAnswerScale(const std::string& rule) {
  if (rule == "thumbs") {
    return Named(rule, 0, 1,
                 {{"good", 1},
                  {"up", 1},
                  {"thumbs up", 1},
                  {"thumbs_up", 1},
                  {"yes", 1},
                  {"true", 1},
                  {"like", 1},
                  {"positive", 1},
                  {"👍", 1},
                  {"bad", 0},
                  {"down", 0},
                  {"thumbs down", 0},
                  {"thumbs_down", 0},
                  {"no", 0},
                  {"false", 0},
                  {"dislike", 0},
                  {"negative", 0},
                  {"👎", 0}});
  }
  if (rule == "smileys") {
    return Named(rule, 1, 5, {{"😡", 1},  {"😠", 1},   {"🤬", 1}, {"😭", 1},    {"🙁", 2},
                              {"☹", 2},  {"😕", 2},   {"😟", 2},    {":(", 2},   {":-(", 2},
                              {"😐", 3},  {":|", 3},  {":-|", 3},  {"🙂", 4}, {"😊", 4},
                              {":)", 4}, {":-)", 4}, {"😀", 5},    {"😃", 5},    {"😄", 5},
                              {"😁", 5},  {"😍", 5},   {"🤩", 5}, {":d", 5},   {":-d", 5}});
  }
  if (rule == "words") {
    return Named(rule, 1, 5,
                 {{"very dissatisfied", 1},
                  {"very unsatisfied", 1},
                  {"very poor", 1},
                  {"terrible", 1},
                  {"dissatisfied", 2},
                  {"unsatisfied", 2},
                  {"poor", 2},
                  {"neutral", 3},
                  {"neither satisfied nor dissatisfied", 3},
                  {"ok", 3},
                  {"fair", 3},
                  {"average", 3},
                  {"satisfied", 4},
                  {"good", 4},
                  {"very satisfied", 5},
                  {"very good", 5},
                  {"excellent", 5},
                  {"great", 5}});
  }
  const std::size_t dots = rule.find("..");
  if (dots != std::string::npos) {
    const auto low = Number(std::string_view(rule).substr(0, dots));
    const auto high = Number(std::string_view(rule).substr(dots + 2));
    if (!low || !high || !(*low < *high)) Refuse(rule);
    return Named(rule, *low, *high, {});
  }
  AnswerScale scale = Named(rule, 0, 0, {});
  for (std::string_view rest = rule; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t equals = part.rfind('=');
    if (equals == std::string_view::npos) Refuse(rule);
    const std::string word = Plain(part.substr(0, equals));
    const auto number = Number(part.substr(equals + 1));
    if (word.empty() || !number || !scale.words.emplace(word, *number).second) Refuse(rule);
  }
  if (scale.words.size() < 2) Refuse(rule);
  const auto [low, high] =
      std::minmax_element(scale.words.begin(), scale.words.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
  scale.low = low->second;
  scale.high = high->second;
  if (!(scale.low < scale.high)) Refuse(rule);
  return scale;
}

std::optional<double> AnswerOf(std::string_view text, const AnswerScale& scale) {
  const std::string plain = Plain(text);
  if (const auto word = scale.words.find(plain); word != scale.words.end()) return word->second;
  auto number = Number(plain);
  if (!number) {
    // "5 - Very satisfied", "10 (extremely likely)", "5: yes"; never "5 of 7" or "50%".
    const std::size_t end = plain.find_first_not_of("0123456789");
    const std::size_t next = end == std::string::npos ? end : plain.find_first_not_of(' ', end);
    const bool label = end != 0 && next != std::string::npos &&
                       std::string_view("-:(=").find(plain[next]) != std::string_view::npos;
    if (label) number = Number(std::string_view(plain).substr(0, end));
  }
  if (!number || *number < scale.low || *number > scale.high) return std::nullopt;
  return number;
}

}  // namespace arcsat
