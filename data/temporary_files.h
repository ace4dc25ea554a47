#pragma once

#include <filesystem>

namespace arcsat {

/// Temporary files that a Ctrl-C, SIGTERM or SIGHUP must not leave behind. A signal handler may not
/// allocate, so names lie in slots of fixed size; a file beyond them, or with a name of 4,096 bytes
/// or more, is simply not cleaned up.
///
/// KeepTemporary() returns the slot, or -1; ForgetTemporary() frees it.
int KeepTemporary(const std::filesystem::path& path);
void ForgetTemporary(int slot);

/// Called once by main(): the signals above remove what KeepTemporary() knows and then end the
/// process as they would have. A write beyond the file size limit (SIGXFSZ) becomes an error that
/// names the file, instead of a sudden end.
void InstallSignalHandlers();

}  // namespace arcsat
