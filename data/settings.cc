#include "data/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

constexpr std::uintmax_t kLargestSettings = 1 << 20;

std::string Trimmed(const std::string& text) {
  const char kBlank[] = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The value between the "=" and the end of the line, without its comment and its quotes.
std::string Unquoted(const std::string& raw, const std::string& place) {
  const std::string text = Trimmed(raw);
  if (text.empty() || text[0] != '"') return Trimmed(text.substr(0, text.find('#')));
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  const std::string rest = end < text.size() ? Trimmed(text.substr(end + 1)) : "?";
  const auto value = nlohmann::json::parse(text.substr(0, end + 1), nullptr, false);
  if (!value.is_string() || (!rest.empty() && rest[0] != '#')) {
    throw UsageError({place, "found " + text, "expected a value between double quotes, as in JSON",
                      "close the quotes, or write the value without any"});
  }
  return value.get<std::string>();
}

}  // namespace

std::vector<Setting> ParseSettings(const std::string& text, const std::string& place) {
  std::vector<Setting> settings;
  std::string section;
  std::size_t number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t stop = std::min(text.find('\n', start), text.size());
    const std::string line = Trimmed(text.substr(start, stop - start));
    start = stop + 1;
    const std::string here = fmt::format("{}:{}", place, ++number);
    if (line.empty() || line[0] == '#') continue;
    const std::string header = Trimmed(line.substr(0, line.find('#')));
    if (line[0] == '[' && header.size() > 2 && header.back() == ']') {
      section = Trimmed(header.substr(1, header.size() - 2)) + ".";
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || line[0] == '[') {
      throw UsageError({here, fmt::format("found \"{:.60}\"", line),
                        "expected \"key = value\", \"[section]\" or a comment",
                        "mend the line, or put a # before it"});
    }
    settings.push_back(
        {section + Trimmed(line.substr(0, equals)), Unquoted(line.substr(equals + 1), here), here});
  }
  return settings;
}

std::vector<Setting> ReadSettings(const std::string& path) {
  return ParseSettings(ReadFile(path, kLargestSettings), path);
}

}  // namespace arcsat
