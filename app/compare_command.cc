#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "app/command.h"
#include "app/compare_inputs.h"
#include "app/compare_page.h"
#include "app/compare_text.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_compare.h"
#include "configs/bind_evaluate.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr int kMostVersions = 26;  // A to Z
constexpr int kVerdictFail = 3;
constexpr int kVerdictUndecided = 4;

struct CompareCall {
  std::vector<std::string> versions, trained_on;
  std::string data, target, out, report, summary, title;
  double satisfied_from = -1, threshold = 0.5;
  CompareOptions compare;
  ListOptions page;
  ReadOptions read;
  CommonOptions common;
};

void CheckCompareCall(const CompareCall& call) {
  if (call.versions.size() < 2) {
    throw UsageError({"command line", fmt::format("found {} versions", call.versions.size()),
                      "expected two or more: run folders, model folders or score files",
                      "see arcsat compare --help"});
  }
  const auto standard = [](const std::string& path) { return path == "-"; };
  if (standard(call.data) || std::any_of(call.versions.begin(), call.versions.end(), standard)) {
    throw UsageError({"command line", "found \"-\"", "expected files, which are read twice",
                      "save standard input as a file"});
  }
  if (call.trained_on.size() > call.versions.size()) {
    throw UsageError(
        {"command line: trained-on", fmt::format("found {} files", call.trained_on.size()),
         fmt::format("expected at most {}, one a version", call.versions.size()), "leave one out"});
  }
}

std::map<std::size_t, ModelVersion> LoadModels(const std::vector<std::string>& paths) {
  std::map<std::size_t, ModelVersion> models;
  for (std::size_t v = 0; v < paths.size(); ++v) {
    if (fs::is_directory(paths[v])) models.emplace(v, ModelVersion(paths[v]));
  }
  return models;
}

/// What the answer is: as the command says, else as the models learned it; they must agree.
SurveyOptions FindSurvey(const CompareCall& call,
                         const std::map<std::size_t, ModelVersion>& models) {
  SurveyOptions survey;
  if (!models.empty()) survey = models.begin()->second.survey();
  for (const auto& [place, model] : models) {
    const SurveyOptions& own = model.survey();
    const bool differs = own.target != survey.target || own.satisfied_from != survey.satisfied_from;
    if (!differs || !call.target.empty()) continue;
    throw Error(
        {call.versions[place],
         fmt::format("it learned \"{}\", satisfied from {}", own.target, own.satisfied_from),
         fmt::format("expected \"{}\", satisfied from {}, as {}", survey.target,
                     survey.satisfied_from, call.versions[models.begin()->first]),
         "say by --target what the answer is"});
  }
  if (!call.target.empty()) survey = {-1, call.target};
  if (call.satisfied_from >= 0) survey.satisfied_from = call.satisfied_from;
  return survey;
}

/// Score files first: what is wrong with one is told before a model takes its time.
std::vector<VersionScores> ReadVersions(const CompareCall& call, const CompareData& data,
                                        const std::map<std::size_t, ModelVersion>& models) {
  std::vector<VersionScores> versions(call.versions.size());
  for (std::size_t v = 0; v < versions.size(); ++v) {
    if (!models.contains(v)) versions[v] = ReadScoreFile(call.versions[v], call.threshold, data);
  }
  for (const auto& [v, model] : models) {
    versions[v] = ScoreWithModel(call.versions[v], model, data, call.read, call.common.quiet);
  }
  return versions;
}

std::vector<std::string> Notes(const std::vector<VersionScores>& versions,
                               const std::vector<std::string>& labels, const CompareData& data) {
  std::vector<std::string> notes;
  const auto add = [&](const std::string& label, std::int64_t count, const char* what) {
    if (count > 0) notes.push_back(fmt::format("{}: {} {}", label, Thousands(count), what));
  };
  for (std::size_t v = 0; v < versions.size(); ++v) {
    add(labels[v], versions[v].missing, "conversations with an answer have no score");
    add(labels[v], versions[v].unknown, "scores are of conversations that the data have not");
    add(labels[v], versions[v].without_answer, "scores are of conversations without an answer");
    if (!versions[v].calibrated) {
      notes.push_back(
          fmt::format("{}: the model is not calibrated: its chances are the network's "
                      "own",
                      labels[v]));
    }
  }
  add("data", data.report.skipped, "records were left out");
  return notes;
}

/// Why drift from a file that a run names cannot be measured; empty where it can.
std::string WhyNoDrift(const AnsweredFile& file) {
  if (fs::is_directory(file.path)) {
    return fmt::format(
        "shards in {}, which hold no texts to describe: no drift is measured from them; "
        "--trained-on names the file they were made of",
        file.path);
  }
  if (fs::exists(file.path)) return "";
  return fmt::format("{}, which is not there: no drift is measured from it", file.path);
}

/// What each version learned from: as the command says, else as its run does.
class Training {
 public:
  Training(const CompareCall& call, const std::map<std::size_t, ModelVersion>& models,
           const SurveyOptions& survey, std::vector<std::string>* notes) {
    for (std::size_t v = 0; v < call.versions.size(); ++v) {
      std::vector<AnsweredFile> files;
      const auto model = models.find(v);
      if (v < call.trained_on.size()) {
        files = {{call.trained_on[v], survey}};
      } else if (model != models.end()) {
        files = model->second.TrainedOn();
        std::string why;
        for (const AnsweredFile& file : files) why = why.empty() ? WhyNoDrift(file) : why;
        if (!why.empty()) {
          notes->push_back(fmt::format("{} was trained on {}", Label(v), why));
          files.clear();
        }
      }
      DataSummary summary;
      for (const AnsweredFile& file : files) summary.Add(Summarise(file, call.read));
      summaries_.push_back(std::move(summary));
    }
  }

