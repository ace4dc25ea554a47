#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <unordered_set>

#include "app/command.h"
#include "app/import_summary.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/import_settings.h"
#include "configs/progress.h"
#include "data/error.h"
#include "data/files.h"
#include "data/importers/importer.h"
#include "data/importers/roles.h"
#include "data/roughen/roughen.h"

namespace arcsat {
namespace {

std::string ListText() {
  std::string text;
  for (const Importer* importer : Importers()) {
    text += fmt::format("{:<16}{}\n", importer->name(), importer->describe());
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

/// What is done to every conversation, on the threads that read them.
class Finisher {
 public:
  explicit Finisher(const ImportSettings& settings) : roughen_(settings.roughen) {
    if (!settings.survey.files.empty()) {
      table_ = std::make_unique<SurveyTable>(settings.survey);
    }
    if (!settings.redact.redact) return;
    const std::string& file = settings.redact.key_file;
    key_ = file.empty() ? RandomKey() : ReadFile(file, 1 << 16);
    if (key_.size() >= 16) return;
    throw UsageError({file, fmt::format("found {} bytes", key_.size()), "expected 16 or more",
                      "write a long random text into the file"});
  }

  void Finish(Conversation* conversation) {
    if (table_) table_->Join(conversation);
    if (!key_.empty()) Redact(conversation);
    if (roughen_.roughen) {
      const std::lock_guard<std::mutex> lock(mutex_);
      RoughenConversation(WordErrors(roughen_.word_error, &confusions_), roughen_.seed,
                          conversation);
    }
  }

  void Report(ImportSummary* summary) const {
    if (table_) summary->join = table_->counts();
    if (key_.empty()) return;
    summary->redacted = counts_;
    summary->Redact();
  }

 private:
  void Redact(Conversation* conversation) {
    PiiCounts counts{};
    RedactConversation(key_, conversation, &counts);
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = 0; i < counts.size(); ++i) counts_[i] += counts[i];
  }

  std::unique_ptr<SurveyTable> table_;
  RoughenSettings roughen_;
  Confusions confusions_;
  std::string key_;
  std::mutex mutex_;
  PiiCounts counts_{};
};

/// An id that comes twice is a bad record: nothing downstream could tell the two apart.
void CheckNew(const std::string& id, const std::string& path,
              std::unordered_set<std::string>* ids) {
  if (ids->insert(id).second) return;
  throw Error({path, fmt::format("the id \"{}\" comes twice", id),
               "expected every conversation to have an id of its own",
               "give the second another id, or pass --skip-bad to leave it out"});
}

/// Reads every path through its importer.
ImportSummary Import(const std::vector<std::string>& paths, const std::string& format,
                     const ImportOptions& options, Output* output, Progress* progress) {
  ImportSummary summary;
  std::unordered_set<std::string> ids;
  for (const std::string& path : paths) {
    const Importer& importer = format.empty() ? DetectImporter(path) : FindImporter(format);
    summary.formats.push_back(importer.name());
    const ReadReport report = importer.Read(path, options, [&](Conversation&& conversation) {
      try {
        CheckReadable(conversation, path);
        CheckNew(conversation.id, path, &ids);
      } catch (const Error& error) {
        if (!options.skip_bad) throw;
        return summary.Skip(1, {error.what()});
      }
      summary.Add(conversation);
      output->Write(ToJsonLine(conversation) + "\n");
      progress->Update(summary.read);
    });
    summary.AddReport(report);
  }
  return summary;
}

/// An error that quotes what was found must not quote what is to be redacted.
[[noreturn]] void RethrowRedacted(const Error& error) {
  Problem problem = error.problem();
  for (std::string* part : {&problem.place, &problem.found, &problem.expected}) {
    *part = RedactMessage(*part);
  }
  if (dynamic_cast<const UsageError*>(&error) != nullptr) throw UsageError(problem);
  throw Error(problem);
}

int RunImport(const std::vector<std::string>& args) {
  CommonOptions common;
  ImportSettings settings;
  std::string format, out;
  bool list = false;
  std::vector<std::string> paths;
  Options options("import",
                  "Turns transcripts as other systems export them into conversations, one JSON "
                  "object a line. docs/import.md has the formats and the rules.",
                  "arcsat import exports/ --redact --survey_table.file csat.csv --out calls.jsonl\n"
                  "arcsat import contact-lens.zip --skip-bad --out calls.jsonl\n"
                  "arcsat import --format uss MWOZ.txt SGD.txt --out uss.jsonl");
  options.Positional("PATH", &paths, "file, folder or archive to read; \"-\" is standard input",
                     1000);
  options.Add("format", &format, "the layout, by a name from --list; told by looking without it");
  options.Add("list", &list, "show the layouts that can be read");
  options.Add("out", &out, "file of conversations; standard output without it");
  Bind(options, &settings);
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
  CheckRoles(settings.import.roles);
  settings.import.scale = ParseAnswerScale(settings.scale);
  Finisher finisher(settings);
  settings.import.finish = [&](Conversation* conversation) { finisher.Finish(conversation); };
  Output output(out);
  if (common.json && output.standard()) {
    throw UsageError({"command line", "--json without --out",
                      "expected a file for the conversations, as the summary takes standard output",
                      "add --out FILE"});
  }
  Progress progress("importing", 0, {.quiet = common.quiet, .unit = "conversations"});
  ImportSummary summary;
  try {
    summary = Import(paths, format, settings.import, &output, &progress);
  } catch (const Error& error) {
    if (settings.redact.redact) RethrowRedacted(error);
    throw;
  }
  finisher.Report(&summary);
  output.Commit();
  progress.Finish();
  if (output.standard()) {
    if (!common.quiet) std::fputs(summary.Text("").c_str(), stderr);
    return 0;
  }
  WriteFile(out + ".cfg", options.Resolved());
  if (common.json) PrintJson(summary.ToJson(out));
  if (!common.json) PrintText(summary.Text(out));
  return 0;
}

}  // namespace

const Command kImportCommand = {"import", "Data",
                                "turns transcripts of other systems into conversations", RunImport};

}  // namespace arcsat
