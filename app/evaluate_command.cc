#include <fmt/format.h>

#include <filesystem>

#include "app/command.h"
#include "app/dataset.h"
#include "app/evaluation_report.h"
#include "app/evaluation_sections.h"
#include "app/output.h"
#include "app/population_columns.h"
#include "configs/bind.h"
#include "configs/bind_evaluate.h"
#include "configs/bind_train.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

struct EvaluateCall {
  std::string model, data, target, out, report, summary, ledger, title;
  bool labelled_only = false, by_given = false;
  EvaluationOptions evaluation;
  SectionOptions sections;
  ReportOptions page;
  ReadOptions read;
  CommonOptions common;
};

bool ParseEvaluate(const std::vector<std::string>& args, EvaluateCall* call) {
  Options options("evaluate",
                  "Measures a model on conversations it never saw: every figure with its interval, "
                  "overall and by channel, problem type and length; how far its chances can be "
                  "trusted; what delta adds; and the satisfaction of everybody, answered or not.",
                  "arcsat evaluate --model runs/first --data sides/test.jsonl --report first.html");
  options.Add("model", &call->model, "run folder or model folder");
  options.Add("data", &call->data, "file of conversations with labels, none of them trained on");
  options.Add("target", &call->target,
              "what is the answer, where not what the model was trained on: "
              "\"survey\" or \"attribute:NAME\"");
  options.Add("out", &call->out, "file for the figures as JSON");
  options.Add("report", &call->report, "file for the report, a page that opens offline");
  options.Add("summary", &call->summary, "file for a summary in Markdown, for a pull request");
  options.Add("ledger", &call->ledger, "file of experiments; the report draws those on its data");
  options.Add("title", &call->title, "heading of the report");
  options.Add("labelled-only", &call->labelled_only,
              "score only conversations with a label: quicker, without figures of everybody");
  Bind(options, &call->read);
  Bind(options, &call->common);
  Bind(options, &call->evaluation);
  Bind(options, &call->sections.claim);
  Bind(options, &call->sections.population);
  Bind(options, &call->page);
  if (!options.Parse(args)) return false;
  options.Demand({"model", "data"});
  call->by_given = options.Given("population.by");
  call->sections.reliability.bins = call->evaluation.bins;
  call->sections.reliability.bootstrap = call->evaluation.bootstrap;
  call->sections.answers.bins = call->evaluation.bins;
  call->sections.answers.bootstrap = call->evaluation.bootstrap;
  call->sections.claim.bootstrap = call->evaluation.bootstrap;
  return true;
}

/// Calibration and conformal sets that lie beside a model, where they do.
struct Beside {
  bool calibrated = false;
  Calibration calibration;
  std::optional<ConformalSets> conformal;
};

Beside ReadBeside(const fs::path& folder, const EvaluateCall& call) {
  Beside beside;
  auto calibration = FindCalibration(folder);
  beside.calibrated = calibration.has_value();
  if (calibration) {
    beside.calibration = std::move(*calibration);
  } else if (!call.common.quiet) {
    fmt::print(stderr,
               "the model is not calibrated: its chances are the network's own. To go on: "
               "arcsat calibrate --model {}\n",
               call.model);
  }
  beside.conformal = FindConformal(folder);
  return beside;
}

void WriteResults(const EvaluateCall& call, const SectionInputs& inputs, const Json& json) {
  if (!call.out.empty()) WriteFile(call.out, json.dump(2) + "\n");
  if (call.report.empty() && call.summary.empty()) return;
  // Given the model folder of a run, the run is the folder above.
  fs::path run = call.model;
  if (!fs::exists(run / "metrics.jsonl")) run = run.parent_path();
  const ReportInputs report{&inputs, call.data, run.string(), call.ledger, call.title, call.read};
  const ReportData data = MakeReportData(report, json, call.page);
  if (!call.report.empty()) WriteFile(call.report, RenderHtml(data, call.page));
  if (!call.summary.empty()) WriteFile(call.summary, RenderMarkdown(data, call.page));
}

Json EvaluatedData(const std::string& path, const ReadReport& read) {
  return {{"path", path},
          {"sha256", fs::is_regular_file(path) ? Json(Sha256File(path)) : Json()},
          {"read", read.read},
          {"skipped", read.skipped}};
}

int RunEvaluate(const std::vector<std::string>& args) {
  EvaluateCall call;
  if (!ParseEvaluate(args, &call)) return 0;
  const LoadedModel loaded = LoadModel(ModelFolder(call.model));
  const Beside beside = ReadBeside(loaded.folder, call);
  SurveyOptions survey = loaded.survey;
  if (!call.target.empty()) survey = {-1, call.target};
  call.evaluation.threshold = beside.calibration.threshold;
  call.evaluation.classes = beside.calibration.classes;
  const auto& by = call.sections.population.by;
  if (call.by_given && !call.labelled_only) DemandColumns(call.data, call.read, by);
  ReadReport read;
  ColumnCensus columns(by);
  const ScoreStream stream{&loaded, call.read, 512, call.common.quiet, "scoring"};
  const auto conversations =
      ScoreLabelled(stream, call.data, survey, &read,
                    call.labelled_only ? Keep::kLabelled : Keep::kAll, &columns);
  std::vector<Score> scores;
  for (const auto& conversation : conversations) {
    scores.push_back(Apply(beside.calibration, conversation.score.raw));
  }
  const SectionInputs inputs{&conversations,
                             &scores,
                             &beside.calibration,
                             beside.conformal ? &*beside.conformal : nullptr,
                             &columns,
                             !call.labelled_only};
  const auto survey_items = SurveyItems(inputs);
  const auto turn_items = TurnItems(inputs);
  if (survey_items.empty() && turn_items.empty()) {
    throw Error({call.data,
                 fmt::format("none of {} conversations has an answer or a rated turn", read.read),
                 "expected labels to measure against", "check --target, or arcsat inspect"});
  }
  const Evaluation result = Evaluate(survey_items, turn_items, call.evaluation);
  Json json = ToJson(result);
  json["model"] = loaded.name;
  json["data"] = EvaluatedData(call.data, read);
  json["target"] = survey.target;
  json["calibrated"] = beside.calibrated;
  AddSections(inputs, survey_items, call.sections, &json);
  WriteResults(call, inputs, json);
  if (call.common.json) PrintJson(json);
  if (!call.common.json) PrintText(ToTable(result) + SectionsText(json));
  return 0;
}

}  // namespace

const Command kEvaluateCommand = {"evaluate", "Model", "measures a model on answers it never saw",
                                  RunEvaluate};

}  // namespace arcsat
