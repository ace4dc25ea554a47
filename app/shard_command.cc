#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "app/command.h"
#include "app/output.h"
#include "app/shard_progress.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/ordered_work.h"
#include "data/shards/writer.h"
#include "model/model_folder.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1024;                        // conversations tokenised at a time
constexpr std::size_t kPieceBytes = std::size_t{16} << 20;  // of their lines, about

struct ShardCall {
  std::vector<std::string> data;
  std::string encoder, out;
  bool resume = false;
  int threads = 0;
  std::int64_t conversations = 100'000;
  ModelOptions model;
  SurveyOptions survey;
  ReadOptions read;
  CommonOptions common;
};

/// Lines to tokenise, each with its number in the file.
struct Lines {
  std::size_t source = 0;
  std::vector<std::pair<std::int64_t, std::string>> lines;
  std::vector<std::string> places;
  std::int64_t done = 0;  ///< of all that is to be read, for the progress bar
};

/// What became of them.
struct Packed {
  std::size_t source = 0;
  std::string records;
  struct Record {
    ShardEntry entry;                     ///< its offset counts from the first record
    std::int64_t line = 0;                ///< of the file
    std::int64_t empty = 0, skipped = 0;  ///< left out before it
  };
  std::vector<Record> list;
  std::int64_t empty = 0;  ///< conversations without turns, left out
  ReadReport report;
  std::int64_t done = 0;
};

/// Tokenises files into a folder of shards. Memory is a few pieces a thread and a shard's index.
class ShardRun {
 public:
  /// `settings` are kept beside the shards.
  ShardRun(const ShardCall& call, std::string settings, const Tokenizer& tokenizer,
           ShardProgress* progress)
      : call_(call),
        settings_(std::move(settings)),
        tokenizer_(tokenizer),
        kind_(progress->manifest.kind),
        begin_source_(progress->source),
        begin_line_(progress->line),
        progress_(*progress),
        writer_(call.out, progress->manifest, call.conversations) {}

  ShardManifest Run() {
    std::int64_t total = 0;
    for (const std::string& path : call_.data) total += FileBytes(path);
    Progress bar("tokenising", total, {.quiet = call_.common.quiet, .unit = "bytes"});
    OrderedWork<Lines, Packed> work(
        call_.threads, [this](Lines&& lines) { return Pack(std::move(lines)); },
        [&](Packed&& packed) {
          Keep(packed);
          bar.Update(packed.done, Thousands(progress_.conversations) + " conversations");
        });
    std::int64_t before = 0;  // bytes of the files that were read
    for (std::size_t s = 0; s < call_.data.size(); ++s) {
      if (s >= begin_source_) ReadSource(s, before, &work);
      before += FileBytes(call_.data[s]);
    }
    work.Finish();
    WriteFile(fs::path(call_.out) / "shards.cfg", settings_);
    writer_.Finish();
    return writer_.manifest();
  }

 private:
  void ReadSource(std::size_t source, std::int64_t before, OrderedWork<Lines, Packed>* work) {
    LineReader reader(call_.data[source]);
    Lines piece;
    std::size_t bytes = 0;
    const auto push = [&] {
      piece.source = source;
      piece.done = before + static_cast<std::int64_t>(reader.bytes_read());
      work->Push(std::exchange(piece, {}));
      bytes = 0;
    };
    for (std::string line; reader.Next(&line);) {
      const bool done = source == begin_source_ && reader.line_number() <= begin_line_;
      if (done || IsBlank(line)) continue;
      bytes += line.size();
      piece.places.push_back(reader.place());
      piece.lines.emplace_back(reader.line_number(), std::move(line));
      if (piece.lines.size() == kPiece || bytes >= kPieceBytes) push();
    }
    if (!piece.lines.empty()) push();
  }

  Packed Pack(Lines&& lines) const {
    Packed packed;
    packed.source = lines.source;
    packed.done = lines.done;
    ConversationEncoder encoder(tokenizer_, {kind_.max_turn_tokens}, kind_.layout.boxes);
    for (std::size_t i = 0; i < lines.lines.size(); ++i) {
      const auto& [number, line] = lines.lines[i];
      Conversation record;
      try {
        record = ParseConversation(line, lines.places[i]);
      } catch (const Error& error) {
        if (!call_.read.skip_bad) throw;
        packed.report.Skip(error.what());
        continue;
      }
      const EncodedConversation conversation = encoder.Encode(record, kind_.survey);
      if (conversation.turns.empty()) {
        ++packed.empty;
        continue;
      }
      const std::uint64_t offset = packed.records.size();
      ShardEntry entry = AppendRecord(conversation, kind_.layout, &packed.records);
      entry.offset = offset;
      packed.list.push_back({entry, number, packed.empty, packed.report.skipped});
    }
    return packed;
  }

