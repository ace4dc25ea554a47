#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace arcsat {

struct ProgressOptions {
  bool quiet = false;      ///< writes nothing at all
  int descriptor = 2;      ///< where it goes; a terminal gets a bar, everything else gets lines
  std::int64_t start = 0;  ///< where counting begins, in a run that was resumed: for the rate
  std::string unit = {};   ///< of what is counted, plural: "conversations"; "bytes" is shown as MB
  /// Seconds of a clock that only goes forward; empty: the steady clock. For tests.
  std::function<double()> now = {};
};

/// How far some work has come, on standard error: on a terminal a bar that is redrawn at most ten
/// times a second, elsewhere the first line, the last one, and one every five seconds between.
///
///   Progress progress("training", total);
///   progress.Update(done, "loss 0.41  312 conversations/s");  // from any thread
///   progress.Finish();  // or let it go out of scope
///
/// A total of 0 means that it is not known: no percent and no time left. A failure to write is
/// ignored, as work must not end because nobody watches.
class Progress {
 public:
  Progress(std::string label, std::int64_t total, ProgressOptions options = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(std::int64_t done, const std::string& note = "");
  /// A line of its own, above the bar.
  void Log(const std::string& line);
  /// The last line; nothing is shown after it.
  void Finish();

 private:
  std::string Line(double now) const;
  std::string Bar(double now) const;
  std::string Count(double value) const;
  void Show(double now);
  void Write(const std::string& text) const;

  std::mutex mutex_;
  const std::string label_;
  const std::int64_t total_;
  const ProgressOptions options_;
  const bool terminal_;
  const bool color_;
  double begin_;
  bool shown_ = false;
  double shown_at_ = 0;
  std::int64_t done_ = 0;
  bool fresh_ = false;  ///< there is news since it was last shown
  bool finished_ = false;
  std::string note_;
};

}  // namespace arcsat
