#include "data/importers/importer.h"

#include "data/error.h"
#include "data/importers/layouts.h"

namespace arcsat {
namespace {

std::string Names() {
  std::string names;
  for (const Importer* importer : Importers()) {
    names += (names.empty() ? "" : ", ") + importer->name();
  }
  return names;
}

}  // namespace

const std::vector<const Importer*>& Importers() {
  static const std::vector<const Importer*> all = {&JsonlImporter(), &StarImporter(),
                                                   &UssImporter()};
  return all;
}

const Importer& FindImporter(const std::string& name) {
  for (const Importer* importer : Importers()) {
    if (importer->name() == name) return *importer;
  }
  throw UsageError({"import", "found the format \"" + name + "\"", "expected one of " + Names(),
                    "name one of them"});
}

const Importer& DetectImporter(const std::string& path) {
  for (const Importer* importer : Importers()) {
    if (importer->Sniff(path)) return *importer;
  }
  throw UsageError({path, "found no layout that is known here", "expected one of " + Names(),
                    "check the path, or name the format"});
}

void SkipOrThrow(const Error& error, const ReadOptions& options, ReadReport* report) {
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
