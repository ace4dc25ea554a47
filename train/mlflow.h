#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arcsat {

/// One run in a file store of MLflow: STORE/<experiment>/<run>/{meta.yaml,params/,metrics/,tags/,
/// artifacts/}, as MLflow 3 reads it with MLFLOW_ALLOW_FILE_STORE=true and as `mlflow
/// migrate-filestore` brings it into a database (format read from mlflow 3.17,
/// mlflow/store/tracking/file_store.py and mlflow/store/fs2db).
///
///   MlflowRun run("mlruns", "runs/first");
///   run.Begin({{"train.epochs", "4"}}, {{"arcsat.code", CodeVersion()}});
///   run.Metric("train/loss", update, 0.41);
///   run.End(MlflowStatus::kFinished);
///
/// The run folder keeps the MLflow run's id in mlflow.json, so that a run that is resumed goes on
/// in the same one. What is appended is whole lines. Destroyed between Begin() and End(), the run
/// counts as failed. Not thread-safe; several runs may use a store at the same time. Throws Error
/// with the file's name where the store cannot be written, or where MLflow holds the experiment or
/// the run in its trash.
enum class MlflowStatus { kRunning = 1, kFinished = 3, kFailed = 4, kKilled = 5 };

class MlflowRun {
 public:
  using Texts = std::vector<std::pair<std::string, std::string>>;

  /// `experiment` is MLflow's name for a group of runs; the run is called as its folder is.
  MlflowRun(std::filesystem::path store, std::filesystem::path run,
            std::string experiment = "arcsat");
  ~MlflowRun();
  MlflowRun(const MlflowRun&) = delete;
  MlflowRun& operator=(const MlflowRun&) = delete;

  /// Makes the run, or goes on with the one that the run folder names: its metrics beyond
  /// `updates` are removed, as they come again. Longer values are cut to what MLflow takes (6,000
  /// bytes of a parameter, 8,000 of a tag); of equal keys the last stands.
  void Begin(const Texts& params, const Texts& tags, std::int64_t updates = 0);

  /// `name` may hold "/", which groups in MLflow; what MLflow refuses in a name becomes "_". One
  /// value a name and step. `time` in seconds since 1970; below 0: now.
  void Metric(std::string_view name, std::int64_t step, double value, double time = -1);

  void End(MlflowStatus status);

  /// Empty before Begin(), as the folder is.
  const std::string& id() const { return id_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void Create();
  void WriteStatus(MlflowStatus status, bool ended);

  std::filesystem::path store_, run_, folder_;
  std::string experiment_, id_;
  bool open_ = false;
};

}  // namespace arcsat
