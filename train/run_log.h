#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What a run writes while it runs: metrics.jsonl (one object a line, "update" in each),
/// TensorBoard events of the same figures, and log.txt for people, which begins with the version of
/// the program. With a store, MLflow gets the same figures too, and the run's config.cfg as its
/// parameters.
class RunLog {
 public:
  /// Lines of metrics.jsonl with an update beyond `updates` are removed: a resumed run writes them
  /// again. `mlflow` is the folder of a file store of MLflow (train/mlflow.h), or empty. With
  /// `samples` there is samples.jsonl, too.
  RunLog(const std::filesystem::path& run, std::int64_t updates,
         const std::filesystem::path& mlflow = {}, bool samples = false);
  /// Without End() before it the run counts as failed in MLflow.
  ~RunLog();

  /// `group` ("train", "validation") goes before each number's name in TensorBoard.
  void Metrics(const std::string& group, std::int64_t update, const Json& figures);
  /// The conversations that an update learned from, to samples.jsonl where that was asked for.
  void Samples(std::int64_t update, const std::vector<std::string>& ids);
  void Line(const std::string& text);
  /// The run is done, or stopped to be resumed later.
  void End(bool interrupted);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arcsat
