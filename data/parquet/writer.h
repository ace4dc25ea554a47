#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace arcsat {

enum class ParquetKind { kText, kJson, kNumber, kWhole };

struct ParquetField {
  std::string name;
  ParquetKind kind = ParquetKind::kText;
  bool optional = false;  ///< may be null
};

/// Null, a whole number, a number, or text (UTF-8), as the column's kind has it.
using ParquetCell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// Writes a flat table as a Parquet file (apache/parquet-format 2.x): plain values, uncompressed,
/// in groups of rows that bound memory. The bytes of each call belong behind those of the one
/// before.
///
///   ParquetWriter table({{"id", ParquetKind::kText}, {"exit", ParquetKind::kNumber}});
///   out += table.Add({"c-1", 0.83});   // mostly nothing: rows wait for their group
///   out += table.Finish();
class ParquetWriter {
 public:
  explicit ParquetWriter(std::vector<ParquetField> fields);

  /// A row, a cell for each field.
  std::string Add(const std::vector<ParquetCell>& row);
  /// What waits, and the footer. Nothing may be added afterwards.
  std::string Finish();

 private:
  struct Column {
    std::string values;        ///< plain
    std::vector<bool> filled;  ///< a row each, where the field may be null
  };
  struct Chunk {
    std::int64_t offset = 0, size = 0;
  };
  struct Group {
    std::int64_t rows = 0, size = 0;
    std::vector<Chunk> chunks;  ///< a column each
  };

  void Put(std::size_t field, const ParquetCell& cell);
  std::string Page(const Column& column, bool optional) const;
  std::string Flush();
  std::string Footer() const;

  std::vector<ParquetField> fields_;
  std::vector<Column> columns_;
  std::vector<Group> groups_;
  std::int64_t rows_ = 0;     ///< that wait
  std::int64_t written_ = 0;  ///< bytes
};

}  // namespace arcsat
