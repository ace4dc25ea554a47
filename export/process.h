#pragma once

#include <string>
#include <vector>

namespace arcsat {

/// What a finished program left.
struct ProcessResult {
  bool started = false;
  int code = -1;            ///< exit code; 128 + signal where one ended it
  std::string output, log;  ///< of standard output and of standard error's end
};

/// Runs a program (looked up in PATH unless it has a slash) and waits for it. `started` is false,
/// with the reason in `log`, where there is no such program. Output beyond 64 MB is dropped.
ProcessResult RunProcess(const std::vector<std::string>& words);

}  // namespace arcsat
