#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/command.h"
#include "app/inspect.h"
#include "app/output.h"
#include "app/table.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/corpus.h"
#include "data/error.h"
#include "data/files.h"
#include "data/split.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// What a side holds, for the table.
struct SideCounts {
  std::int64_t conversations = 0, labelled = 0, satisfied = 0;
};
using Counts = std::array<SideCounts, kSides.size()>;

/// The second pass: every record goes to its side's file as it was read, byte for byte.
Counts WriteSides(const std::string& data, const ReadOptions& read, const SurveyOptions& survey,
                  const Split& split, const fs::path& folder, bool quiet) {
  const auto sides = SidesById(split);
  std::vector<std::unique_ptr<AtomicFile>> files;
  for (const Side side : kSides) {
    files.push_back(std::make_unique<AtomicFile>(folder / fmt::format("{}.jsonl", Name(side))));
  }
  Counts counts;
  LineReader lines(data);
  Progress progress("splitting", static_cast<std::int64_t>(split.assignments.size()),
                    {.quiet = quiet, .unit = "conversations"});
  std::int64_t done = 0;
  for (std::string line; lines.Next(&line);) {
    if (Trim(line).empty()) continue;
    Conversation conversation;
    try {
      conversation = ParseConversation(line, lines.place());
    } catch (const Error&) {
      if (!read.skip_bad) throw;
      continue;  // counted in the first pass
    }
    const auto found = sides.find(conversation.id);
    if (found == sides.end()) {
      throw Error({lines.place(),
                   fmt::format("the id \"{}\" was not there a moment ago", conversation.id),
                   "expected the file to stay as it is while it is split",
                   "run the command again when nobody writes to the file"});
    }
    const auto side = static_cast<std::size_t>(found->second);
    files[side]->Write(line + "\n");
    ++counts[side].conversations;
    if (const auto satisfied = Satisfied(conversation, survey)) {
      ++counts[side].labelled;
      counts[side].satisfied += *satisfied ? 1 : 0;
    }
    progress.Update(++done);
  }
  // Everything is on the disk before the first file gets its name; split.json comes last and says
  // that the rest is whole.
  AtomicFile written(folder / "split.json");
  written.Write(ToJson(split));
  for (const auto& file : files) file->Commit();
  written.Commit();
  return counts;
}

std::string CountsText(const Counts& counts, const Split& split, const ReadReport& report,
                       const std::string& out) {
  std::vector<std::vector<std::string>> rows = {
      {"side", "conversations", "labelled", "satisfied", "base rate"}};
  for (const Side side : kSides) {
    const SideCounts& count = counts[static_cast<std::size_t>(side)];
    rows.push_back(
        {Name(side), Thousands(count.conversations), Thousands(count.labelled),
         Thousands(count.satisfied),
         Percent(static_cast<double>(count.satisfied), static_cast<double>(count.labelled))});
  }
  std::string text = Table(rows);
  if (report.skipped > 0) text += fmt::format("left out: {}\n", Thousands(report.skipped));
  for (const std::string& reason : report.reasons) text += "  " + reason + "\n";
  return text + fmt::format("{} groups of near-identical transcripts; written to {}\n",
                            split.near_duplicates.size(), out);
}

Json CountsJson(const Counts& counts, const Split& split, const ReadReport& report,
                const std::string& out) {
  Json sides = Json::object();
  for (const Side side : kSides) {
    const SideCounts& count = counts[static_cast<std::size_t>(side)];
    sides[Name(side)] = {{"conversations", count.conversations},
                         {"labelled", count.labelled},
                         {"satisfied", count.satisfied}};
  }
  return {{"out_dir", out},
          {"sides", sides},
          {"skipped", report.skipped},
          {"reasons", report.reasons},
          {"near_duplicate_groups", split.near_duplicates.size()},
          {"fingerprint", split.fingerprint}};
}

int RunSplit(const std::vector<std::string>& args) {
  SplitOptions split_options;
  SurveyOptions survey;
  CommonOptions common;
  ReadOptions read;
  std::string data, out;
  Options options(
      "split",
      "Puts conversations on four sides: train, calibration, validation, test. The same "
      "conversation always lands on the same side, near-identical ones never on two.",
      "arcsat split --data calls.jsonl --out-dir sides");
  options.Add("data", &data, "file of conversations");
  options.Add("out-dir", &out,
              "folder for train.jsonl, calibration.jsonl, validation.jsonl, "
              "test.jsonl and split.json");
  Bind(options, &read);
  Bind(options, &common);
  Bind(options, &split_options);
  Bind(options, &survey);
  if (!options.Parse(args)) return 0;
  options.Demand({"data", "out-dir"});
  if (data == "-") {
    throw UsageError({"command line: data", "found \"-\", standard input",
                      "expected a file, as it is read twice", "write the input to a file first"});
  }
  ReadReport report;
  const Split split = MakeSplit(ReadConversations(data, read, &report), split_options, survey);
  std::error_code failed;
  fs::create_directories(out, failed);
  if (failed) {
    throw Error({out, "the folder cannot be made: " + failed.message(),
                 "expected a place that can be written", "give another --out-dir"});
  }
  WriteFile(fs::path(out) / "split.cfg", options.Resolved());
  const Counts counts = WriteSides(data, read, survey, split, out, common.quiet);
  if (common.json) PrintJson(CountsJson(counts, split, report, out));
  if (!common.json) PrintText(CountsText(counts, split, report, out));
  return 0;
}

}  // namespace

bool IsSplit(const Json& json) {
  return json.is_object() && json.contains("format") && json["format"] == "arcsat-split";
}

Inspection InspectSplit(const std::string& path) {
  const Split split = ReadSplit(path);
  const auto sizes = split.Counts();
  const auto whole = static_cast<double>(split.assignments.size());
  std::vector<std::vector<std::string>> rows = {{"side", "conversations", "share"}};
  Json counts = Json::object();
  for (std::size_t i = 0; i < kSides.size(); ++i) {
    rows.push_back(
        {Name(kSides[i]), Thousands(sizes[i]), Percent(static_cast<double>(sizes[i]), whole)});
    counts[Name(kSides[i])] = sizes[i];
  }
  const std::string text = fmt::format(
      "{}: a split by {}, seed {}\n\n{}\n{} groups of near-identical transcripts, {} kept "
      "from an earlier split\nfingerprint of the ids {}\n",
      path, split.options.by, split.options.seed, Table(rows), split.near_duplicates.size(),
      Thousands(split.kept), split.fingerprint);
  return {text,
          {{"kind", "split"},
           {"path", path},
           {"by", split.options.by},
           {"seed", split.options.seed},
           {"counts", counts},
           {"near_duplicate_groups", split.near_duplicates.size()},
           {"kept", split.kept},
           {"without_key", split.without_key},
           {"fingerprint", split.fingerprint}}};
}

const Command kSplitCommand = {
    "split", "Data", "puts conversations on sides to train, calibrate and test on", RunSplit};

}  // namespace arcsat
