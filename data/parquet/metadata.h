#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

// Parquet's numbers (apache/parquet-format, parquet.thrift).
enum class ParquetType { kBool, kInt32, kInt64, kInt96, kFloat, kDouble, kBytes, kFixed };
enum class ParquetCodec { kNone = 0, kSnappy = 1, kGzip = 2, kZstd = 6 };

/// What a column's values mean beyond their type.
enum class ParquetMeaning { kPlain, kDate, kMillis, kMicros, kNanos, kDecimal, kOther };

struct ParquetColumn {
  std::string name;
  ParquetType type = ParquetType::kBool;
  ParquetMeaning meaning = ParquetMeaning::kPlain;
  int scale = 0;          ///< decimals behind the point
  bool optional = false;  ///< may be null
  bool flat = true;       ///< a value a row, of a type that is text, a number or a time
};

/// One column of one group of rows, where it lies in the file.
struct ParquetChunk {
  std::int64_t codec = 0, values = 0, offset = 0, dictionary = 0, size = 0;
};

struct ParquetRows {
  std::int64_t rows = 0;
  std::vector<ParquetChunk> chunks;  ///< a column each
};

struct ParquetMetadata {
  std::vector<ParquetColumn> columns;
  std::vector<ParquetRows> groups;
};

bool LooksParquet(std::string_view bytes);

/// The footer of a file. Error where it is cut off, or contradicts itself.
ParquetMetadata ReadParquetMetadata(std::string_view bytes, const std::string& place);

}  // namespace arcsat
