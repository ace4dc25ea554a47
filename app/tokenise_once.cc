#include "app/tokenise_once.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/dataset.h"
#include "app/shard_progress.h"
#include "app/shard_writing.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/shards/tokenised.h"
#include "train/long_work.h"
#include "train/processes.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

using Work = std::function<void(const Pulse&)>;

/// Whether a file can be read more than once, as it is to be told again by its SHA-256. One that is
/// not there counts, too: whoever reads it says so.
bool ReadsTwice(const DataSource& source) {
  std::error_code none;
  const fs::file_status status = fs::status(source.path, none);
  return source.path != "-" && (fs::is_regular_file(status) || !fs::exists(status));
}

Problem OtherData() {
  return {"training data", "is not what the first process has",
          "expected the same files on every machine",
          "copy them anew, or read them from one place"};
}

/// Tokenises files once for all processes.
class Tokenising {
 public:
  Tokenising(const std::vector<DataSource>& files, const ReadOptions& read,
             const LoadedModel& loaded, const Sharing& sharing)
      : own_files_(files.size()),
        read_(read),
        loaded_(loaded),
        sharing_(sharing),
        all_(*sharing.processes),
        folder_(sharing.run / kTokenisedFolder) {
    std::string plan;
    for (const DataSource& file : files) {
      const bool once = file.scores.empty() && ReadsTwice(file);
      plan += once ? '1' : '0';
    }
    plan_ = all_.OfFirst(plan);
    other_data_ = plan_.size() != files.size();
    for (std::size_t i = 0; i < std::min(plan_.size(), files.size()); ++i) {
      if (plan_[i] == '1') files_.push_back(files[i]);
    }
  }

  SharedFiles Run() {
    SharedFiles shared;
    if (plan_.find('1') == std::string::npos) {
      shared.files.resize(own_files_);
      return shared;
    }
    TokeniseAll();
    std::size_t next = 0;
    for (const char planned : plan_) {
      SharedFile file{planned == '1', {}};
      if (file.tokenised) {
        const TokenisedFile& made = list_.files[next];
        if (!made.shards.empty()) file.shards = ShardsOf(folder_, next);
        shared.skipped += made.skipped;
        ++next;
      }
      shared.files.push_back(std::move(file));
    }
    return shared;
  }

 private:
  void TokeniseAll() {
    Work first, on_this_machine;
    if (all_.first()) first = [this](const Pulse& pulse) { FindOrMake(pulse); };
    WhileOthersWait(all_, sharing_.timeout, first);
    text_ = all_.OfFirst(all_.first() ? ToText(list_) : "");
    list_ = ParseTokenised(text_).value();
    other_data_ = other_data_ || list_.files.size() != files_.size();
    for (std::size_t i = 0; i < files_.size() && !other_data_; ++i) {
      other_data_ = FileBytes(files_[i].path) != list_.files[i].bytes;
    }
    if (!all_.first() && all_.launch().local_rank == 0 && !other_data_) {
      on_this_machine = [this](const Pulse& pulse) {
        if (!Found() || !IsWhole(folder_, list_, pulse)) Make(pulse);
      };
    }
    WhileOthersWait(all_, sharing_.timeout, on_this_machine);
    CheckAgreed();
  }

  /// What the first process does.
  void FindOrMake(const Pulse& pulse) {
    list_.kind = KindFor(loaded_, {});
    list_.skip_bad = read_.skip_bad;
    for (const DataSource& file : files_) {
      const LineReader opened(file.path);  // its message is the one for a file to be read
      TokenisedFile source;
      source.bytes = FileBytes(file.path);
      source.sha256 = Sha256File(file.path, pulse);
      source.survey = file.survey;
      list_.files.push_back(std::move(source));
    }
    auto found = FindTokenised(folder_);
    if (found && SameSources(*found, list_) && IsWhole(folder_, *found, pulse)) {
      list_ = *std::move(found);
      Say("tokenised already: " + folder_.string());
    } else {
      Make(pulse);
    }
  }

  /// Whether the folder that the first process handed out is seen here.
  bool Found() const {
    // Some network file systems look again only where the folder is listed.
    std::error_code none;
    for (fs::directory_iterator at(sharing_.run, none); !none && at != fs::end(at);) {
      at.increment(none);
    }
    const auto found = FindTokenised(folder_);
    return found && ToText(*found) == text_;
  }

  /// Tokenises into a folder of another name first, and puts it in its place.
  void Make(const Pulse& pulse) {
    const auto count = static_cast<long long>(files_.size());
    Say(fmt::format("tokenising {} {} {}: {}", Thousands(count), count == 1 ? "file" : "files",
                    all_.first() ? "for all processes once" : "for the processes of this machine",
                    folder_.string()));
    std::error_code none;
    const bool new_run = !fs::exists(sharing_.run, none);
    const bool damaged = Found();
    const fs::path part = folder_.string() + fmt::format(".part{}", all_.rank());
    try {
      fs::remove_all(part, none);  // of a process that was killed
      MakeIn(part, pulse);
      if (!damaged && Found()) {  // the first one's, seen late over a network
        fs::remove_all(part, none);
      } else {
        Put(part);
      }
    } catch (...) {
      fs::remove_all(part, none);
      if (new_run) fs::remove(sharing_.run, none);
      throw;
    }
  }

