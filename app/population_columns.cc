#include "app/population_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "configs/nearest.h"
#include "data/error.h"
#include "data/record_columns.h"

namespace arcsat {
namespace {

constexpr std::size_t kColumnsNamed = 6;

/// Without "attribute:" and the objects that it lies in.
std::string BareColumn(const std::string& column) {
  return column.substr(column.find_last_of(":.") + 1);
}

/// Edits between two columns, or between their bare names and one more.
int ColumnDistance(const std::string& a, const std::string& b) {
  return std::min(EditDistance(a, b), EditDistance(BareColumn(a), BareColumn(b)) + 1);
}

/// "attribute:region, language, team": the nearest first.
std::string NearestColumns(const std::string& column, const std::set<std::string>& known) {
  std::vector<std::pair<int, std::string>> sorted;
  for (const std::string& name : known) sorted.emplace_back(ColumnDistance(column, name), name);
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), kColumnsNamed); ++i) {
    text += (i > 0 ? ", " : "") + sorted[i].second;
  }
  return text;
}

}  // namespace

void DemandColumns(const std::string& path, const ReadOptions& read,
                   const std::vector<std::string>& columns) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return;
  ColumnCensus census(columns);
  const ReadReport report = ForEachConversation(
      path, read, [&](Conversation&& conversation) { census.Add(conversation); });
  if (report.read == 0) return;  // said elsewhere
  for (const std::string& column : columns) {
    const std::string fault = census.Fault(column);
    if (fault.empty()) continue;
    const std::string place = path + ": --population.by";
    if (census.Missing(column)) {
      throw UsageError({place, fault,
                        "expected a column of texts, numbers or true and false; the nearest are " +
                            NearestColumns(column, census.known()),
                        "name one that the data have, attributes as attribute:NAME"});
    }
    throw UsageError({place, fault, "expected few enough values to make groups of",
                      "put ranges of it (\"0-10\") into another attribute, and name that"});
  }
}

}  // namespace arcsat
