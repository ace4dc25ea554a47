#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "data/conversation.h"

namespace arcsat {

/// What a run writes while it runs: metrics.jsonl (one object a line, "update" in each),
/// TensorBoard events of the same figures, and log.txt for people.
class RunLog {
 public:
  /// Lines of metrics.jsonl with an update beyond `updates` are removed: a resumed run writes them
  /// again.
  RunLog(const std::filesystem::path& run, std::int64_t updates);
  ~RunLog();

  /// `group` ("train", "validation") goes before each number's name in TensorBoard.
  void Metrics(const std::string& group, std::int64_t update, const Json& figures);
  void Line(const std::string& text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arcsat