  /// Another machine that sees the same folder may have been there first.
  void Put(const fs::path& part) const {
    try {
      PutTokenised(part, folder_);
    } catch (const Error&) {
      if (text_.empty() || !Found()) throw;
      std::error_code none;
      fs::remove_all(part, none);
    }
  }

  void MakeIn(const fs::path& part, const Pulse& pulse) {
    std::int64_t total = 0, before = 0, conversations = 0;
    for (const TokenisedFile& file : list_.files) total += file.bytes;
    Progress bar("tokenising", total, {.quiet = sharing_.quiet, .unit = "bytes"});
    for (std::size_t i = 0; i < files_.size(); ++i) {
      ShardJob job;
      job.data = {files_[i].path};
      job.out = ShardsOf(part, i).string();
      job.read = read_;
      job.may_be_nothing = true;
      job.ids = {files_[i].path, pulse};
      job.on_progress = [&](std::int64_t bytes, std::int64_t done) {
        bar.Update(before + bytes, Thousands(conversations + done) + " conversations");
        pulse();
      };
      conversations += MakeShards(job, i);
      before += list_.files[i].bytes;
    }
    if (!text_.empty() && ToText(list_) != text_) throw Error(OtherData());
    WriteFile(part / kTokenisedList, ToText(list_));
  }

  /// The shards of one file; how many conversations they hold.
  std::int64_t MakeShards(const ShardJob& job, std::size_t file) {
    const ShardKind kind = KindFor(loaded_, files_[file].survey);
    ShardProgress progress = ShardProgress::Begin(job.out, job.data, kind, /*resume=*/false);
    const ShardManifest manifest = WriteShards(job, *loaded_.tokenizer, &progress);
    ShardProgress::Remove(job.out);
    if (progress.conversations + progress.empty == 0) throw NothingRead(files_[file].path);
    TokenisedFile& made = list_.files[file];
    made.skipped = progress.skipped;
    made.shards = manifest.files.empty() ? "" : Sha256File(fs::path(job.out) / kShardManifest);
    return progress.conversations;
  }

  /// Error in all processes where one has other files, or does not see what was made.
  void CheckAgreed() {
    std::optional<Problem> problem;
    if (other_data_) {
      problem = OtherData();
    } else if (!Found()) {
      problem = Problem{folder_.string(), "is not what the first process of this machine has made",
                        "expected all processes of a machine to see the same folder",
                        "give an --out that all of them see"};
    }
    if (all_.Sum(problem ? 1.0 : 0.0) == 0) return;
    if (problem) throw Error(*problem);
    throw Error({"the other processes", "one does not have the training data of this one",
                 "expected the same in all", "look at the message of that process"});
  }

  void Say(const std::string& text) const {
    if (sharing_.quiet) return;
    fmt::print(stderr, "{}{}\n", all_.first() ? "" : fmt::format("process {}: ", all_.rank()),
               text);
  }

  const std::size_t own_files_;  ///< how many this process was started with
  const ReadOptions& read_;
  const LoadedModel& loaded_;
  const Sharing& sharing_;
  Processes& all_;
  const fs::path folder_;
  std::string plan_;               ///< of all files, '1' for those that are tokenised once
  std::vector<DataSource> files_;  ///< those
  bool other_data_ = false;        ///< this process was started with other files
  Tokenised list_;
  std::string text_;  ///< the list of the first process, once that has handed it out
};

}  // namespace

SharedFiles TokeniseOnce(const std::vector<DataSource>& files, const ReadOptions& read,
                         const LoadedModel& loaded, const Sharing& sharing) {
  return Tokenising(files, read, loaded, sharing).Run();
}

void TakeFingerprint(StoredFiles* files, const Sharing& sharing) {
  Work first;
  if (sharing.processes->first()) {
    first = [files](const Pulse& pulse) { files->TakeFingerprint(pulse); };
  }
  WhileOthersWait(*sharing.processes, sharing.timeout, first);
}

void RemoveTokenised(const Processes& processes, const fs::path& run) {
  // Another machine has a folder of its own where it does not see the run's.
  std::error_code none;
  // A folder that cannot be looked at is not its own: the first process still reads what is in it.
  const fs::file_type config = fs::status(run / "config.cfg", none).type();
  const bool own = processes.launch().local_rank == 0 && config == fs::file_type::not_found;
  if (!processes.first() && !own) return;
  RemoveTokenised(run / kTokenisedFolder);
  if (!processes.first()) fs::remove(run, none);  // where nothing else is in it
}

ShardKind KindFor(const LoadedModel& loaded, const SurveyOptions& survey) {
  const ModelOptions& model = loaded.options();
  return {LayoutFor(loaded.tokenizer->size(), model.boxes), model.max_turn_tokens,
          Fingerprint(*loaded.tokenizer), survey};
}

}  // namespace arcsat
