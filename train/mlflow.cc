#include "train/mlflow.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "train/mlflow_store.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostParam = 6000, kMostTag = 8000, kMostKey = 250;
const char kLink[] = "mlflow.json";  // in the run folder

std::int64_t Milliseconds(double time) {
  if (time >= 0) return static_cast<std::int64_t>(time * 1000);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// A name that MLflow takes and that stays inside its folder.
std::string SafeKey(std::string_view name) {
  std::string key;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    key += letter || std::strchr("_-. :/", c) != nullptr ? c : '_';
  }
  key = fs::path("/" + key).lexically_normal().relative_path().string();
  key = key.substr(0, kMostKey);
  while (!key.empty() && key.back() == '/') key.pop_back();
  return key.empty() ? "_" : key;
}

/// At most so many bytes of UTF-8, cut between characters. MLflow reads no run with other bytes.
std::string Cut(const std::string& raw, std::size_t most) {
  const std::string text =
      Json::parse(Json(raw).dump(-1, ' ', false, Json::error_handler_t::replace))
          .get<std::string>();
  std::size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

void WriteTexts(const fs::path& folder, const MlflowRun::Texts& texts, std::size_t most) {
  for (const auto& [key, value] : texts) {
    const fs::path path = folder / SafeKey(key);
    MakeFolders(path.parent_path());
    WriteFile(path, Cut(value, most));
  }
}

/// Adds a line, or nothing: MLflow reads no run at all where one line of a metric is half, or where
/// a metric's file is empty.
void AppendLine(const fs::path& path, const std::string& line) {
  const auto fail = [&](const char* deed, int code) {
    throw Error({path.string(), fmt::format("{} failed: {}", deed, std::strerror(code)),
                 "expected room for a metric of MLflow",
                 "make room, or go on without --train.mlflow"});
  };
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) fail("opening", errno);
  struct stat before {};
  fstat(descriptor, &before);
  const ssize_t count = write(descriptor, line.data(), line.size());
  const int code = count < 0 ? errno : ENOSPC;
  const bool whole = count == static_cast<ssize_t>(line.size());
  if (!whole && before.st_size == 0) unlink(path.c_str());
  if (!whole && count > 0 && ftruncate(descriptor, before.st_size) != 0) unlink(path.c_str());
  close(descriptor);
  if (!whole) fail("writing", code);
}

/// Removes lines of steps beyond `updates`, and what is no whole line. A file without any goes.
void KeepUpTo(const fs::path& metrics, std::int64_t updates) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(metrics)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  for (const fs::path& path : files) {
    const std::string text = ReadFile(path);
    std::string kept;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t stop = text.find('\n', start);
      if (stop == std::string::npos) break;
      const std::string line = text.substr(start, stop + 1 - start);
      start = stop + 1;
      std::istringstream fields(line);
      std::string time, value;
      std::int64_t step = 0;
      if (fields >> time >> value >> step && step <= updates) kept += line;
    }
    if (kept == text) continue;
    if (kept.empty()) {
      fs::remove(path);
    } else {
      WriteFile(path, kept);
    }
  }
}

std::string UserName() {
  for (const char* variable : {"USER", "LOGNAME"}) {
    const char* name = std::getenv(variable);
    if (name != nullptr && *name != '\0') return name;
  }
  return "unknown";
}

/// The id that the run folder keeps, or nothing.
std::string LinkedRun(const fs::path& run) {
  const fs::path path = run / kLink;
  if (!fs::exists(path)) return "";
  const JsonSource source{path.string(), "remove the file to begin a new run in MLflow"};
  Json link = ParseJson(ReadFile(path, 1 << 16), source);
  const Json id = link.is_object() ? link.value("run_id", Json()) : Json();
  const bool good =
      id.is_string() && id.get<std::string>().size() == 32 &&
      id.get<std::string>().find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!good) RefuseField(source, {"run_id"}, id, "32 hexadecimal digits");
  return id.get<std::string>();
}

}  // namespace

MlflowRun::MlflowRun(fs::path store, fs::path run, std::string experiment)
    : store_(std::move(store)), run_(std::move(run)), experiment_(std::move(experiment)) {}

MlflowRun::~MlflowRun() {
  if (!open_) return;
  try {
    End(MlflowStatus::kFailed);
  } catch (const std::exception&) {
    // What ended the run is told elsewhere.
  }
}

void MlflowRun::Create() {
  const std::string name = fs::absolute(run_).lexically_normal().filename().string();
  const std::int64_t now = Milliseconds(-1);
  MakeFolders(folder_ / "metrics");
  MakeFolders(folder_ / "params");
  MakeFolders(folder_ / "tags");
  MakeFolders(folder_ / "artifacts");
  // Last, because with it the folder is a run for MLflow.
  WriteFile(folder_ / "meta.yaml",
            ToYaml({{"artifact_uri", FileUri(folder_ / "artifacts")},
                    {"deleted_time", nullptr},
                    {"end_time", nullptr},
                    {"entry_point_name", ""},
                    {"experiment_id", folder_.parent_path().filename().string()},
                    {"lifecycle_stage", "active"},
                    {"run_id", id_},
                    {"run_name", name},
                    {"source_name", ""},
                    {"source_type", 4},  // local
                    {"source_version", ""},
                    {"start_time", now},
                    {"status", static_cast<int>(MlflowStatus::kRunning)},
                    {"tags", Json::array()},
                    {"user_id", UserName()}}));
  WriteTexts(folder_ / "tags",
             {{"mlflow.runName", name},
              {"mlflow.source.name", "arcsat train"},
              {"mlflow.source.type", "LOCAL"},
              {"mlflow.user", UserName()}},
             kMostTag);
}

void MlflowRun::Begin(const Texts& params, const Texts& tags, std::int64_t updates) {
  const fs::path experiment = MlflowExperiment(store_, experiment_);
  id_ = LinkedRun(run_);
  if (id_.empty()) {
    // No other run has this folder, process and moment.
    const auto moment = std::chrono::system_clock::now().time_since_epoch().count();
    id_ = Sha256(fmt::format("{} {} {}", fs::absolute(run_).string(), getpid(), moment))
              .substr(0, 32);
    WriteFile(run_ / kLink, Json({{"run_id", id_}}).dump() + "\n");
  }
  folder_ = FindMlflowRun(store_, id_);
  if (folder_.empty()) {
    folder_ = experiment / id_;
    Create();
  } else {
    KeepUpTo(folder_ / "metrics", updates);
    WriteStatus(MlflowStatus::kRunning, false);
  }
  WriteTexts(folder_ / "params", params, kMostParam);
  WriteTexts(folder_ / "tags", tags, kMostTag);
  open_ = true;
}

void MlflowRun::Metric(std::string_view name, std::int64_t step, double value, double time) {
  if (!open_) throw Error({"MLflow", "a metric comes before Begin() or after End()", "", ""});
  const fs::path path = folder_ / "metrics" / SafeKey(name);
  MakeFolders(path.parent_path());
  AppendLine(path, fmt::format("{} {} {}\n", Milliseconds(time), value, step));
}

void MlflowRun::End(MlflowStatus status) {
  open_ = false;
  WriteStatus(status, true);
}

void MlflowRun::WriteStatus(MlflowStatus status, bool ended) {
  const fs::path path = folder_ / "meta.yaml";
  const std::string end = ended ? fmt::format("{}", Milliseconds(-1)) : "null";
  WriteFile(path, WithYamlFields(ReadFile(path, 1 << 20),
                                 {{"end_time", end},
                                  {"status", fmt::format("{}", static_cast<int>(status))}}));
}

}  // namespace arcsat
