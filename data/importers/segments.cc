#include "data/importers/segments.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "data/json.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestMark = 40;

/// To milliseconds; what is too large to have any stays as it is.
double Rounded(double value) {
  return std::abs(value) < 1e12 ? std::round(value * 1000) / 1000 : value;
}

/// Words of nothing but "I am listening". English, and a few of German, French and Spanish.
bool IsBackchannelWord(std::string_view word) {
  static const std::unordered_set<std::string_view> words = {
      "mhm",    "mm",   "mmm",   "hm",  "hmm",     "mmhm",  "mmhmm",   "uhhuh", "uh",    "huh",
      "um",     "yeah", "yep",   "yup", "yes",     "ok",    "okay",    "right", "sure",  "ah",
      "aha",    "oh",   "i",     "see", "alright", "great", "good",    "ja",    "genau", "gut",
      "stimmt", "oui",  "ouais", "si",  "vale",    "claro", "d'accord"};
  return words.count(word) > 0;
}

/// Lower-case words; letters of other scripts count as letters.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || byte >= 0x80 || c == '\'') {
      word += static_cast<char>(std::tolower(byte));
    } else if (c != '-') {
      end();
    }
  }
  end();
  return words;
}

bool IsBackchannel(const SpeechSegment& segment, const TurnRules& rules) {
  if (segment.text.find('?') != std::string::npos || segment.text.size() > 60) return false;
  const std::vector<std::string> words = WordsOf(segment.text);
  return !words.empty() && static_cast<int>(words.size()) <= rules.backchannel_words &&
         std::all_of(words.begin(), words.end(),
                     [](const std::string& word) { return IsBackchannelWord(word); });
}

bool Overlap(const SpeechSegment& a, const SpeechSegment& b) {
  return a.end && b.end && a.begin < *b.end && b.begin < *a.end;
}

/// Whether segments[i] only accompanies what the other says: it overlaps the other's segment before
/// or after it, and the other goes on (or had not finished when it was said).
bool Accompanies(const std::vector<SpeechSegment>& segments, std::size_t i,
                 const TurnRules& rules) {
  const SpeechSegment& here = segments[i];
  if (i == 0 || !IsBackchannel(here, rules)) return false;
  const SpeechSegment& before = segments[i - 1];
  if (before.speaker == here.speaker || !before.end) return false;
  if (here.end && *here.end <= *before.end) return true;
  if (i + 1 >= segments.size()) return false;
  const SpeechSegment& after = segments[i + 1];
  return after.speaker == before.speaker && after.begin - *before.end <= rules.gap &&
         (Overlap(before, here) || Overlap(here, after));
}

/// A turn under way.
struct OpenTurn {
  Turn turn;
  std::optional<double> end;
  std::vector<double> confidence;
  Json sentiments = Json::array();
  Json backchannels = Json::array();
  double overlap = 0;
};

void Close(OpenTurn* open, std::vector<Turn>* turns) {
  Json& extra = open->turn.extra;
  if (open->end) AppendField(&extra, "end", NumberToJson(Rounded(*open->end)));
  if (open->overlap > 0) AppendField(&extra, "overlap", NumberToJson(Rounded(open->overlap)));
  if (!open->confidence.empty()) {
    double sum = 0;
    Json words = Json::array();
    for (const double value : open->confidence) {
      sum += value;
      words.push_back(NumberToJson(Rounded(value)));
    }
    const double mean = sum / static_cast<double>(open->confidence.size());
    AppendField(&extra, "confidence", NumberToJson(Rounded(mean)));
    AppendField(&extra, "word_confidence", std::move(words));
  }
  if (open->sentiments.size() == 1) {
    AppendField(&extra, "vendor_sentiment", std::move(open->sentiments[0]));
  } else if (!open->sentiments.empty()) {
    AppendField(&extra, "vendor_sentiment", std::move(open->sentiments));
  }
  if (!open->backchannels.empty()) {
    AppendField(&extra, "backchannels", std::move(open->backchannels));
  }
  turns->push_back(std::move(open->turn));
}

