#pragma once

#include <filesystem>
#include <string>

namespace arcsat {

/// Writes a folder's files as the .tar.gz `out`, under the folder `name`: in order of their names,
/// without times, owners or modes of this machine, so that equal folders give equal bytes. The file
/// appears whole. Error where something in the folder is no file, or `out` cannot be written.
void PackFolder(const std::filesystem::path& folder, const std::string& name,
                const std::filesystem::path& out);

}  // namespace arcsat
