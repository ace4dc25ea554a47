#include "data/importers/table.h"

#include <fmt/format.h>

#include <cctype>

#include "data/error.h"

namespace arcsat {

std::string ColumnKey(std::string_view name) {
  std::string key;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || byte >= 0x80) {
      key += static_cast<char>(std::tolower(byte));
    } else if (!key.empty() && key.back() != '_') {
      key += '_';
    }
  }
  while (key.ends_with('_')) key.pop_back();
  return key;
}

int FindColumn(const std::vector<std::string>& header, const std::string& given,
               const std::vector<std::string_view>& guesses, const std::string& option,
               const std::string& place) {
  const auto find = [&](std::string_view key) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (ColumnKey(header[i]) == key) return static_cast<int>(i);
    }
    return -1;
  };
  if (!given.empty()) {
    const int column = find(ColumnKey(given));
    if (column >= 0) return column;
    std::string names;
    for (const std::string& name : header) {
      if (names.size() < 300) names += (names.empty() ? "" : ", ") + name.substr(0, 40);
    }
    throw UsageError({place, fmt::format("found no column \"{}\"", given),
                      "expected one of " + names, fmt::format("change --{}", option)});
  }
  for (const std::string_view guess : guesses) {
    if (const int column = find(guess); column >= 0) return column;
  }
  return -1;
}

}  // namespace arcsat
