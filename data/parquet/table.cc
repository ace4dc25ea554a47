#include "data/parquet/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "data/csv.h"
#include "data/error.h"
#include "data/importers/archive.h"
#include "data/parquet/metadata.h"
#include "data/parquet/pages.h"

namespace arcsat {

std::string ParquetToCsv(std::string_view bytes, const std::string& place, std::uint64_t limit) {
  const ParquetMetadata metadata = ReadParquetMetadata(bytes, place);
  constexpr std::uint64_t kAlways = std::uint64_t{64} << 20;
  ParquetBudget budget(std::min(4 * limit, std::max(kAlways, kMostUnpacked * bytes.size())), place);
  std::string text;
  const auto put = [&](std::string_view cell, bool first) {
    const std::string field = CsvQuoted(cell);
    budget.Spend(field.size() + 1);
    if (!first) text += ',';
    text += field;
  };
  std::vector<std::size_t> flat;
  for (std::size_t i = 0; i < metadata.columns.size(); ++i) {
    if (!metadata.columns[i].flat) continue;
    put(metadata.columns[i].name, flat.empty());
    flat.push_back(i);
  }
  text += '\n';
  for (const ParquetRows& group : metadata.groups) {
    std::vector<ParquetCells> cells;
    for (const std::size_t i : flat) {
      if (group.chunks[i].values != group.rows) {
        throw Error({place + ": " + metadata.columns[i].name,
                     fmt::format("found {} values in {} rows", group.chunks[i].values, group.rows),
                     "expected one a row", "write the file anew"});
      }
      cells.push_back(
          ReadParquetChunk(bytes, metadata.columns[i], group.chunks[i], place, &budget));
      if (static_cast<std::int64_t>(cells.back().ends.size()) != group.rows) {
        throw Error({place + ": " + metadata.columns[i].name, "found more values than rows",
                     "expected one a row", "write the file anew"});
      }
    }
    if (flat.empty()) continue;
    for (std::size_t row = 0; row < static_cast<std::size_t>(group.rows); ++row) {
      for (std::size_t i = 0; i < cells.size(); ++i) put(cells[i][row], i == 0);
      text += '\n';
    }
  }
  return text;
}

}  // namespace arcsat
