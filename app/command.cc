#include "app/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "app/output.h"
#include "configs/nearest.h"
#include "data/conversation.h"
#include "data/error.h"

namespace arcsat {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongCall = 2;

std::string ProgramHelp() {
  std::string text =
      "arcsat learns from support conversations whose customers answered a CSAT survey, and "
      "measures\n"
      "every conversation: the state a customer arrived in, the state they left in, and the "
      "change.\n"
      "\nUsage\n  arcsat COMMAND [options]\n";
  std::string group;
  for (const Command* command : Commands()) {
    if (command->group != group) text += fmt::format("\n{}\n", group = command->group);
    text += fmt::format("  {:<12}{}\n", command->name, command->summary);
  }
  text +=
      "\nBegin with\n"
      "  arcsat simulate --simulate.conversations 3000 --out calls.jsonl\n"
      "  arcsat inspect calls.jsonl\n"
      "  arcsat split --data calls.jsonl --out-dir sides\n"
      "\narcsat COMMAND --help shows a command's options and an example. Any option may stand in "
      "a\n"
      "file that --config FILE names. --json gives machines what is shown to people otherwise.\n"
      "Exit codes: 0 done, 1 the work failed, 2 the call was wrong.\n";
  return text;
}

const Command& FindCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Command* command : Commands()) {
    if (name == command->name) return *command;
    names.emplace_back(command->name);
  }
  const std::string nearest = Nearest(name, names);
  throw UsageError({"", fmt::format("\"{}\" is no command", name),
                    nearest.empty() ? "" : fmt::format("the nearest one is {}", nearest),
                    "see arcsat --help"});
}

bool JsonWanted(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
    return word == "--json" || word == "--json=true";
  });
}

int Run(const std::vector<std::string>& arguments, std::string* command) {
  const std::string first = arguments.empty() ? "--help" : arguments[0];
  if (first == "--help" || first == "-h" || first == "help") {
    if (arguments.size() > 1 && first == "help") return FindCommand(arguments[1]).run({"--help"});
    PrintText(ProgramHelp());
    return 0;
  }
  if (first == "--version") {
    PrintText(fmt::format("arcsat {}\n", ARCSAT_VERSION));
    return 0;
  }
  const Command& found = FindCommand(first);
  *command = found.name;
  return found.run({arguments.begin() + 1, arguments.end()});
}

}  // namespace

const std::vector<const Command*>& Commands() {
  static const std::vector<const Command*> kCommands = {
      &kSimulateCommand, &kImportCommand, &kSplitCommand,       &kTokenizerCommand,
      &kShardCommand,    &kTrainCommand,  &kCalibrateCommand,   &kEvaluateCommand,
      &kCompareCommand,  &kExportCommand, &kVerifyCommand,      &kScoreCommand,
      &kAgentsCommand,   &kTriageCommand, &kExperimentsCommand, &kInspectCommand};
  return kCommands;
}

int ReportProblem(const std::string& command, const Problem& problem, bool json, int code) {
  const std::string name = command.empty() ? "arcsat" : "arcsat " + command;
  std::fprintf(stderr, "%s: %s\n", name.c_str(), Describe(problem).c_str());
  if (json) {
    const Json error = {{"error",
                         {{"command", command},
                          {"message", Describe(problem)},
                          {"place", problem.place},
                          {"found", problem.found},
                          {"expected", problem.expected},
                          {"remedy", problem.remedy}}}};
    const auto replace = Json::error_handler_t::replace;  // a file's name may be no UTF-8
    std::fprintf(stderr, "%s\n", error.dump(-1, ' ', false, replace).c_str());
  }
  return code;
}

int RunProgram(const std::vector<std::string>& arguments) {
  std::string command;
  const bool json = JsonWanted(arguments);
  try {
    return Run(arguments, &command);
  } catch (const UsageError& error) {
    return ReportProblem(command, error.problem(), json, kWrongCall);
  } catch (const Error& error) {
    return ReportProblem(command, error.problem(), json, kFailed);
  } catch (const std::bad_alloc&) {
    return ReportProblem(
        command, {"", "there is not enough memory", "", "close other programs, or use less data"},
        json, kFailed);
  } catch (const std::exception& error) {
    // A library's message may go on with pages of where it was thrown; its first line says what.
    const std::string what = error.what();
    return ReportProblem(command, {"", what.substr(0, what.find('\n')), "", ""}, json, kFailed);
  }
}

}  // namespace arcsat
