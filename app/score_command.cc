#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "app/command.h"
#include "app/dataset.h"
#include "app/output.h"
#include "app/score_output.h"
#include "configs/bind.h"
#include "configs/bind_train.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/score_table.h"
#include "eval/cross_conformal.h"
#include "model/known_turns_file.h"
#include "model/scorer.h"
#include "model/tensor_pool.h"

namespace arcsat {
namespace {

constexpr std::size_t kWindow = 512;                         // conversations scored together
constexpr std::size_t kWindowBytes = std::size_t{32} << 20;  // of their lines

/// Why a record was left out, without the place, which has a field of its own.
std::string Reason(Problem problem, const std::string& place) {
  if (problem.place.starts_with(place)) problem.place.erase(0, place.size());
  if (problem.place.starts_with(": ")) problem.place.erase(0, 2);
  problem.remedy.clear();
  return Describe(problem);
}

/// EncodedConversation::channel as it is in records.
std::string ChannelName(int channel) {
  return channel == 0 ? "" : Name(channel == 1 ? Channel::kChat : Channel::kVoice);
}

enum class ScoreFormat { kJsonLines, kCsv, kParquet };

/// Scores as the bytes of a file, from its first to its last.
class ScoreWriter {
 public:
  explicit ScoreWriter(ScoreFormat format) : format_(format), table_(ScoreFields()) {}

  void Add(const Score& score) {
    switch (format_) {
      case ScoreFormat::kJsonLines:
        text_ += ToJsonLine(score) + "\n";
        break;
      case ScoreFormat::kCsv:
        if (!begun_) text_ += ScoreCsvHeader();
        text_ += ToCsvRow(score);
        break;
      case ScoreFormat::kParquet:
        text_ += table_.Add(ScoreCells(score));
    }
    begun_ = true;
  }
  void Finish() {
    if (format_ == ScoreFormat::kParquet) text_ += table_.Finish();
  }
  /// What has come since the last call.
  std::string Take() { return std::exchange(text_, ""); }

 private:
  ScoreFormat format_;
  ParquetWriter table_;
  std::string text_;
  bool begun_ = false;
};

/// Reads a file, scores it window by window and writes the scores in its order. Memory is a window.
class ScoreRun {
 public:
  ScoreRun(const LoadedModel& model, const Calibration& calibration, bool skip_bad,
           ScoreFormat format, KnownTurnsFile* cache, ScoreOutput* out)
      : model_(model),
        calibration_(calibration),
        sets_(FindConformal(model.folder)),
        skip_bad_(skip_bad),
        writer_(format),
        out_(*out),
        encoder_(model.MakeEncoder()),
        scorer_(*model.model, {.known_file = cache}) {}

  void Run(const std::string& data, bool quiet) {
    LineReader lines(data);
    const auto total = static_cast<std::int64_t>(lines.bytes_total());
    std::optional<Progress> progress;
    const auto flush = [&] {
      Flush();
      if (!progress) return;
      const auto done = static_cast<std::int64_t>(lines.bytes_read());
      progress->Update(total > 0 ? done : out_.scored(),
                       total > 0 ? Thousands(out_.scored()) + " conversations" : "");
    };
    for (std::string line; lines.Next(&line);) {
      if (!out_.Take(line)) continue;
      if (!progress) {  // here, so that what an earlier run did is not counted as this one's speed
        const auto begun = static_cast<std::int64_t>(lines.bytes_read());
        const std::int64_t start = out_.resumed() == 0 ? 0 : total > 0 ? begun : out_.resumed();
        progress.emplace(
            "scoring", total,
            ProgressOptions{
                .quiet = quiet, .start = start, .unit = total > 0 ? "bytes" : "conversations"});
      }
      if (IsBlank(line)) continue;
      Read(line, lines);
      if (encoded_.size() >= kWindow || bytes_ >= kWindowBytes) flush();
    }
    flush();
    writer_.Finish();
    out_.Write(writer_.Take(), 0, "", 0);
  }

  /// Of this run, with their places.
  const std::vector<std::string>& reasons() const { return left_out_.reasons; }

 private:
  void Read(const std::string& line, const LineReader& lines) {
    bytes_ += line.size();
    try {
      encoded_.push_back(encoder_.Encode(ParseConversation(line, lines.place()), model_.survey));
    } catch (const Error& error) {
      if (!skip_bad_) throw;
      const Json reject = {{"line", lines.line_number()},
                           {"reason", Reason(error.problem(), lines.place())}};
      rejects_ += reject.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
      ++rejected_;
      left_out_.Skip(error.what());
    }
  }

  void Flush() {
    const std::vector<RawScore> raw = scorer_.Score(encoded_);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      Score score = Apply(calibration_, raw[i]);
      if (sets_) {
        score.set = PredictAnswers(*sets_, calibration_, score, ChannelName(encoded_[i].channel));
      }
      score.model = model_.name;
      writer_.Add(score);
    }
    out_.Write(writer_.Take(), static_cast<std::int64_t>(encoded_.size()), rejects_, rejected_);
    encoded_.clear();
    encoder_.Trim();
    rejects_.clear();
    rejected_ = 0;
    bytes_ = 0;
  }

