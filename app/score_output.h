#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/output.h"

namespace arcsat {

/// Where the scores of a file go, and what was left out of it: OUT and, where there was something,
/// OUT.rejects.jsonl; or standard output, without rejects.
///
/// With `resume` they grow in OUT.partial and OUT.partial.rejects. OUT.partial.json says how far
/// they are good: it is replaced after the results of a window are on the disk, so what lies beyond
/// it is cut off when the work goes on, nothing is scored twice in the result and nothing is lost.
/// The scorers in scorers/ keep the same files (docs/scorers.md).
///
///   ScoreOutput out("scores.jsonl", model, /*resume=*/true);
///   if (out.Take(line)) …;           // every line in turn; false: its result is there already
///   out.Write(scores, 512, "", 0);   // of the lines taken since the last call
///   out.Commit();
class ScoreOutput {
 public:
  /// Error where an earlier run's files belong to another model, or cannot be gone on with.
  ScoreOutput(const std::string& path, const std::string& model, bool resume);
  ~ScoreOutput();
  ScoreOutput(const ScoreOutput&) = delete;
  ScoreOutput& operator=(const ScoreOutput&) = delete;

  /// Notes a line of the input, empty ones too. Error where an earlier run's lines were others.
  bool Take(std::string_view line);
  void Write(std::string_view scores, std::int64_t count, std::string_view rejects,
             std::int64_t rejected);
  void Commit();

  std::int64_t resumed() const { return resumed_; }  ///< conversations scored by an earlier run
  std::int64_t scored() const { return scored_; }
  std::int64_t rejected() const { return rejected_; }

 private:
  struct Part {
    std::string name;
    int descriptor = -1;
    std::int64_t bytes = 0;
  };
  void Open(Part* part, bool go_on) const;
  void Append(Part* part, std::string_view bytes) const;
  void Sync(const Part& part) const;
  void ReadState();
  void WriteState();
  void CommitPartial();
  [[noreturn]] void RefuseOtherData() const;
  std::string Name(const char* end) const { return path_ + end; }

  std::string path_, model_;
  std::optional<Output> scores_, rejects_;  // unless `resume`
  Part parts_[2];                           // with `resume`: scores, rejects
  bool resume_;
  bool standard_ = false;       // or a device: no file of rejects beside it
  std::string sum_, done_sum_;  // over the lines taken, and over those of an earlier run
  std::int64_t lines_ = 0, done_lines_ = 0;
  std::int64_t scored_ = 0, rejected_ = 0, resumed_ = 0;
};

}  // namespace arcsat
