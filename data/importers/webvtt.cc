// WebVTT (W3C Candidate Recommendation, 4 April 2019) with speakers: voice spans (<v Name>), or
// "Name: " before what is said.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "data/importers/document.h"
#include "data/importers/html.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestName = 60;

struct Said {
  std::string label;
  SpeechSegment segment;
};

/// Lines of a text, "\n", "\r\n" or "\r" between.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool Next(std::string_view* line) {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    *line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!rest_.empty()) rest_.remove_prefix(1);
    ++number_;
    return true;
  }
  std::int64_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::int64_t number_ = 0;
};

/// Seconds of "hh:mm:ss.mmm" or "mm:ss.mmm" (a comma, as SubRip has it, is taken too).
std::optional<double> ReadTime(std::string_view text) {
  double seconds = 0;
  int parts = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    std::string part(text.substr(0, end));
    for (char& c : part) c = c == ',' ? '.' : c;
    if (part.empty() || part.find_first_not_of("0123456789.") != std::string::npos) {
      return std::nullopt;
    }
    const auto number = NumberOf(part);
    if (!number || *number >= 1e6) return std::nullopt;
    seconds = seconds * 60 + *number;
    text.remove_prefix(std::min(end + 1, text.size()));
    ++parts;
  }
  return parts == 2 || parts == 3 ? std::optional(seconds) : std::nullopt;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "00:01.000 --> 00:04.000 align:start"; false where it is no such line.
bool ReadTiming(std::string_view line, SpeechSegment* segment) {
  const std::size_t arrow = line.find("-->");
  if (arrow == std::string_view::npos) return false;
  std::string_view after = Trim(line.substr(arrow + 3));
  after = after.substr(0, after.find_first_of(" \t"));
  const auto begin = ReadTime(Trim(line.substr(0, arrow)));
  const auto end = ReadTime(after);
  if (!begin || !end) return false;
  segment->begin = *begin;
  segment->end = std::max(*begin, *end);
  return true;
}

/// The speaker of a voice tag that `text` begins with ("<v.loud Mary>"), taken off; or of "Mary: ".
std::string TakeSpeaker(std::string_view* text) {
  if (text->starts_with("<v") && text->size() > 2 && ((*text)[2] == ' ' || (*text)[2] == '.')) {
    const std::size_t end = text->find('>');
    if (end == std::string_view::npos) return "";
    std::string_view name = text->substr(2, end - 2);
    const std::size_t space = name.find(' ');
    name = space == std::string_view::npos ? std::string_view() : name.substr(space + 1);
    text->remove_prefix(end + 1);
    return HtmlToText(Trim(name));
  }
  const std::size_t colon = text->substr(0, kLongestName).find(": ");
  if (colon == std::string_view::npos || colon == 0) return "";
  const std::string_view name = text->substr(0, colon);
  // "I told you: no" is no speaker's name.
  if (name.find_first_of(".,?!;<>\"") != std::string_view::npos ||
      std::count(name.begin(), name.end(), ' ') > 3 ||
      std::islower(static_cast<unsigned char>(name.front())) != 0) {
    return "";
  }
  std::string label(name);
  text->remove_prefix(colon + 2);
  return label;
}

/// One cue's payload: a segment for each voice in it. `last`: who spoke before.
void ReadPayload(std::string_view payload, const SpeechSegment& timing, std::string* last,
                 std::vector<Said>* out) {
  for (bool first = true; !payload.empty(); first = false) {
    std::size_t next = payload.find("<v", 1);
    while (next != std::string_view::npos && next + 2 < payload.size() &&
           payload[next + 2] != ' ' && payload[next + 2] != '.') {
      next = payload.find("<v", next + 1);
    }
    std::string_view part = payload.substr(0, next);
    payload.remove_prefix(part.size());
    const std::string label = TakeSpeaker(&part);
    if (!label.empty()) *last = label;
    Said said{*last, timing};
    said.segment.text = HtmlToText(part);
    for (char& c : said.segment.text) c = c == '\n' ? ' ' : c;
    // Several voices in one cue share its time; each begins with the cue.
    if (!said.segment.text.empty() || first) out->push_back(std::move(said));
  }
}

std::vector<Said> ReadCues(const Document& document) {
  std::vector<Said> said;
  std::string last, payload;
  std::optional<SpeechSegment> timing;
  bool note = false;
  const auto end = [&] {
    if (timing) ReadPayload(payload, *timing, &last, &said);
    timing.reset();
    payload.clear();
    note = false;
  };
  Lines lines(document.text);
  std::string_view line;
  lines.Next(&line);  // WEBVTT
  while (lines.Next(&line)) {
    if (Trim(line).empty()) {
      end();
    } else if (!timing && !note && line.find("-->") != std::string_view::npos) {
      timing.emplace();
      if (!ReadTiming(line, &*timing)) {
        throw Error({fmt::format("{}:{}", document.place, lines.number()),
                     fmt::format("found \"{:.60}\"", line),
                     "expected a cue's times, such as 00:01.000 --> 00:04.000",
                     document.source().remedy});
      }
    } else if (timing) {
      if (!payload.empty()) payload += '\n';
      payload += line;
    } else {
      note = note || line.starts_with("NOTE") || line.starts_with("STYLE") ||
             line.starts_with("REGION");
    }
  }
  end();
  return said;
}

class WebVtt : public DocumentFormat {
 public:
  std::string name() const override { return "webvtt"; }
  std::string describe() const override {
    return "WebVTT captions with speakers (<v Name> or \"Name: \"), as meeting tools write them";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    return document.text.starts_with("WEBVTT") &&
           (document.text.size() == 6 ||
            std::string_view(" \t\r\n").find(document.text[6]) != std::string_view::npos);
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    if (!Matches(document, options)) {
      throw Error({document.place, "found no WEBVTT on the first line", "expected a WebVTT file",
                   "check the format"});
    }
    std::vector<Said> all = ReadCues(document);
    std::vector<std::pair<std::string, std::string>> labels;
    labels.reserve(all.size());
    for (const Said& said : all) labels.emplace_back(said.label, said.segment.text);
    const RoleGuess guess = GuessRoles(labels, options);
    if (guess.speakers.size() < 2) {
      throw Error({document.place, "found fewer than two speakers",
                   "expected cues with <v Name> or \"Name: \"",
                   "export with speakers, or pass --skip-bad to leave the file out"});
    }
    Conversation c;
    c.id = document.stem();
    c.channel = Channel::kVoice;
    AppendField(&c.attributes, "roles", guess.by);
    std::vector<SpeechSegment> segments;
    for (Said& said : all) {
      said.segment.speaker = guess.speakers.at(said.label);
      // "Caller" is nobody's name.
      if (!RoleOf(said.label)) AddParticipant(said.segment.speaker, said.label, &c);
      segments.push_back(std::move(said.segment));
    }
    SegmentsToTurns(std::move(segments), options.turns, &c);
    out->Add(std::move(c));
  }
};

}  // namespace

const DocumentFormat& WebVttFormat() {
  static const WebVtt format;
  return format;
}

}  // namespace arcsat
