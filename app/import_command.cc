#include <fmt/format.h>

#include <map>
#include <unordered_set>

#include "app/command.h"
#include "app/output.h"
#include "app/table.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/importers/importer.h"

namespace arcsat {
namespace {

constexpr std::size_t kMostReasons = 20;
constexpr std::size_t kMostAttributes = 100;

/// What was read, and which labels a training run could learn from.
struct Summary {
  std::int64_t read = 0, skipped = 0;
  std::int64_t offered = 0, answered = 0, rated_conversations = 0, rated_turns = 0;
  std::vector<std::string> reasons, formats;
  std::map<std::string, std::int64_t> attributes;  ///< those usable as a target

  void Add(const Conversation& conversation);
  void Skip(std::int64_t count, const std::vector<std::string>& why);
};

bool CouldBeTarget(const Json& value) {
  return value.is_boolean() || value == 0 || value == 1 || value == "yes" || value == "no";
}

void Summary::Add(const Conversation& conversation) {
  ++read;
  if (conversation.survey && conversation.survey->offered) {
    ++offered;
    if (conversation.survey->score) ++answered;
  }
  std::int64_t rated = 0;
  for (const Turn& turn : conversation.turns) rated += turn.satisfaction.empty() ? 0 : 1;
  rated_turns += rated;
  if (rated > 0) ++rated_conversations;
  if (!conversation.attributes.is_object()) return;
  for (const auto& [name, value] : conversation.attributes.items()) {
    if (!CouldBeTarget(value)) continue;
    if (attributes.size() < kMostAttributes || attributes.count(name) > 0) ++attributes[name];
  }
}

void Summary::Skip(std::int64_t count, const std::vector<std::string>& why) {
  skipped += count;
  for (const std::string& reason : why) {
    if (reasons.size() < kMostReasons) reasons.push_back(reason);
  }
}

std::string ListText() {
  std::string text;
  for (const Importer* importer : Importers()) {
    text += fmt::format("{:<8}{}\n", importer->name(), importer->describe());
  }
  return text;
}

Json ListJson() {
  Json list = Json::array();
  for (const Importer* importer : Importers()) {
    list.push_back({{"name", importer->name()}, {"describe", importer->describe()}});
  }
  return {{"formats", list}};
}

std::string SummaryText(const Summary& summary, const std::string& out) {
  std::string text = fmt::format("{}: {} conversations", out.empty() ? "standard output" : out,
                                 Thousands(summary.read));
  if (summary.skipped > 0) text += fmt::format(", {} left out:", Thousands(summary.skipped));
  text += "\n";
  for (const std::string& reason : summary.reasons) text += "  " + reason + "\n";
  if (static_cast<std::int64_t>(summary.reasons.size()) < summary.skipped) text += "  …\n";
  text += fmt::format(
      "  survey      offered {}, answered {} ({})\n", Thousands(summary.offered),
      Thousands(summary.answered),
      Percent(static_cast<double>(summary.answered), static_cast<double>(summary.offered)));
  if (summary.rated_turns > 0) {
    text += fmt::format("  ratings     {} turns in {} conversations\n",
                        Thousands(summary.rated_turns), Thousands(summary.rated_conversations));
  }
  for (const auto& [name, count] : summary.attributes) {
    text += fmt::format("  {} have attribute:{}\n", Thousands(count), name);
  }
  return text;
}

Json SummaryJson(const Summary& summary, const std::string& out) {
  return {{"out", out},
          {"formats", summary.formats},
          {"read", summary.read},
          {"skipped", summary.skipped},
          {"reasons", summary.reasons},
          {"survey", {{"offered", summary.offered}, {"answered", summary.answered}}},
          {"rated_turns", summary.rated_turns},
          {"rated_conversations", summary.rated_conversations},
          {"targets", summary.attributes}};
}

/// Reads every path through its importer. An id that comes twice is a bad record: nothing
/// downstream could tell the two apart.
Summary Import(const std::vector<std::string>& paths, const std::string& format,
               const ReadOptions& read, Output* output, Progress* progress) {
  Summary summary;
  std::unordered_set<std::string> ids;
  for (const std::string& path : paths) {
    const Importer& importer = format.empty() ? DetectImporter(path) : FindImporter(format);
    summary.formats.push_back(importer.name());
    const ReadReport report = importer.Read(path, read, [&](Conversation&& conversation) {
      if (!ids.insert(conversation.id).second) {
        const Error twice({path, fmt::format("the id \"{}\" comes twice", conversation.id),
                           "expected every conversation to have an id of its own",
                           "give the second another id, or pass --skip-bad to leave it out"});
        if (!read.skip_bad) throw twice;
        return summary.Skip(1, {twice.what()});
      }
      summary.Add(conversation);
      output->Write(ToJsonLine(conversation) + "\n");
      progress->Update(summary.read);
    });
    summary.Skip(report.skipped, report.reasons);
  }
  return summary;
}

int Run(const std::vector<std::string>& args) {
  CommonOptions common;
  ReadOptions read;
  std::string format, out;
  bool list = false;
  std::vector<std::string> paths;
  Options options("import",
                  "Turns transcripts as their publisher lays them out into conversations, "
                  "one JSON object a line.",
                  "arcsat import star.tar.xz --out star.jsonl\n"
                  "arcsat import --format uss MWOZ.txt SGD.txt --out uss.jsonl");
  options.Positional("PATH", &paths, "file or folder to read; \"-\" is standard input", 1000);
  options.Add("format", &format, "the layout, by a name from --list; told by looking without it");
  options.Add("list", &list, "show the layouts that can be read");
  options.Add("out", &out, "file of conversations; standard output without it");
  Bind(options, &read);
  Bind(options, &common);
  if (!options.Parse(args)) return 0;
  if (list) {
    if (common.json) PrintJson(ListJson());
    if (!common.json) PrintText(ListText());
    return 0;
  }
  if (paths.empty()) {
    throw UsageError({"command line", "no PATH is given", "expected the file or folder to import",
                      "see arcsat import --help"});
  }
  Output output(out);
  if (common.json && output.standard()) {
    throw UsageError({"command line", "--json without --out",
                      "expected a file for the conversations, as the summary takes standard output",
                      "add --out FILE"});
  }
  Progress progress("importing", 0, {.quiet = common.quiet, .unit = "conversations"});
  const Summary summary = Import(paths, format, read, &output, &progress);
  output.Commit();
  progress.Finish();
  if (output.standard()) {
    if (!common.quiet) std::fputs(SummaryText(summary, "").c_str(), stderr);
    return 0;
  }
  WriteFile(out + ".cfg", options.Resolved());
  if (common.json) PrintJson(SummaryJson(summary, out));
  if (!common.json) PrintText(SummaryText(summary, out));
  return 0;
}

}  // namespace

const Command kImportCommand = {"import", "Data",
                                "turns transcripts of other layouts into conversations", Run};

}  // namespace arcsat
