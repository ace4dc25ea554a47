#pragma once

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

/// The one conversation of a file in tests/fixtures/import/, as a line, read by the format that is
/// found by its content; "format: line".
inline std::string ImportLine(const std::string& fixture, const ImportOptions& options = {}) {
  const auto path = Fixture("import/" + fixture);
  const std::string format = DetectImporter(path.string()).name();
  const auto all = ImportAll(format, path, options);
  return format + ": " + (all.size() == 1 ? ToJsonLine(all[0]) : std::to_string(all.size()));
}

}  // namespace arcsat
