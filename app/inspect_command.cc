#include <fmt/format.h>

#include <limits>
#include <utility>

#include "app/command.h"
#include "app/inspect.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestJson = 1ULL << 30;

/// The first line of a text file that is not blank; empty where there is none.
std::string FirstLine(const std::string& path) {
  LineReader lines(path);
  for (std::string line; lines.Next(&line);) {
    if (!Trim(line).empty()) return line;
  }
  return "";
}

Inspection InspectFolder(const fs::path& folder) {
  if (fs::exists(folder / "metrics.jsonl") || fs::is_directory(folder / "checkpoints")) {
    return InspectRun(folder);
  }
  if (fs::exists(folder / "config.json") || fs::exists(folder / "model.safetensors") ||
      fs::exists(folder / "MANIFEST.json")) {
    return InspectModel(folder);
  }
  if (fs::exists(folder / "split.json")) return InspectSplit((folder / "split.json").string());
  throw Error({folder.string(),
               "holds none of metrics.jsonl, checkpoints, config.json, "
               "model.safetensors, split.json",
               "expected a run, a model, a checkpoint or a folder that split wrote",
               "name one of these, or a file inside"});
}

Inspection InspectFile(const std::string& path, const InspectOptions& options) {
  if (fs::path(path).extension() == ".safetensors") return InspectTensors(path);
  const std::string line = FirstLine(path);
  if (line.empty()) {
    throw Error({path, "the file is empty", "expected conversations, scores, a split or tensors",
                 "check how the file was made"});
  }
  const Json first = Json::parse(line, nullptr, false);
  if (first.is_object() && first.contains("p_satisfied")) return InspectScores(path, options);
  if (first.is_object() && first.contains("turns")) return InspectConversations(path, options);
  if (line[0] == '{') {  // an object over several lines, or on one line and of another kind
    const Json whole =
        Json::parse(first.is_object() ? line : ReadFile(path, kLargestJson), nullptr, false);
    if (IsSplit(whole)) return InspectSplit(path);
  }
  // The reader of conversations tells best what is wrong with the line, or counts it as skipped.
  return InspectConversations(path, options);
}

Inspection InspectPath(const std::string& path, const InspectOptions& options) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found) {
    throw Error({path, "there is no such file or folder", "", "check the path"});
  }
  if (code) throw Error({path, "cannot be looked at: " + code.message(), "", "check the path"});
  return fs::is_directory(status) ? InspectFolder(path) : InspectFile(path, options);
}

/// Shows what can be shown, and says of each of the others why not: then the exit code is 1.
int InspectAll(const std::vector<std::string>& paths, const InspectOptions& options, bool json) {
  int code = 0;
  Json shown = Json::array();
  for (const std::string& path : paths) {
    try {
      Inspection inspection = InspectPath(path, options);
      if (!json) PrintText(Printable(inspection.text) + "\n");
      if (json) shown.push_back(std::move(inspection.json));
    } catch (const Error& error) {
      code = ReportProblem("inspect", error.problem(), json, 1);
    } catch (const fs::filesystem_error& error) {
      code =
          ReportProblem("inspect", {path, error.code().message(), "", "check the path"}, json, 1);
    }
  }
  if (json) PrintJson(shown);
  return code;
}

int RunInspect(const std::vector<std::string>& args) {
  InspectOptions inspect;
  CommonOptions common;
  ReadOptions read;
  std::vector<std::string> paths;
  Options options("inspect",
                  "Shows what a file or a folder holds: conversations, scores, a split, a run, a "
                  "model, a checkpoint, or tensors.",
                  "arcsat inspect calls.jsonl\narcsat inspect runs/a/checkpoints/*");
  options.Positional("PATH", &paths, "files or folders, each shown in turn",
                     std::numeric_limits<int>::max());
  options.Add("show", &inspect.show, "conversations or scores shown whole", Between(0, 1000));
  Bind(options, &read);
  Bind(options, &common);
  Bind(options, &inspect.survey);
  if (!options.Parse(args)) return 0;
  inspect.skip_bad = read.skip_bad;
  if (paths.empty()) {
    throw UsageError({"command line", "no PATH is given", "expected the file or folder to show",
                      "see arcsat inspect --help"});
  }
  if (paths.size() > 1) return InspectAll(paths, inspect, common.json);
  const Inspection inspection = InspectPath(paths.front(), inspect);
  if (common.json) PrintJson(inspection.json);
  if (!common.json) PrintText(Printable(inspection.text));
  return 0;
}

}  // namespace

const Command kInspectCommand = {"inspect", "Look",
                                 "shows a data file, a run or a model to a person", RunInspect};

}  // namespace arcsat
