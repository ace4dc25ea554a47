#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/parquet/metadata.h"
#include "data/parquet/pages.h"

namespace arcsat {

/// Puts the rows of a Parquet file together from their columns, as JSON objects
/// (data/parquet/lines.h), one group of rows in memory. The metadata and the place, for messages,
/// must outlive it. Error where columns are damaged or contradict each other.
///
///   rows.Load(file, group);
///   for (std::int64_t i = 0; i < group.rows; ++i) rows.Append(&line);
///   rows.CheckEnded();
class ParquetRowBuilder {
 public:
  ParquetRowBuilder(const ParquetMetadata& metadata, const std::string& place)
      : metadata_(metadata), place_(place), cursors_(metadata.columns.size()) {}

  void Load(std::string_view file, const ParquetRows& group);
  /// Appends the next row.
  void Append(std::string* out);
  /// After the last row nothing may be left.
  void CheckEnded() const;

 private:
  /// A column of the group of rows under way. Reading goes on value by value.
  struct Cursor {
    ParquetCells cells;
    std::size_t at = 0;

    bool ended() const { return at >= cells.ends.size(); }
  };

  bool Known(std::size_t column) const { return metadata_.columns[column].known; }
  int Repetition(std::size_t column) const;
  int Definition(std::size_t column) const;
  std::size_t FirstKnown(const ParquetNode& node) const;
  const ParquetNode& Element(const ParquetNode& repeated) const;
  void Skip(const ParquetNode& node);
  bool AppendField(const ParquetNode& node, std::string_view begin, bool top, std::string* out);
  bool AppendContent(const ParquetNode& node, bool top, std::string* out);
  void AppendGroup(const ParquetNode& node, bool top, std::string* out);
  void AppendList(const ParquetNode& repeated, const ParquetNode& element, std::string* out);
  void AppendMap(const ParquetNode& repeated, std::string* out);
  bool AppendValue(const ParquetNode& node, bool top, std::string* out);
  template <class Use>
  void ForEach(const ParquetNode& repeated, Use use);
  [[noreturn]] void Contradicted(std::size_t column) const;

  const ParquetMetadata& metadata_;
  const std::string& place_;
  std::vector<Cursor> cursors_;  // a column each
};

}  // namespace arcsat
