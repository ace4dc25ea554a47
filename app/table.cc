#include "app/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "configs/text.h"

namespace arcsat {

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  std::size_t whole = 0;
  for (const std::size_t width : widths) whole += width + (whole > 0 ? 2 : 0);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string padding(widths[i] - DisplayWidth(rows[r][i]), ' ');
      line += (i == 0 ? "" : "  ") + (i == 0 ? rows[r][i] + padding : padding + rows[r][i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (r == 0) text += std::string(whole, '-') + "\n";
  }
  return text;
}

std::string Percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f}%", 100 * part / whole) : "-";
}

}  // namespace arcsat
