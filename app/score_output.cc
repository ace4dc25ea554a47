#include "app/score_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "arcsat-partial-scores";
constexpr int kVersion = 1;

[[noreturn]] void FailWith(const std::string& name, const char* deed) {
  throw Error({name, fmt::format("{} failed: {}", deed, std::strerror(errno)), "",
               "check the path and the room on the disk"});
}

}  // namespace

ScoreOutput::ScoreOutput(const std::string& path, const std::string& model, bool resume)
    : path_(path), model_(model), resume_(resume) {
  const bool exists = fs::exists(path_);
  standard_ = path.empty() || path == "-" || (exists && !fs::is_regular_file(path_));
  if (resume_ && standard_) {
    throw UsageError({path, "is no regular file", "expected one, to go on with by --resume",
                      "choose another --out"});
  }
  if (exists && !standard_) path_ = fs::canonical(path_);  // a link stays a link
  if (!resume_) {
    scores_.emplace(path);
    return;
  }
  parts_[0].name = Name(".partial");
  parts_[1].name = Name(".partial.rejects");
  const bool go_on = fs::exists(Name(".partial.json"));
  if (go_on) ReadState();
  for (Part& part : parts_) Open(&part, go_on);
}

ScoreOutput::~ScoreOutput() {
  for (const Part& part : parts_) {
    if (part.descriptor >= 0) close(part.descriptor);
  }
}

void ScoreOutput::ReadState() {
  const std::string place = Name(".partial.json");
  const std::string remedy = fmt::format("remove {}*, and begin again", Name(".partial"));
  const JsonSource source{place, remedy};
  const Json state = ParseJson(ReadFile(place, 1 << 20), source);
  const auto number = [&](const char* key) {
    if (!state.is_object() || !state.contains(key) || !state[key].is_number_integer() ||
        state[key] < 0) {
      throw Error({place, fmt::format("cannot be gone on with: \"{}\" is no number", key),
                   "expected what an earlier run wrote", remedy});
    }
    return state[key].get<std::int64_t>();
  };
  if (number("version") > kVersion || state.value("format", "") != kFormat) {
    throw Error({place, "cannot be gone on with: it is of another format or newer",
                 fmt::format("expected version {} at most", kVersion), remedy});
  }
  if (state.value("model", "") != model_) {
    throw Error({place, "found scores of the model " + state.value("model", ""),
                 "expected " + model_, "use that model, or " + remedy});
  }
  done_lines_ = number("lines");
  done_sum_ = state.value("lines_sha256", "");
  parts_[0].bytes = number("bytes");
  parts_[1].bytes = number("rejects_bytes");
  resumed_ = scored_ = number("scored");
  rejected_ = number("rejected");
}

void ScoreOutput::Open(Part* part, bool go_on) const {
  const int flags = O_WRONLY | O_CLOEXEC | (go_on ? 0 : O_CREAT | O_TRUNC);
  part->descriptor = open(part->name.c_str(), flags, 0666);
  if (part->descriptor < 0) FailWith(part->name, "opening");
  const off_t size = lseek(part->descriptor, 0, SEEK_END);
  if (size < part->bytes) {
    throw Error({part->name, "is shorter than it says in " + Name(".partial.json"),
                 fmt::format("expected at least {} bytes", part->bytes),
                 fmt::format("remove {}*, and begin again", Name(".partial"))});
  }
  if (ftruncate(part->descriptor, part->bytes) != 0 ||
      lseek(part->descriptor, part->bytes, SEEK_SET) != part->bytes) {
    FailWith(part->name, "cutting off what was not finished");
  }
}

bool ScoreOutput::Take(std::string_view line) {
  if (!resume_) return true;
  sum_ = Sha256(fmt::format("{}{}\n", sum_, line));
  ++lines_;
  if (lines_ == done_lines_ && sum_ != done_sum_) RefuseOtherData();
  return lines_ > done_lines_;
}

void ScoreOutput::RefuseOtherData() const {
  throw Error({Name(".partial"),
               fmt::format("holds scores of other data: the first {} lines differ", done_lines_),
               "expected the data of the earlier run",
               fmt::format("give the same data, or remove {}*", Name(".partial"))});
}

void ScoreOutput::Append(Part* part, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = write(part->descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) FailWith(part->name, "writing");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    part->bytes += count;
  }
}

void ScoreOutput::Sync(const Part& part) const {
  if (fsync(part.descriptor) != 0) FailWith(part.name, "saving");
}

void ScoreOutput::Write(std::string_view scores, std::int64_t count, std::string_view rejects,
                        std::int64_t rejected) {
  if (lines_ < done_lines_) RefuseOtherData();
  scored_ += count;
  rejected_ += rejected;
  if (resume_) {
    Append(&parts_[0], scores);
    Append(&parts_[1], rejects);
    WriteState();
    return;
  }
  scores_->Write(scores);
  if (standard_ || rejects.empty()) return;
  if (!rejects_) rejects_.emplace(Name(".rejects.jsonl"));
  rejects_->Write(rejects);
}

void ScoreOutput::WriteState() {
  for (const Part& part : parts_) Sync(part);
  const Json state = {{"format", kFormat},
                      {"version", kVersion},
                      {"model", model_},
                      {"lines", lines_},
                      {"lines_sha256", sum_},
                      {"bytes", parts_[0].bytes},
                      {"rejects_bytes", parts_[1].bytes},
                      {"scored", scored_},
                      {"rejected", rejected_}};
  WriteFile(Name(".partial.json"), state.dump() + "\n");
}

void ScoreOutput::CommitPartial() {
  for (Part& part : parts_) {
    Sync(part);
    if (close(std::exchange(part.descriptor, -1)) != 0) FailWith(part.name, "closing");
  }
  // First, so that a stop between the names below never leaves a state without its results.
  fs::remove(Name(".partial.json"));
  if (rejected_ > 0) {
    fs::rename(parts_[1].name, Name(".rejects.jsonl"));
  } else {
    fs::remove(parts_[1].name);
  }
  fs::rename(parts_[0].name, path_);
  SyncFolder(fs::path(path_).parent_path());
}

void ScoreOutput::Commit() {
  if (resume_) {
    CommitPartial();
  } else {
    if (rejects_) rejects_->Commit();
    scores_->Commit();
  }
  std::error_code none;
  // What an earlier run left out says nothing of this one.
  if (!standard_ && rejected_ == 0) fs::remove(Name(".rejects.jsonl"), none);
}

}  // namespace arcsat