  /// From the first version's to each other's, and from each one's to the test.
  std::vector<DriftReport> Drift(const DataSummary& test) const {
    std::vector<DriftReport> reports;
    const auto add = [&](const std::string& from, const DataSummary& before, const std::string& to,
                         const DataSummary& after) {
      if (before.conversations == 0 || after.conversations == 0) return;
      reports.push_back(
          {from, to, before.conversations, after.conversations, MeasureDrift(before, after)});
    };
    const auto learned = [](std::size_t v) { return fmt::format("{}'s training data", Label(v)); };
    for (std::size_t v = 1; v < summaries_.size(); ++v) {
      add(learned(0), summaries_[0], learned(v), summaries_[v]);
    }
    for (std::size_t v = 0; v < summaries_.size(); ++v) {
      add(learned(v), summaries_[v], "the data compared on", test);
    }
    return reports;
  }

 private:
  static std::string Label(std::size_t v) {
    return std::string(1, static_cast<char>('A' + static_cast<int>(v)));
  }
  std::vector<DataSummary> summaries_;
};

Json ReportJson(const CompareReport& report, const CompareData& data, const std::string& target) {
  Json json = ToJson(report.comparison);
  for (std::size_t v = 0; v < report.versions.size(); ++v) {
    const VersionScores& version = report.versions[v];
    Json& entry = json["versions"][v];
    entry["path"] = version.path;
    entry["kind"] = version.kind;
    entry["model"] = version.model;
    entry["calibrated"] = version.calibrated;
    entry["scores"] = version.read;
    entry["missing"] = version.missing;
    entry["unknown"] = version.unknown;
    entry["without_answer"] = version.without_answer;
    if (version.kind == "scores") entry["sha256"] = Sha256File(version.path);
  }
  json["data"] = {{"path", data.path},
                  {"sha256", Sha256File(data.path)},
                  {"read", data.report.read},
                  {"skipped", data.report.skipped},
                  {"answered", data.summary.answered},
                  {"compared", data.items.size()}};
  json["target"] = target;
  json["drift"] = Json::array();
  for (const DriftReport& drift : report.drift) json["drift"].push_back(ToJson(drift));
  json["notes"] = report.notes;
  return json;
}

int ExitCode(CompareOutcome outcome) {
  return outcome == CompareOutcome::kPass   ? 0
         : outcome == CompareOutcome::kFail ? kVerdictFail
                                            : kVerdictUndecided;
}

int CompareVersions(const CompareCall& call) {
  const std::map<std::size_t, ModelVersion> models = LoadModels(call.versions);
  const SurveyOptions survey = FindSurvey(call, models);
  CompareData data = ReadCompareData(call.data, survey, call.read);
  CompareReport report;
  report.versions = ReadVersions(call, data, models);
  std::vector<CompareVersion> aligned = Align(&report.versions, &data);
  report.comparison = Compare(data.items, aligned, call.compare);
  report.notes = Notes(report.versions, report.comparison.labels, data);
  report.drift = Training(call, models, survey, &report.notes).Drift(data.summary);
  const Json json = ReportJson(report, data, survey.target);
  // Names of files may be no UTF-8; they must not keep a result from being told.
  if (!call.out.empty()) {
    WriteFile(call.out, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  if (!call.report.empty()) {
    WriteFile(call.report, RenderComparePage(MakeComparePage(report, json, data, std::move(aligned),
                                                             call.title, call.read, call.page),
                                             call.page));
  }
  if (!call.summary.empty()) WriteFile(call.summary, CompareMarkdown(report));
  if (call.common.json) PrintJson(json);
  if (!call.common.json) PrintText(CompareText(report));
  return ExitCode(report.comparison.verdict.outcome);
}

int RunCompare(const std::vector<std::string>& args) {
  CompareCall call;
  Options options(
      "compare",
      "Compares versions on the same conversations with answers: each figure's difference from the "
      "first version with its interval and test, by group, what flipped, drift between what they "
      "learned from, and a verdict by the rule of [compare]. Exit codes: 0 every later version "
      "passes, 3 one fails, 4 one is undecided and none fails; 1 the work failed, 2 the call was "
      "wrong.",
      "arcsat compare runs/first runs/second --data sides/test.jsonl --report compare.html");
  options.Positional("VERSION", &call.versions,
                     "run folder, model folder or score file; the first is what the others are "
                     "held against",
                     kMostVersions);
  options.Add("data", &call.data, "file of conversations with answers, none of them trained on");
  options.Add("target", &call.target,
              "what is the answer, where not what the models were trained on: \"survey\" or "
              "\"attribute:NAME\"");
  options.Add("satisfied-from", &call.satisfied_from,
              "lowest satisfied answer on the survey's own scale; -1: as the models were trained, "
              "or the top two boxes");
  options.Add("threshold", &call.threshold,
              "satisfied from this chance on, in score files; a model has its own",
              Between(0.0, 1.0));
  options.Add("trained-on", &call.trained_on,
              "file that a version learned from, in the order of the versions, for drift; where "
              "not given, what its run names");
  options.Add("out", &call.out, "file for everything as JSON");
  options.Add("report", &call.report, "file for the report, a page that opens offline");
  options.Add("summary", &call.summary, "file for a summary in Markdown, for a pull request");
  options.Add("title", &call.title, "heading of the report");
  Bind(options, &call.read);
  Bind(options, &call.common);
  Bind(options, &call.compare);
  Bind(options, &call.page);
  if (!options.Parse(args)) return 0;
  CheckCompareCall(call);
  options.Demand({"data"});
  return CompareVersions(call);
}

}  // namespace

const Command kCompareCommand = {"compare", "Model", "holds versions against each other",
                                 RunCompare};

}  // namespace arcsat
