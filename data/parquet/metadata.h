#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

// Parquet's numbers (apache/parquet-format, parquet.thrift).
enum class ParquetType { kBool, kInt32, kInt64, kInt96, kFloat, kDouble, kBytes, kFixed };
enum class ParquetCodec { kNone = 0, kSnappy = 1, kGzip = 2, kZstd = 6 };

/// What a file begins and ends with.
inline constexpr std::string_view kParquetMagic = "PAR1";

/// What a column's values mean beyond their type.
enum class ParquetMeaning { kPlain, kJson, kDate, kMillis, kMicros, kNanos, kDecimal, kOther };

struct ParquetColumn {
  std::string name;
  ParquetType type = ParquetType::kBool;
  ParquetMeaning meaning = ParquetMeaning::kPlain;
  int scale = 0;        ///< decimals behind the point
  bool known = true;    ///< of a type that is text, a number or a time
  bool flat = true;     ///< known, and a value or null a row
  int definitions = 0;  ///< how many of the fields around a value, and itself, may be missing
  int repetitions = 0;  ///< how many of them may come several times
};

/// A field of the schema: a column, or a group of fields (Dremel, Melnik et al. 2010).
struct ParquetNode {
  enum class Kind { kColumn, kGroup, kList, kMap };

  std::string name;
  Kind kind = Kind::kColumn;
  bool repeated = false;
  int definitions = 0, repetitions = 0;  ///< as a column's, of this field and those around it
  std::size_t column = 0;                ///< its own; of a group the first that is in it
  std::size_t columns = 1;               ///< how many are in it, one behind the other
  std::vector<std::size_t> children;     ///< places in ParquetMetadata::schema
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
  std::vector<ParquetNode> schema;  ///< the first is the row; a group stands before what is in it
  std::vector<ParquetRows> groups;
};

bool LooksParquet(std::string_view bytes);

/// The footer of a file. Error where it is cut off, or contradicts itself.
ParquetMetadata ReadParquetMetadata(std::string_view bytes, const std::string& place);

}  // namespace arcsat
