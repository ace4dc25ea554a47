// Amazon Transcribe, batch jobs: `results.items` with speaker labels, or with channel labels.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/importers/document.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace {

/// Words of one speaker in a row.
struct Run {
  std::string label;
  SpeechSegment segment;
  int words = 0;
};

struct Item {
  std::string label, content;
  double begin = 0, end = 0;
  std::optional<double> confidence;
  bool punctuation = false;
};

Item ReadItem(const Json& json, const JsonSource& source, std::int64_t index) {
  const Fields fields(json, source, {"items", index});
  Item item;
  item.punctuation = fields.Text({"type"}) == "punctuation";
  item.label = fields.Text({"speaker_label", "channel_label"});
  const Json& alternatives = fields.NeedList({"alternatives"});
  if (alternatives.empty()) fields.Refuse("alternatives", alternatives, "at least one");
  const Fields best(alternatives.front(), source, {"items.alternatives", index});
  item.content = best.NeedText({"content"});
  if (!item.punctuation) {
    item.begin = fields.NeedNumber({"start_time"});
    item.end = fields.NeedNumber({"end_time"});
    if (item.begin < 0) fields.Refuse("start_time", item.begin, "0 or more");
    item.confidence = best.Number({"confidence"});
  }
  return item;
}

/// Older files name the speakers by the time of a word, in a list of their own.
std::vector<std::pair<double, std::string>> ReadLabels(const Fields& results) {
  std::vector<std::pair<double, std::string>> labels;
  const Fields speakers = results.Object({"speaker_labels"});
  std::int64_t index = 0;
  for (const Json& json : speakers.List({"segments"})) {
    const Fields segment(json, results.source(), {"segments", index++});
    for (const Json& item : segment.List({"items"})) {
      const Fields word(item, results.source(), {"segments.items", 0});
      labels.emplace_back(word.NeedNumber({"start_time"}), word.Text({"speaker_label"}));
    }
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return labels;
}

void Append(const Item& item, std::vector<Run>* runs) {
  if (item.punctuation) {
    if (!runs->empty()) runs->back().segment.text += item.content;
    return;
  }
  constexpr double kPause = 1;
  const bool begins = runs->empty() || runs->back().label != item.label ||
                      item.begin - runs->back().segment.end.value_or(0) > kPause;
  if (begins) {
    runs->push_back({item.label, {}, 0});
    runs->back().segment.begin = item.begin;
  } else {
    runs->back().segment.text += ' ';
  }
  Run& run = runs->back();
  run.segment.text += item.content;
  run.segment.end = item.end;
  ++run.words;
  if (item.confidence) run.segment.confidence.push_back(*item.confidence);
}

/// Items of the whole recording, each with its speaker, or of each channel in its turn.
std::vector<Run> ReadRuns(const Fields& results) {
  std::vector<Run> runs;
  const JsonSource& source = results.source();
  const Json& channels = results.Object({"channel_labels"}).List({"channels"});
  std::int64_t channel_index = 0;
  for (const Json& json : channels) {
    const Fields channel(json, source, {"channels", channel_index++});
    const std::string label = channel.NeedText({"channel_label"});
    std::int64_t index = 0;
    for (const Json& word : channel.NeedList({"items"})) {
      Item item = ReadItem(word, source, index++);
      item.label = label;
      Append(item, &runs);
    }
  }
  if (!channels.empty()) return runs;
  const auto labels = ReadLabels(results);
  std::string last;
  std::int64_t index = 0;
  for (const Json& word : results.NeedList({"items"})) {
    Item item = ReadItem(word, source, index++);
    if (item.label.empty() && !item.punctuation) {
      const auto found =
          std::lower_bound(labels.begin(), labels.end(), item.begin,
                           [](const auto& entry, double time) { return entry.first < time; });
      item.label = found != labels.end() && found->first == item.begin ? found->second : last;
    }
    if (!item.punctuation) last = item.label;
    Append(item, &runs);
  }
  return runs;
}

class Transcribe : public DocumentFormat {
 public:
  std::string name() const override { return "transcribe"; }
  std::string describe() const override {
    return "Amazon Transcribe jobs with speaker labels or channel identification";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json || !document.json->is_object()) return false;
    const auto results = document.json->find("results");
    return results != document.json->end() && results->is_object() &&
           results->contains("transcripts") && results->contains("items");
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    const JsonSource source = document.source();
    const Fields record(*document.json, source);
    const Fields results = record.Object({"results"});
    Conversation c;
    c.id = record.Text({"jobName"});
    if (c.id.empty()) c.id = document.stem();
    c.channel = Channel::kVoice;
    c.language = results.Text({"language_code"});
    std::vector<Run> runs = ReadRuns(results);
    SmoothLabels(&runs);
    SegmentsToTurns(WithRoles(std::move(runs), document, options, &c), options.turns, &c);
    out->Add(std::move(c));
  }

 private:
  /// One or two words in the midst of another's speech are a slip of the diarisation, not a turn.
  static void SmoothLabels(std::vector<Run>* runs) {
    constexpr double kPause = 0.3;
    for (std::size_t i = 1; i + 1 < runs->size(); ++i) {
      Run& run = (*runs)[i];
      const Run& before = (*runs)[i - 1];
      const Run& after = (*runs)[i + 1];
      const bool close = run.segment.begin - before.segment.end.value_or(0) < kPause &&
                         after.segment.begin - run.segment.end.value_or(0) < kPause;
      if (run.words <= 2 && before.words > 2 && after.words > 2 && before.label == after.label &&
          close && run.segment.begin >= before.segment.end.value_or(0)) {
        run.label = before.label;
      }
    }
  }

  static std::vector<SpeechSegment> WithRoles(std::vector<Run> runs, const Document& document,
                                              const ImportOptions& options, Conversation* c) {
    std::vector<std::pair<std::string, std::string>> said;
    said.reserve(runs.size());
    for (const Run& run : runs) said.emplace_back(run.label, run.segment.text);
    const RoleGuess guess = GuessRoles(said, options);
    if (guess.speakers.size() < 2) {
      throw Error({document.place, "found one speaker only",
                   "expected speaker labels or channel identification",
                   "transcribe with one of the two, or pass --skip-bad to leave the file out"});
    }
    AppendField(&c->attributes, "roles", guess.by);
    std::vector<SpeechSegment> segments;
    for (Run& run : runs) {
      run.segment.speaker = guess.speakers.at(run.label);
      segments.push_back(std::move(run.segment));
    }
    return segments;
  }
};

}  // namespace

const DocumentFormat& TranscribeFormat() {
  static const Transcribe format;
  return format;
}

}  // namespace arcsat
