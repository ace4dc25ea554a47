#pragma once

namespace arcsat {

/// The sources that the program was built from, as `git describe --always --dirty` names them, or
/// "unknown". Links arcsat_code_version (cmake/CodeVersion.cmake).
const char* CodeVersion();

}  // namespace arcsat
