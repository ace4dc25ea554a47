#include "train/run_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <map>
#include <optional>

#include "data/code_version.h"
#include "data/error.h"
#include "data/files.h"
#include "data/settings.h"
#include "train/mlflow.h"
#include "train/tensorboard.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// Cuts a log off where lines of later updates begin, or half a line that a killed process left.
void KeepLinesUpTo(const fs::path& path, std::int64_t updates) {
  if (!fs::exists(path)) return;
  const std::uintmax_t size = fs::file_size(path);
  std::uintmax_t kept = 0;
  LineReader lines(path.string());
  for (std::string line; lines.Next(&line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const std::uintmax_t end = kept + line.size() + 1;
    if (!json.is_object() || end > size) break;
    if (json.value("update", std::int64_t{0}) > updates) break;
    kept = end;
  }
  fs::resize_file(path, kept);
}

/// The run's settings, a list as one text.
MlflowRun::Texts Parameters(const fs::path& config) {
  std::map<std::string, std::string> settings;
  if (!fs::exists(config)) return {};
  for (const Setting& setting : ReadSettings(config.string())) {
    std::string& text = settings[setting.key];
    text += (text.empty() ? "" : ", ") + setting.value;
  }
  return {settings.begin(), settings.end()};
}

}  // namespace

struct RunLog::Impl {
  /// A file that grows by lines, each of which is with the system when Put() returns.
  class Lines {
   public:
    explicit Lines(fs::path path) : path_(std::move(path)), out_(path_, std::ios::app) { Check(); }

    void Put(const std::string& line) {
      out_ << line << "\n" << std::flush;
      Check();
    }

   private:
    void Check() const {
      if (out_) return;
      throw Error({path_.string(), "cannot be written", "expected room on the disk",
                   "free space, then go on with --resume"});
    }
    fs::path path_;
    std::ofstream out_;
  };

  explicit Impl(const fs::path& run)
      : events(run), metrics(run / "metrics.jsonl"), log(run / "log.txt") {}

  EventWriter events;
  Lines metrics, log;
  std::optional<Lines> samples;
  std::optional<MlflowRun> mlflow;
};

RunLog::RunLog(const fs::path& run, std::int64_t updates, const fs::path& mlflow, bool samples) {
  KeepLinesUpTo(run / "metrics.jsonl", updates);
  impl_ = std::make_unique<Impl>(run);
  if (samples) {
    KeepLinesUpTo(run / "samples.jsonl", updates);
    impl_->samples.emplace(run / "samples.jsonl");
  }
  // `arcsat experiments add` reads the version from here.
  Line(fmt::format("{} by arcsat {}",
                   updates > 0 ? fmt::format("goes on after update {}", updates) : "begins",
                   CodeVersion()));
  if (mlflow.empty()) return;
  impl_->mlflow.emplace(mlflow, run);
  impl_->mlflow->Begin(Parameters(run / "config.cfg"),
                       {{"arcsat.code", CodeVersion()}, {"arcsat.run", run.string()}}, updates);
}

RunLog::~RunLog() = default;

void RunLog::Metrics(const std::string& group, std::int64_t update, const Json& figures) {
  Json line = {{"kind", group}, {"update", update}};
  for (const auto& [name, value] : figures.items()) {
    line[name] = value;
    if (value.is_number()) {
      const std::string tag = fmt::format("{}/{}", group, name);
      impl_->events.Scalar(tag, update, value.get<double>());
      if (impl_->mlflow) impl_->mlflow->Metric(tag, update, value.get<double>());
    }
  }
  impl_->metrics.Put(line.dump());
  impl_->events.Flush();
}

void RunLog::Samples(std::int64_t update, const std::vector<std::string>& ids) {
  if (impl_->samples) impl_->samples->Put(Json{{"update", update}, {"ids", ids}}.dump());
}

void RunLog::End(bool interrupted) {
  if (impl_->mlflow) {
    impl_->mlflow->End(interrupted ? MlflowStatus::kKilled : MlflowStatus::kFinished);
  }
}

void RunLog::Line(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  impl_->log.Put(fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {}", utc, text));
}

}  // namespace arcsat
