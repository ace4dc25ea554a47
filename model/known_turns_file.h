#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace arcsat {

/// States of turns on disk (model/known_turns.h), so that a later run does not compute them again.
/// A file belongs to one model and one process at a time. It only grows, up to a limit; what a stop
/// or a power cut left half-written at its end is cut off when it is opened, and what was damaged
/// since it was written is not believed: every turn has a checksum. docs/scorers.md has the layout.
class KnownTurnsFile {
 public:
  struct Place {
    std::string path;
    std::string fingerprint;  ///< SHA-256 of the weights, as hexadecimal digits
    std::int64_t width = 0;   ///< H, numbers a row
    std::int64_t most = 0;    ///< bytes that it may take
    bool one_row = false;     ///< of a turn; else one of each of its tokens
  };

  /// Opens or makes the file. Error where it belongs to another model, is no such file, is in use,
  /// or cannot be written.
  explicit KnownTurnsFile(const Place& place);
  ~KnownTurnsFile();
  KnownTurnsFile(const KnownTurnsFile&) = delete;
  KnownTurnsFile& operator=(const KnownTurnsFile&) = delete;

  /// (R, H) single precision on the CPU, or undefined where the file has not got them.
  torch::Tensor Find(const std::vector<std::int32_t>& tokens);
  /// Appends the states (R, H) of tokens that Find() did not have; nothing where the file is full.
  void Keep(const std::vector<std::int32_t>& tokens, const torch::Tensor& states);

  std::int64_t turns() const { return static_cast<std::int64_t>(index_.size()); }
  std::int64_t bytes() const { return end_; }
  std::int64_t found() const { return found_; }  ///< how often Find() had them

 private:
  struct Record;
  std::int64_t Rows(std::int64_t tokens) const { return place_.one_row ? 1 : tokens; }
  std::int64_t Size(const Record& record) const;
  void CheckHeader(bool fresh);
  void ReadIndex();
  bool ReadAt(std::int64_t offset, void* out, std::size_t size) const;
  void WriteAt(std::int64_t offset, const void* bytes, std::size_t size) const;
  [[noreturn]] void Fail(const char* deed) const;

  Place place_;
  int descriptor_ = -1;
  std::int64_t end_ = 0, found_ = 0;
  std::unordered_multimap<std::uint64_t, std::int64_t>
      index_;  // hash of the ids, place in the file
};

}  // namespace arcsat
