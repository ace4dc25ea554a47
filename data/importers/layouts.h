#pragma once

#include <string>

#include "data/error.h"
#include "data/importers/importer.h"

namespace arcsat {

/// The importers of the registry, each in a file of its own name.
const Importer& JsonlImporter();
const Importer& StarImporter();
const Importer& UssImporter();
const Importer& HarperImporter();
const Importer& ConvokitImporter();

/// Counts one record that is left out, and throws `error` on unless options.skip_bad.
void SkipOrThrow(const Error& error, const ImportOptions& options, ReadReport* report);

/// Error where nothing was read; `expected` completes "expected …".
void CheckFound(const std::string& path, const ReadReport& report, const std::string& expected);

}  // namespace arcsat
