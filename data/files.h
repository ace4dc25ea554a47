#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace arcsat {

/// Writes a file that appears under its name only when it is whole: a temporary file beside it,
/// fsync, rename, fsync of the folder. Destroyed without Commit(), it leaves nothing behind.
///
///   AtomicFile out("scores.jsonl");
///   out.Write(line);
///   out.Commit();
///
/// Throws Error (full disk, read-only folder, missing folder) with the file's name.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(std::string_view bytes);
  /// Makes the file durable and gives it its name. Nothing may be written afterwards.
  void Commit();

 private:
  void Flush();
  void RemoveTemporary();
  std::filesystem::path path_, temporary_;
  std::string buffer_;
  int descriptor_ = -1;
  int slot_ = -1;  // of KeepTemporary()
};

/// Removes what AtomicFiles of processes that were killed left in a folder that nobody else writes
/// into.
void RemoveHalfWritten(const std::filesystem::path& folder);

/// Writes `bytes` as a whole file (AtomicFile in one call).
void WriteFile(const std::filesystem::path& path, std::string_view bytes);

/// The whole file; Error if it is missing, unreadable or larger than `limit` bytes.
std::string ReadFile(const std::filesystem::path& path, std::uintmax_t limit = 1ULL << 30);

/// fsync of a folder, so that a rename inside it survives a power cut.
void SyncFolder(const std::filesystem::path& folder);

/// SHA-256 of bytes that come piece by piece.
///
///   Sha256Sum sum;
///   while (next(&piece)) sum.Update(piece);
///   const std::string digest = sum.Finish();
class Sha256Sum {
 public:
  Sha256Sum();
  ~Sha256Sum();
  Sha256Sum(const Sha256Sum&) = delete;
  Sha256Sum& operator=(const Sha256Sum&) = delete;

  void Update(std::string_view bytes);
  /// Lower-case hexadecimal; nothing may be added afterwards.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Lower-case hexadecimal SHA-256 of a file or of bytes. `on_block` is called after each MB.
std::string Sha256File(const std::filesystem::path& path,
                       const std::function<void()>& on_block = {});
std::string Sha256(std::string_view bytes);

/// Whether bytes begin like a .gz, .zst, .xz or .bz2 file.
bool LooksCompressed(std::string_view bytes);

/// Nothing but blanks, tabs and carriage returns.
inline bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Reads lines from a plain, .gz, .zst, .xz or .bz2 file (told by content), or from standard input
/// when `path` is "-". Memory is one line and a buffer, whatever the file's size. A line longer
/// than `limit` bytes is an Error. A truncated compressed stream is an Error, not an early end. Of
/// a Parquet file the rows come as JSON, a line each (data/parquet/lines.h).
///
///   LineReader lines("calls.jsonl.gz");
///   for (std::string line; lines.Next(&line);) use(line, lines.place());
class LineReader {
 public:
  explicit LineReader(const std::string& path, std::size_t limit = std::size_t{256} << 20);
  ~LineReader();
  /// False at the end. The line comes without its "\n" or "\r\n"; a UTF-8 BOM at the start of the
  /// file is dropped.
  bool Next(std::string* line);
  /// "file:line" of the line last returned, lines counted from 1.
  std::string place() const;
  std::int64_t line_number() const { return number_; }
  bool is_table() const;  ///< whether the lines are a Parquet file's rows
  /// Bytes consumed of the file as it lies on disk, and its size (0 when unknown): for progress.
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::int64_t number_ = 0;
};

}  // namespace arcsat
