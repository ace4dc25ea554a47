#include "app/shard_writing.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "data/encoded.h"
#include "data/error.h"
#include "data/files.h"
#include "data/ordered_work.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1024;                        // conversations tokenised at a time
constexpr std::size_t kPieceBytes = std::size_t{16} << 20;  // of their lines, about

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
  std::vector<std::string> empty;  ///< ids of conversations without turns, left out
  ReadReport report;
  std::int64_t done = 0;
};

/// Tokenises files into a folder of shards. Memory is a few pieces a thread and a shard's index.
class ShardRun {
 public:
  ShardRun(const ShardJob& job, const Tokenizer& tokenizer, ShardProgress* progress)
      : job_(job),
        tokenizer_(tokenizer),
        kind_(progress->manifest.kind),
        begin_source_(progress->source),
        begin_line_(progress->line),
        progress_(*progress),
        writer_(job.out, progress->manifest, job.conversations) {}

  ShardManifest Run() {
    OrderedWork<Lines, Packed> work(
        job_.threads, [this](Lines&& lines) { return Pack(std::move(lines)); },
        [this](Packed&& packed) {
          Keep(packed);
          if (job_.on_progress) job_.on_progress(packed.done, progress_.conversations);
        });
    std::int64_t before = 0;  // bytes of the files that were read
    for (std::size_t s = 0; s < job_.data.size(); ++s) {
      if (s >= begin_source_) ReadSource(s, before, &work);
      before += FileBytes(job_.data[s]);
    }
    work.Finish();
    if (!job_.settings.empty()) WriteFile(fs::path(job_.out) / "shards.cfg", job_.settings);
    const bool nothing = progress_.conversations == 0 && job_.may_be_nothing;
    if (!nothing) writer_.Finish(job_.ids);
    return writer_.manifest();
  }

 private:
  void ReadSource(std::size_t source, std::int64_t before, OrderedWork<Lines, Packed>* work) {
    LineReader reader(job_.data[source]);
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
        if (!job_.read.skip_bad) throw;
        packed.report.Skip(error.what());
        continue;
      }
      const EncodedConversation conversation = encoder.Encode(record, kind_.survey);
      if (conversation.turns.empty()) {
        packed.empty.push_back(std::move(record.id));
        continue;
      }
      const std::uint64_t offset = packed.records.size();
      ShardEntry entry = AppendRecord(conversation, kind_.layout, &packed.records);
      entry.offset = offset;
      packed.list.push_back({entry, number, std::ssize(packed.empty), packed.report.skipped});
    }
    return packed;
  }

  void Keep(const Packed& packed) {
    for (const std::string& id : packed.empty) writer_.LeaveOut(id);
    const std::string_view records = packed.records;
    for (std::size_t i = 0; i < packed.list.size(); ++i) {
      const Packed::Record& record = packed.list[i];
      const bool last = i + 1 == packed.list.size();
      const std::uint64_t begin = record.entry.offset;
      const std::uint64_t end = last ? records.size() : packed.list[i + 1].entry.offset;
      ++progress_.conversations;
      if (writer_.Add(records.substr(begin, end - begin), record.entry)) Save(packed, record);
    }
    progress_.LeaveOut(std::ssize(packed.empty), packed.report.skipped, packed.report.reasons);
  }

  /// How far the work has come with a shard's last record.
  void Save(const Packed& packed, const Packed::Record& last) const {
    ShardProgress progress = progress_;
    progress.manifest = writer_.manifest();
    progress.source = packed.source;
    progress.line = last.line;
    progress.LeaveOut(last.empty, last.skipped, packed.report.reasons);
    progress.Save(job_.out);
  }

  const ShardJob& job_;
  const Tokenizer& tokenizer_;
  const ShardKind kind_;
  const std::size_t begin_source_;
  const std::int64_t begin_line_;
  ShardProgress& progress_;
  ShardWriter writer_;
};

}  // namespace

ShardManifest WriteShards(const ShardJob& job, const Tokenizer& tokenizer,
                          ShardProgress* progress) {
  return ShardRun(job, tokenizer, progress).Run();
}

std::int64_t BytesOfAll(const std::vector<std::string>& files) {
  std::int64_t bytes = 0;
  for (const std::string& file : files) bytes += FileBytes(file);
  return bytes;
}

}  // namespace arcsat