void Append(SpeechSegment&& segment, OpenTurn* open) {
  std::string& text = open->turn.text;
  if (!text.empty() && !segment.text.empty()) text += ' ';
  text += segment.text;
  if (segment.end) open->end = std::max(open->end.value_or(*segment.end), *segment.end);
  open->confidence.insert(open->confidence.end(), segment.confidence.begin(),
                          segment.confidence.end());
  if (!segment.sentiment.is_null()) open->sentiments.push_back(std::move(segment.sentiment));
}

OpenTurn Begin(SpeechSegment&& segment, const std::vector<Turn>& before,
               std::optional<double> end) {
  OpenTurn open;
  open.turn.speaker = segment.speaker;
  open.turn.at = Rounded(segment.begin);
  if (!before.empty() && before.back().speaker != segment.speaker && end) {
    open.overlap = std::max(0.0, std::min(*end, segment.end.value_or(*end)) - segment.begin);
  }
  Append(std::move(segment), &open);
  return open;
}

/// Length of a mark such as "[noise]" or "<laugh>" that `text` begins with, else 0. "<unk>" is
/// none, nor is what has spaces or digits in it ("[name 1]", "<3").
std::size_t MarkLength(std::string_view text) {
  const char close = text.front() == '[' ? ']' : '>';
  const std::size_t end = text.substr(0, kLongestMark).find(close);
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = text.substr(1, end - 1);
  const bool word = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) != 0 || c == '-' || c == '_' || c == '/';
  });
  return word && name != "unk" ? end + 1 : 0;
}

}  // namespace

std::string WithoutMarks(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t mark = c == '[' || c == '<' ? MarkLength(text) : 0;
    if (mark > 0) {
      text.remove_prefix(mark);
      if (!kept.empty() && kept.back() != ' ') kept += ' ';
      continue;
    }
    text.remove_prefix(1);
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      kept += c;
    } else if (!kept.empty() && kept.back() != ' ') {
      kept += ' ';
    }
  }
  while (kept.ends_with(' ')) kept.pop_back();
  return kept;
}

void SegmentsToTurns(std::vector<SpeechSegment> segments, const TurnRules& rules, Conversation* c) {
  const std::size_t heard = segments.size();
  std::stable_sort(
      segments.begin(), segments.end(),
      [](const SpeechSegment& a, const SpeechSegment& b) { return a.begin < b.begin; });
  for (SpeechSegment& segment : segments) {
    if (!rules.keep_marks) segment.text = WithoutMarks(segment.text);
  }
  const auto silent = [](const SpeechSegment& segment) {
    const std::string text = WithoutMarks(segment.text);
    return text.empty() || text == "<unk>";
  };
  segments.erase(std::remove_if(segments.begin(), segments.end(), silent), segments.end());
  const std::size_t dropped = heard - segments.size();

  std::int64_t backchannels = 0, overlaps = 0;
  std::optional<OpenTurn> open;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    SpeechSegment& next = segments[i];
    if (rules.join && open && Accompanies(segments, i, rules)) {
      open->backchannels.push_back({{"speaker", Name(next.speaker)},
                                    {"text", next.text},
                                    {"at", NumberToJson(Rounded(next.begin))}});
      ++backchannels;
      // What follows is compared with the one that was accompanied.
      SpeechSegment before = segments[i - 1];
      segments[i] = std::move(before);
      continue;
    }
    const bool joins = rules.join && open && open->turn.speaker == next.speaker &&
                       (!open->end || next.begin - *open->end <= rules.gap);
    if (joins) {
      Append(std::move(next), &*open);
      continue;
    }
    const std::optional<double> end = open ? open->end : std::nullopt;
    if (open) Close(&*open, &c->turns);
    open = Begin(SpeechSegment(next), c->turns, end);
    if (open->overlap > 0) ++overlaps;
  }
  if (open) Close(&*open, &c->turns);
  if (c->channel != Channel::kVoice) return;
  AppendField(&c->attributes, "voice",
              {{"segments", heard},
               {"dropped", dropped},
               {"backchannels", backchannels},
               {"overlapping", overlaps}});
}

}  // namespace arcsat