  void Keep(const Packed& packed) {
    const std::string_view records = packed.records;
    for (std::size_t i = 0; i < packed.list.size(); ++i) {
      const Packed::Record& record = packed.list[i];
      const bool last = i + 1 == packed.list.size();
      const std::uint64_t begin = record.entry.offset;
      const std::uint64_t end = last ? records.size() : packed.list[i + 1].entry.offset;
      ++progress_.conversations;
      if (writer_.Add(records.substr(begin, end - begin), record.entry)) Save(packed, record);
    }
    progress_.LeaveOut(packed.empty, packed.report.skipped, packed.report.reasons);
  }

  /// How far the work has come with a shard's last record.
  void Save(const Packed& packed, const Packed::Record& last) const {
    ShardProgress progress = progress_;
    progress.manifest = writer_.manifest();
    progress.source = packed.source;
    progress.line = last.line;
    progress.LeaveOut(last.empty, last.skipped, packed.report.reasons);
    progress.Save(call_.out);
  }

  const ShardCall& call_;
  const std::string settings_;
  const Tokenizer& tokenizer_;
  const ShardKind kind_;
  const std::size_t begin_source_;
  const std::int64_t begin_line_;
  ShardProgress& progress_;
  ShardWriter writer_;
};

void Tell(const ShardCall& call, const ShardManifest& manifest, const ShardProgress& progress) {
  std::uintmax_t bytes = 0;
  for (const ShardFile& file : manifest.files)
    bytes += fs::file_size(fs::path(call.out) / file.name);
  if (call.common.json) {
    PrintJson({{"out", call.out},
               {"shards", manifest.files.size()},
               {"conversations", progress.conversations},
               {"bytes", bytes},
               {"empty", progress.empty},
               {"skipped", progress.skipped},
               {"reasons", progress.reasons}});
    return;
  }
  PrintText(fmt::format("{}: {} conversations in {} shards, {:.1f} MB\n", call.out,
                        Thousands(progress.conversations), manifest.files.size(),
                        static_cast<double>(bytes) / 1e6));
  if (progress.empty > 0) {
    PrintText(fmt::format("{} without turns left out\n", Thousands(progress.empty)));
  }
  for (const std::string& reason : progress.reasons) PrintText("left out: " + reason + "\n");
  if (progress.skipped > std::ssize(progress.reasons)) {
    PrintText(fmt::format("left out in all: {}\n", Thousands(progress.skipped)));
  }
}

int Shards(const ShardCall& call, const Options& options) {
  const auto tokenizer = LoadTokenizer(EncoderFolder(call.encoder));
  const ShardKind kind{LayoutFor(tokenizer->size(), call.model.boxes), call.model.max_turn_tokens,
                       Fingerprint(*tokenizer), call.survey};
  ShardProgress progress = ShardProgress::Begin(call.out, call.data, kind, call.resume);
  const ShardManifest manifest = ShardRun(call, options.Resolved(), *tokenizer, &progress).Run();
  ShardProgress::Remove(call.out);
  Tell(call, manifest, progress);
  return 0;
}

int RunShard(const std::vector<std::string>& args) {
  ShardCall call;
  Options options("shard",
                  "Tokenises conversations once, into a folder of shards that train maps into "
                  "memory: for data that do not fit into it, and for many processes.",
                  "arcsat shard --data calls.jsonl.gz --encoder minilm --out shards\n"
                  "arcsat train --data shards --validation sides/validation.jsonl --encoder minilm "
                  "--out runs/first");
  options.Add("data", &call.data,
              "file of conversations, JSON lines or Parquet, or - for standard input; may be given "
              "several times");
  options.Add("encoder", &call.encoder,
              "Hugging Face folder or run whose tokenizer is used, as train's");
  options.Add("out", &call.out, "folder that is made");
  options.Add("threads", &call.threads, "how many tokenise at once, 0 for one a core",
              Between(0, 1024));
  options.Add("resume", &call.resume, "go on after the last whole shard of a run that was stopped");
  Bind(options, &call.read);
  Bind(options, &call.common);
  Bind(options, &call.survey);
  options
      .Add("shard.conversations", &call.conversations, "of a shard, at most",
           Between<std::int64_t>(1, 100'000'000))
      .Add("model.max_turn_tokens", &call.model.max_turn_tokens, "as train's", Between(2, 65'535))
      .Add("model.boxes", &call.model.boxes, "as train's", Between(2, 100));
  if (!options.Parse(args)) return 0;
  options.Demand({"data", "encoder", "out"});
  return Shards(call, options);
}

}  // namespace

const Command kShardCommand = {"shard", "Data", "tokenises conversations for large training runs",
                               RunShard};

}  // namespace arcsat
