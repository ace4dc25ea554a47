// Whisper's JSON (openai-whisper, faster-whisper's writers) and WhisperX's, with speakers.
#include <utility>

#include "data/importers/document.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace {

// Whisper's own defaults for "nobody spoke here" (transcribe(): no_speech_threshold,
// logprob_threshold): text made up over silence.
constexpr double kNoSpeech = 0.6, kLogProbability = -1;

struct Heard {
  std::string label;
  SpeechSegment segment;
  int words = 0;
};

struct Word {
  std::string label, text;
  std::optional<double> begin, end, confidence;
};

std::vector<Word> ReadWords(const Fields& item, const std::string& label) {
  std::vector<Word> words;
  std::int64_t index = 0;
  for (const Json& json : item.List({"words"})) {
    const Fields fields(json, item.source(), {"words", index++});
    Word word{fields.Text({"speaker"}), fields.NeedText({"word"}), fields.Number({"start"}),
              fields.Number({"end"}), fields.Number({"score", "probability"})};
    if (word.label.empty()) word.label = label;
    words.push_back(std::move(word));
  }
  return words;
}

/// A word or two between the same speaker's words, without a pause, is a slip of the diarisation.
void SmoothLabels(std::vector<Word>* words) {
  constexpr std::size_t kShort = 2;
  for (std::size_t begin = 0; begin < words->size();) {
    std::size_t end = begin;
    while (end < words->size() && (*words)[end].label == (*words)[begin].label) ++end;
    if (begin > 0 && end < words->size() && end - begin <= kShort &&
        (*words)[begin - 1].label == (*words)[end].label) {
      for (std::size_t i = begin; i < end; ++i) (*words)[i].label = (*words)[end].label;
    }
    begin = end;
  }
}

/// A segment, or one for each run of words of a speaker where the words name them.
void ReadSegment(const Fields& item, std::vector<Heard>* out) {
  const double begin = item.NeedNumber({"start"}), end = item.NeedNumber({"end"});
  if (begin < 0) item.Refuse("start", begin, "0 or more");
  const auto silence = item.Number({"no_speech_prob"});
  const auto log_probability = item.Number({"avg_logprob"});
  const bool made_up =
      silence.value_or(0) > kNoSpeech && log_probability.value_or(0) < kLogProbability;
  const std::string label = item.Text({"speaker"});
  std::vector<Word> words = ReadWords(item, label);
  SmoothLabels(&words);
  bool several = false;
  for (const Word& word : words) several = several || word.label != words.front().label;
  if (!several) {
    Heard heard{words.empty() ? label : words.front().label, {}, 0};
    heard.segment.text = made_up ? "" : item.NeedText({"text"});
    heard.segment.begin = begin;
    heard.segment.end = end;
    for (const Word& word : words) {
      if (word.confidence) heard.segment.confidence.push_back(*word.confidence);
    }
    out->push_back(std::move(heard));
    return;
  }
  double at = begin;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    at = word.begin.value_or(at);
    if (i == 0 || words[i - 1].label != word.label) {
      out->push_back({word.label, {}, 0});
      out->back().segment.begin = at;
    } else {
      out->back().segment.text += ' ';
    }
    SpeechSegment& segment = out->back().segment;
    segment.text += word.text;
    segment.end = word.end.value_or(segment.end.value_or(at));
    if (word.confidence) segment.confidence.push_back(*word.confidence);
  }
}

class Whisper : public DocumentFormat {
 public:
  std::string name() const override { return "whisper"; }
  std::string describe() const override {
    return "Whisper and WhisperX JSON, with speakers (WhisperX --diarize)";
  }
  bool Matches(const Document& document, const ImportOptions&) const override {
    if (!document.json || !document.json->is_object()) return false;
    const auto segments = document.json->find("segments");
    return segments != document.json->end() && segments->is_array() && !segments->empty() &&
           segments->front().is_object() && segments->front().contains("start") &&
           segments->front().contains("text");
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    const JsonSource source = document.source();
    const Fields record(*document.json, source);
    std::vector<Heard> heard;
    std::int64_t index = 0;
    for (const Json& json : record.NeedList({"segments"})) {
      ReadSegment(Fields(json, source, {"segments", index++}), &heard);
    }
    std::vector<std::pair<std::string, std::string>> said;
    std::string last;
    for (Heard& one : heard) {
      // WhisperX leaves out the speaker of what it could not align.
      if (one.label.empty()) one.label = last;
      last = one.label;
      said.emplace_back(one.label, one.segment.text);
    }
    const RoleGuess guess = GuessRoles(said, options);
    if (guess.speakers.size() < 2) {
      throw Error({document.place, "found one speaker only", "expected segments with `speaker`",
                   "transcribe with diarisation (whisperx --diarize), or pass --skip-bad to leave "
                   "the file out"});
    }
    Conversation c;
    c.id = document.stem();
    c.channel = Channel::kVoice;
    c.language = record.Text({"language"});
    AppendField(&c.attributes, "roles", guess.by);
    std::vector<SpeechSegment> segments;
    for (Heard& one : heard) {
      one.segment.speaker = guess.speakers.at(one.label);
      segments.push_back(std::move(one.segment));
    }
    SegmentsToTurns(std::move(segments), options.turns, &c);
    out->Add(std::move(c));
  }
};

}  // namespace

const DocumentFormat& WhisperFormat() {
  static const Whisper format;
  return format;
}

}  // namespace arcsat
