#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace arcsat {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`.
std::uint32_t Crc32c(std::string_view bytes);

/// One TFRecord: little-endian length, its masked CRC, the bytes, their masked CRC.
std::string TfRecord(std::string_view bytes);

/// Writes what TensorBoard shows, into a file events.out.tfevents.<seconds>.<host>.<pid>.<n> of its
/// own in `folder`. A resumed run makes a new writer, and TensorBoard joins the files by step.
///
///   EventWriter events(run_folder);
///   events.Scalar("train/loss", step, 0.41);
///   events.Flush();  // now a TensorBoard that runs beside shows it
///
/// Not thread-safe. Throws Error when the folder cannot be written or the disk is full.
class EventWriter {
 public:
  explicit EventWriter(const std::filesystem::path& folder);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// `wall_time` in seconds since 1970; below 0: now. Kept in single precision, as TensorBoard
  /// does.
  void Scalar(std::string_view tag, std::int64_t step, double value, double wall_time = -1);
  /// Markdown.
  void Text(std::string_view tag, std::int64_t step, std::string_view text, double wall_time = -1);
  void Flush();
  const std::filesystem::path& path() const { return path_; }

 private:
  /// An Event with one Summary.Value, both as protobuf bytes.
  void Append(std::string_view value, std::int64_t step, double wall_time);

  std::filesystem::path path_;
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace arcsat
