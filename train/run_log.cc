#include "train/run_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <fstream>

#include "data/error.h"
#include "data/files.h"
#include "train/tensorboard.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

void KeepUpTo(const fs::path& path, std::int64_t updates) {
  if (!fs::exists(path)) return;
  std::string kept;
  LineReader lines(path.string());
  for (std::string line; lines.Next(&line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    // Half a line is what a killed process left; it is written again.
    if (json.is_object() && json.value("update", std::int64_t{0}) <= updates) kept += line + "\n";
  }
  WriteFile(path, kept);
}

}  // namespace

struct RunLog::Impl {
  explicit Impl(const fs::path& run)
      : place(run.string()),
        events(run),
        metrics(run / "metrics.jsonl", std::ios::app),
        log(run / "log.txt", std::ios::app) {}

  void Check() const {
    if (metrics && log) return;
    throw Error({place, "metrics.jsonl or log.txt cannot be written", "expected room on the disk",
                 "free space, then go on with --resume"});
  }

  std::string place;
  EventWriter events;
  std::ofstream metrics, log;
};

RunLog::RunLog(const fs::path& run, std::int64_t updates) {
  KeepUpTo(run / "metrics.jsonl", updates);
  impl_ = std::make_unique<Impl>(run);
  impl_->Check();
}

RunLog::~RunLog() = default;

void RunLog::Metrics(const std::string& group, std::int64_t update, const Json& figures) {
  Json line = {{"kind", group}, {"update", update}};
  for (const auto& [name, value] : figures.items()) {
    line[name] = value;
    if (value.is_number()) {
      impl_->events.Scalar(fmt::format("{}/{}", group, name), update, value.get<double>());
    }
  }
  impl_->metrics << line.dump() << "\n" << std::flush;
  impl_->events.Flush();
  impl_->Check();
}

void RunLog::Line(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  impl_->log << fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {}\n", utc, text) << std::flush;
  impl_->Check();
}

}  // namespace arcsat
