#pragma once

#include <ctime>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "data/importers/importer.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {

/// Everything that an importer reads from a path.
inline std::vector<Conversation> ImportAll(const std::string& format,
                                           const std::filesystem::path& path,
                                           const ImportOptions& options = {},
                                           ReadReport* report = nullptr) {
  std::vector<Conversation> all;
  const ReadReport result = FindImporter(format).Read(
      path.string(), options, [&](Conversation&& c) { all.push_back(std::move(c)); });
  if (report != nullptr) *report = result;
  return all;
}

/// Four times the text takes about four times as long, not sixteen times.
inline void ExpectLinear(const std::string& part,
                         const std::function<void(const std::string&)>& run) {
  const auto seconds = [&](std::size_t size) {
    std::string text;
    while (text.size() < size) text += part;
    const std::clock_t begin = std::clock();
    run(text);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  const double some = seconds(40'000);
  EXPECT_LT(seconds(160'000), 10 * some + 0.05) << part;
}

/// The one conversation of a file in tests/fixtures/import/, as a line, read by the format that is
/// found by its content; "format: line".
inline std::string ImportLine(const std::string& fixture, const ImportOptions& options = {}) {
  const auto path = Fixture("import/" + fixture);
  const std::string format = DetectImporter(path.string()).name();
  const auto all = ImportAll(format, path, options);
  return format + ": " + (all.size() == 1 ? ToJsonLine(all[0]) : std::to_string(all.size()));
}

}  // namespace arcsat
