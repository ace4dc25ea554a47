#include "data/simulator/manner.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace arcsat {
namespace {

constexpr std::array<std::string_view, 12> kPoliteBefore = {"Thank you. ",
                                                            "Thanks so much. ",
                                                            "That's kind of you. ",
                                                            "Oh lovely, thank you. ",
                                                            "I appreciate your help. ",
                                                            "Of course, with pleasure. ",
                                                            "Thanks for looking. ",
                                                            "Bless you. ",
                                                            "Ah, great, thanks. ",
                                                            "You're very kind. ",
                                                            "Wonderful, thank you. ",
                                                            "Yes please, thank you. "};
constexpr std::array<std::string_view, 8> kPoliteAfter = {", please",
                                                          ", thank you",
                                                          ", thanks a lot",
                                                          ", my dear",
                                                          ". Thank you for your patience",
                                                          ". I'm grateful for your time",
                                                          ", if you'd be so kind",
                                                          ". You're being very helpful"};
constexpr std::array<std::string_view, 12> kRudeBefore = {"For God's sake. ",
                                                          "Damn it. ",
                                                          "What a joke. ",
                                                          "Bloody hell. ",
                                                          "Ugh. ",
                                                          "Christ. ",
                                                          "Honestly, what a circus. ",
                                                          "Oh come on. ",
                                                          "You people are a pain. ",
                                                          "Crap. ",
                                                          "This is ridiculous. ",
                                                          "Idiots. "};
constexpr std::array<std::string_view, 8> kRudeAfter = {", damn it",
                                                        ", for crying out loud",
                                                        ". What a mess of a company",
                                                        ", god knows why",
                                                        ". Pathetic, really",
                                                        ", you lot",
                                                        ". I hate calling you",
                                                        ", hell knows"};
constexpr std::array<std::string_view, 6> kPlainBefore = {"Well. ",      "Hm. ", "OK. ",
                                                          "Let's see. ", "Er. ", "Ah. "};

template <std::size_t N>
std::string_view Any(const std::array<std::string_view, N>& list, Random* random) {
  return list[random->Below(N)];
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Swaps, drops or doubles one inner letter of [begin, end).
void Slip(std::string* text, std::size_t begin, std::size_t end, Random* random) {
  const std::size_t at = begin + 1 + random->Below(end - begin - 2);
  switch (random->Below(3)) {
    case 0:
      std::swap((*text)[at], (*text)[at + 1]);
      break;
    case 1:
      text->erase(at, 1);
      break;
    default:
      text->insert(at, 1, (*text)[at]);
  }
}

}  // namespace

Manner DrawManner(Random* random) {
  Manner manner;
  const double tone = random->Uniform();
  manner.tone = tone < 0.35   ? Manner::Tone::kPolite
                : tone < 0.6  ? Manner::Tone::kPlain
                : tone < 0.78 ? Manner::Tone::kTerse
                              : Manner::Tone::kRude;
  manner.strength = 0.15 + 0.35 * random->Uniform();
  manner.typos = random->Chance(0.3) ? 0.05 * random->Uniform() : 0;
  manner.lower_case = random->Chance(0.25);
  manner.full_stops = random->Chance(0.65);
  return manner;
}

std::string Decorate(std::string text, Act act, const Manner& manner, Random* random) {
  if (!random->Chance(act == Act::kClose ? 0.6 : manner.strength)) return text;
  const bool before = random->Chance(0.5);
  switch (manner.tone) {
    case Manner::Tone::kPolite:
      return before ? std::string(Any(kPoliteBefore, random)) + text
                    : text + std::string(Any(kPoliteAfter, random));
    case Manner::Tone::kRude:
      return before ? std::string(Any(kRudeBefore, random)) + text
                    : text + std::string(Any(kRudeAfter, random));
    case Manner::Tone::kPlain:
      return std::string(Any(kPlainBefore, random)) + text;
    case Manner::Tone::kTerse:
      break;
  }
  return text;
}

std::string Type(std::string text, const Manner& manner, Random* random) {
  if (manner.full_stops && !text.empty() && text.back() != '?') text += '.';
  text = Capitalise(std::move(text));
  if (manner.lower_case) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  if (manner.typos <= 0) return text;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && IsLetter(text[end])) ++end;
    if (end - i >= 4 && random->Chance(manner.typos)) {
      const std::size_t before = text.size();
      Slip(&text, i, end, random);
      end += text.size() - before;  // unsigned wrap-around is meant: -1, 0 or 1
    }
    i = end + 1;
  }
  return text;
}

std::string Capitalise(std::string text) {
  bool start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (start && c >= 'a' && c <= 'z') text[i] = static_cast<char>(c - 'a' + 'A');
    if (c != ' ') start = false;
    const bool ends = c == '.' || c == '?' || c == '!';
    const bool dots = i > 0 && c == '.' && text[i - 1] == '.';
    if (ends && !dots && i + 1 < text.size() && text[i + 1] == ' ') start = true;
  }
  return text;
}

}  // namespace arcsat
