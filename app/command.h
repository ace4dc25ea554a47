#pragma once

#include <string>
#include <vector>

#include "data/error.h"

namespace arcsat {

/// One command of the program. Each app/*_command.cc defines its own; command.cc lists them.
struct Command {
  const char* name;
  const char* group;  ///< stage of the pipeline, for `arcsat --help`
  const char* summary;
  /// Takes the words after the command's name; gives the exit code (0; `compare` also 3 and
  /// 4, docs/formats.md), or throws Error.
  int (*run)(const std::vector<std::string>& args);
};

extern const Command kSimulateCommand;
extern const Command kImportCommand;
extern const Command kSplitCommand;
extern const Command kTokenizerCommand;
extern const Command kShardCommand;
extern const Command kTrainCommand;
extern const Command kCalibrateCommand;
extern const Command kEvaluateCommand;
extern const Command kCompareCommand;
extern const Command kExportCommand;
extern const Command kVerifyCommand;
extern const Command kScoreCommand;
extern const Command kAgentsCommand;
extern const Command kTriageCommand;
extern const Command kExperimentsCommand;
extern const Command kInspectCommand;

/// Every command, in the order of the pipeline.
const std::vector<const Command*>& Commands();

/// Tells a failure of a command to a person and, if asked, to a machine. Gives `code`.
int ReportProblem(const std::string& command, const Problem& problem, bool json, int code);

/// Runs the program on the words after its name. Exit code: 0 done, 1 the work failed, 2 the call
/// was wrong. A failure is a line on standard error, and with --json an object after it:
/// {"error":{"command":…,"message":…,"place":…,"found":…,"expected":…,"remedy":…}}.
int RunProgram(const std::vector<std::string>& arguments);

}  // namespace arcsat
