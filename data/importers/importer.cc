#include "data/importers/importer.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/error.h"
#include "data/importers/document.h"
#include "data/importers/layouts.h"
#include "data/json.h"

namespace arcsat {
namespace {

/// What is known by its files' names and first lines.
std::vector<const Importer*> DataSets() {
  return {&JsonlImporter(), &StarImporter(), &UssImporter(), &HarperImporter(),
          &ConvokitImporter()};
}

/// Levels of lists and objects. What was parsed is at most kJsonDepth deep.
int Depth(const Json& value) {
  int deepest = 0;
  if (!value.is_structured()) return deepest;
  for (const Json& item : value) deepest = std::max(deepest, Depth(item));
  return deepest + 1;
}

std::string FormatNames() {
  std::string names;
  for (const Importer* importer : Importers()) {
    names += (names.empty() ? "" : ", ") + importer->name();
  }
  return names;
}

}  // namespace

const std::vector<const Importer*>& Importers() {
  static const std::vector<const Importer*> all = [] {
    std::vector<const Importer*> importers = DataSets();
    const auto& documents = DocumentImporters();
    importers.insert(importers.end(), documents.begin(), documents.end());
    importers.push_back(&MixedImporter());
    return importers;
  }();
  return all;
}

const Importer& FindImporter(const std::string& name) {
  for (const Importer* importer : Importers()) {
    if (importer->name() == name) return *importer;
  }
  throw UsageError({"import", "found the format \"" + name + "\"",
                    "expected one of " + FormatNames(), "name one of them"});
}

const Importer& DetectImporter(const std::string& path) {
  for (const Importer* importer : DataSets()) {
    if (importer->Sniff(path)) return *importer;
  }
  if (const Importer* importer = DetectDocumentImporter(path)) return *importer;
  throw UsageError({path, "found no layout that is known here", "expected one of " + FormatNames(),
                    "check the path, or name the format by --format"});
}

void CheckReadable(const Conversation& c, const std::string& place) {
  const std::string remedy = "mend it where it comes from, or pass --skip-bad to leave it out";
  if (c.id.empty()) {
    throw Error({place, "found a conversation without an id", "expected an id", remedy});
  }
  int depth = std::max(Depth(c.extra), Depth(c.attributes) + 1);
  if (c.survey) depth = std::max(depth, Depth(c.survey->extra) + 1);
  for (const Turn& turn : c.turns) depth = std::max(depth, Depth(turn.extra) + 2);
  if (depth <= kJsonDepth) return;
  throw Error({place + ": " + c.id, "found fields nested too deep",
               fmt::format("expected a record of at most {} levels", kJsonDepth), remedy});
}

void SkipOrThrow(const Error& error, const ImportOptions& options, ReadReport* report) {
  if (!options.skip_bad) throw error;
  report->Skip(error.what());
}

void CheckFound(const std::string& path, const ReadReport& report, const std::string& expected) {
  if (report.read > 0) return;
  const std::string found = report.skipped == 0 ? "found no conversation"
                                                : "found no conversation that can be read (" +
                                                      report.reasons.front() + ")";
  throw Error({path, found, "expected " + expected, "check the path and the format"});
}

}  // namespace arcsat
