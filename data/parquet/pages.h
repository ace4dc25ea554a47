#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/parquet/metadata.h"

namespace arcsat {

/// A column's values as text, one behind the other; null is empty.
struct ParquetCells {
  std::string text;
  std::vector<std::size_t> ends;
  /// Of columns that are not flat, a value each: how many fields around it are there, and which of
  /// those that come several times began again (the format's definition and repetition levels).
  std::vector<std::uint8_t> definitions, repetitions;

  std::string_view operator[](std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends[row - 1];
    return std::string_view(text).substr(begin, ends[row] - begin);
  }
};

/// What may still be unpacked. A file of a kilobyte can claim a thousand million rows.
class ParquetBudget {
 public:
  ParquetBudget(std::uint64_t limit, const std::string& place) : left_(limit), place_(place) {}
  /// Error where that is more than is left.
  void Spend(std::uint64_t bytes);

 private:
  std::uint64_t left_;
  const std::string& place_;
};

/// The values of a column in one group of rows. Error where a page is damaged, or packed or
/// encoded in a way that is not known here.
ParquetCells ReadParquetChunk(std::string_view file, const ParquetColumn& column,
                              const ParquetChunk& chunk, const std::string& place,
                              ParquetBudget* budget);

}  // namespace arcsat
