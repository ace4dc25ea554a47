#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace arcsat {

/// Whether a file that begins like this is Parquet.
bool BeginsLikeParquet(std::string_view bytes);

/// A file's bytes as such lines (ParquetLines), where its rows are whole conversations: they have
/// "turns". Empty where they are not, or there is none. Error as there, and where the lines take
/// more than four times `limit` bytes.
std::string ParquetToLines(std::string_view bytes, const std::string& place, std::uint64_t limit);

/// A Parquet file's rows as JSON objects, a line each, so that what reads records reads tables of
/// records: lists, groups and maps are what they are in JSON, null is left out (null in a list),
/// times are ISO 8601. A text is a string, but for JSON's own type and for the columns turns,
/// survey and attributes where they hold an object or a list written out. Columns of fixed bytes or
/// unknown meaning are left out. Memory is one group of rows, the file itself is mapped. Error
/// where the file is damaged, its columns contradict each other, a group of rows takes, unpacked,
/// more than kMostUnpacked times its size (and 64 MiB), or a line has more than `limit` bytes.
class ParquetLines {
 public:
  ParquetLines(const std::string& path, std::size_t limit);
  ~ParquetLines();
  ParquetLines(const ParquetLines&) = delete;
  ParquetLines& operator=(const ParquetLines&) = delete;

  /// The next row; false at the end.
  bool Next(std::string* line);
  /// How much of the file that was, in bytes, and its size.
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arcsat
