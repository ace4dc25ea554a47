#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace arcsat {

/// Lines as they are written: of standard input ("-"), or of a plain file that grows, from its
/// start. A file that was replaced or cut is read anew from its start. Errors name the file.
///
///   LineTail tail("events.jsonl", true);
///   for (std::string line; tail.Next(0.2, &line) != LineTail::kEnd;) …
class LineTail {
 public:
  enum Got {
    kLine,
    kNothing,  ///< nothing came for so long
    kEnd,      ///< of standard input, or of a file that is not followed
  };
  LineTail(const std::string& path, bool follow, std::size_t limit = std::size_t{16} << 20);
  ~LineTail();
  LineTail(const LineTail&) = delete;
  LineTail& operator=(const LineTail&) = delete;

  /// Waits at most `seconds` for a whole line. What stands after the last newline counts as one at
  /// the end.
  Got Next(double seconds, std::string* line);
  /// "file:line" of the line last returned.
  std::string place() const;

 private:
  bool TakeLine(std::string* line);
  /// Bytes read, 0 at the end; -1: none within `seconds`.
  ssize_t Fill(double seconds);
  bool Replaced() const;
  void Open();

  std::string path_;
  bool follow_;
  std::size_t limit_;
  int descriptor_ = -1;
  std::string buffer_;
  std::size_t start_ = 0;  // of what was not returned yet
  std::size_t seen_ = 0;   // no newline before it
  std::int64_t number_ = 0;
};

}  // namespace arcsat