  const LoadedModel& model_;
  const Calibration& calibration_;
  std::optional<ConformalSets> sets_;
  bool skip_bad_;
  ScoreWriter writer_;
  ScoreOutput& out_;
  ConversationEncoder encoder_;
  Scorer scorer_;
  std::vector<EncodedConversation> encoded_;
  std::size_t bytes_ = 0;
  std::string rejects_;
  std::int64_t rejected_ = 0;
  ReadReport left_out_;
};

struct ScoreSettings {
  std::string model, data = "-", out, format = "auto";
  std::string turn_cache;
  double turn_cache_gb = 10;
  int threads = 0;
  bool resume = false;
  ReadOptions read;
  CommonOptions common;
};

void Bind(Options& options, ScoreSettings* s) {
  options.Add("model", &s->model, "run folder or model folder");
  options.Add("data", &s->data,
              "file of conversations, JSON lines or Parquet, or - for standard input");
  options.Add("out", &s->out, "file for the scores; standard output where none is given");
  options.Add(
      "format", &s->format,
      "jsonl; csv (a row a conversation, without its turns); parquet (the same, with its turns "
      "as JSON); or auto: what the end of --out says",
      OneOf({"auto", "jsonl", "csv", "parquet"}));
  options.Add(
      "turn-cache", &s->turn_cache,
      "file that keeps what was computed of each different turn, for later runs of the same "
      "model; one process at a time");
  options.Add("turn-cache-gb", &s->turn_cache_gb, "how large it may become, in 10^9 bytes",
              Between(0.001, 1e6));
  options.Add("threads", &s->threads, "CPU threads; 0: LibTorch's choice", Between(0, 4096));
  options.Add("resume", &s->resume,
              "keep what is done in FILE.partial, and go on there after a stop; give it from the "
              "start");
  Bind(options, &s->read);
  Bind(options, &s->common);
}

ScoreFormat FormatOf(const ScoreSettings& s) {
  const std::string end = std::filesystem::path(s.out).extension().string();
  const auto is = [&](const std::string& name) {
    return s.format == name || (s.format == "auto" && end == "." + name);
  };
  return is("csv")       ? ScoreFormat::kCsv
         : is("parquet") ? ScoreFormat::kParquet
                         : ScoreFormat::kJsonLines;
}

/// The file of --turn-cache, or none.
std::optional<KnownTurnsFile> OpenTurnCache(const LoadedModel& loaded, const ScoreSettings& s) {
  if (s.turn_cache.empty()) return std::nullopt;
  const EncoderConfig& encoder = loaded.encoder_config();
  const bool one_row = loaded.options().cross_turn_layers == 0;
  if (loaded.options().cross_turn_layers >= encoder.layers) {
    throw UsageError({"--turn-cache", "found a model all of whose layers see across turns",
                      "expected layers that see one turn at a time: nothing else can be kept",
                      "leave it out, or train with fewer --model.cross_turn_layers"});
  }
  const std::string weights = Sha256File(loaded.folder / "model.safetensors");
  const std::string kind = one_row ? "pooled " + loaded.options().pooling : "";
  return std::optional<KnownTurnsFile>(
      std::in_place,
      KnownTurnsFile::Place{s.turn_cache, Sha256(weights + TorchVersion() + kind), encoder.hidden,
                            std::llround(s.turn_cache_gb * 1e9), one_row});
}

void Tell(const ScoreOutput& out, const ScoreRun& run, const KnownTurnsFile* cache,
          const ScoreSettings& s) {
  if (cache != nullptr && !s.common.quiet) {
    fmt::print(stderr, "turn cache: {} turns, {:.1f} MB; {} were there\n",
               Thousands(cache->turns()), static_cast<double>(cache->bytes()) / 1e6,
               Thousands(cache->found()));
  }
  if (out.rejected() > 0 && !s.common.quiet) {
    fmt::print(stderr, "left out: {}\n", Thousands(out.rejected()));
    for (const std::string& reason : run.reasons()) fmt::print(stderr, "  {}\n", reason);
  }
  if (s.common.json && !s.out.empty() && s.out != "-") {
    PrintJson({{"scored", out.scored()}, {"rejected", out.rejected()}, {"resumed", out.resumed()}});
  }
}

int RunScore(const std::vector<std::string>& args) {
  ScoreSettings s;
  Options options(
      "score",
      "Scores conversations: the state at every customer turn, entry, exit, delta and "
      "the chance that the customer is satisfied. One JSON object a line, CSV or Parquet.",
      "arcsat score --model runs/first --data calls.jsonl --out scores.jsonl\n"
      "arcsat score --model runs/first --data calls.jsonl --out scores.parquet");
  Bind(options, &s);
  if (!options.Parse(args)) return 0;
  options.Demand({"model"});
  if (s.resume && (s.out.empty() || s.out == "-")) {
    throw UsageError({"command line", "--resume needs --out FILE", "expected a file for the scores",
                      "see arcsat score --help"});
  }
  const ScoreFormat format = FormatOf(s);
  if (format != ScoreFormat::kJsonLines && s.resume) {
    throw UsageError({"command line", "--resume goes on with JSON lines only, found a table",
                      "expected --out FILE.jsonl", "leave out --resume, or write .jsonl"});
  }
  UseThreads(s.threads);
  PoolTensorMemory();
  const LoadedModel loaded = LoadModel(ModelFolder(s.model));
  const Calibration calibration = DemandCalibration(loaded, s.model);
  std::optional<KnownTurnsFile> cache = OpenTurnCache(loaded, s);
  KnownTurnsFile* kept = cache ? &*cache : nullptr;
  ScoreOutput out(s.out, loaded.name, s.resume);
  ScoreRun run(loaded, calibration, s.read.skip_bad, format, kept, &out);
  run.Run(s.data, s.common.quiet);
  if (out.scored() == 0) {
    throw Error({s.data, "holds no conversation", "expected one JSON object a line",
                 "see docs/formats.md"});
  }
  out.Commit();
  Tell(out, run, kept, s);
  return 0;
}

}  // namespace

const Command kScoreCommand = {"score", "Use", "scores conversations", RunScore};

}  // namespace arcsat
