#include <fmt/format.h>

#include <cmath>

#include "app/command.h"
#include "app/dataset.h"
#include "app/output.h"
#include "app/table.h"
#include "configs/bind.h"
#include "configs/bind_evaluate.h"
#include "configs/bind_train.h"
#include "data/error.h"
#include "eval/cross_conformal.h"
#include "eval/response.h"

namespace arcsat {
namespace {

/// The survey's scale: of the first answered conversation; they must agree.
void FindScale(const std::string& path, const ReadOptions& read, const SurveyOptions& survey,
               CalibrationOptions* options) {
  if (survey.target != "survey") return;
  bool found = false;
  ForEachConversation(path, read, [&](Conversation&& conversation) {
    if (!conversation.survey || !conversation.survey->score) return;
    const double low = conversation.survey->scale_low, high = conversation.survey->scale_high;
    if (found && (low != options->scale_low || high != options->scale_high)) {
      throw Error({path + ": " + conversation.id,
                   fmt::format("its survey's scale is {}..{}", low, high),
                   fmt::format("expected {}..{}, as of the conversations before it",
                               options->scale_low, options->scale_high),
                   "calibrate on one survey at a time"});
    }
    found = true;
    options->scale_low = low;
    options->scale_high = high;
  });
}

std::string Report(const Calibration& c, const std::string& path) {
  std::vector<std::vector<std::string>> rows = {{"method", "log loss"}};
  for (const auto& [method, loss] : c.log_loss)
    rows.push_back({method, fmt::format("{:.4f}", loss)});
  std::string text = fmt::format(
      "{} answers, {} satisfied\n\n{}\nchosen: {}, the outlook by {}; satisfied from {:.3f}\n",
      c.labels, Percent(c.base_rate, 1), Table(rows), c.chosen, c.outlook.method, c.threshold);
  rows = {{"what delta adds", "coefficient", "95% interval", "p"}};
  for (const NestedTest& test : c.tests) {
    rows.push_back({test.name, fmt::format("{:.2f}", test.coefficient),
                    fmt::format("{:.2f} to {:.2f}", test.interval.low, test.interval.high),
                    std::isnan(test.p_value) ? "-" : fmt::format("{:.2g}", test.p_value)});
  }
  text += fmt::format("\n{}", Table(rows));
  for (const NestedTest& test : c.tests) {
    if (!test.warning.empty()) text += fmt::format("note: {}: {}\n", test.name, test.warning);
  }
  for (const std::string& warning : c.warnings) text += fmt::format("note: {}\n", warning);
  return text + fmt::format("written to {}\n", path);
}

struct CalibrateCall {
  std::string model, data;
  bool weigh_response = false;
  CalibrationOptions calibration;
  ConformalOptions conformal;
  ReadOptions read;
  CommonOptions common;
};

bool ParseCalibrate(const std::vector<std::string>& args, CalibrateCall* call) {
  Options options("calibrate",
                  "Fits the calibration of a trained model on conversations that it did not learn "
                  "from, and stores it with the model.",
                  "arcsat calibrate --model runs/first --data sides/calibration.jsonl");
  options.Add("model", &call->model, "run folder or model folder");
  options.Add("data", &call->data, "file of conversations with answers");
  options.Add("weigh-response", &call->weigh_response,
              "score the conversations without an answer as well, and weigh the conformal sets by "
              "how likely an answer was: so their coverage speaks of everybody");
  Bind(options, &call->read);
  Bind(options, &call->common);
  Bind(options, &call->calibration);
  Bind(options, &call->conformal);
  if (!options.Parse(args)) return false;
  options.Demand({"model", "data"});
  return true;
}

/// 1 / propensity of each conversation; 1 each without a response model.
std::vector<double> ResponseWeights(const std::vector<LabelledConversation>& conversations,
                                    const Calibration& calibration, Calibration* warned) {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  for (const LabelledConversation& c : conversations) {
    contexts.push_back(c.Context(Apply(calibration, c.score.raw)));
    answered.push_back(c.score.satisfied ? 1 : 0);
  }
  std::vector<double> weights(conversations.size(), 1);
  const auto model = FitResponse(contexts, answered);
  if (!model) {
    warned->warnings.emplace_back("too few answers, or silences, to weigh by response");
    return weights;
  }
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 1 / model->Propensity(contexts[i]);
  return weights;
}

/// Writes conformal.json, or removes an old one that no longer belongs to the calibration.
void StoreConformal(const CalibrateCall& call,
                    const std::vector<LabelledConversation>& conversations,
                    const std::filesystem::path& path, Calibration* fitted) {
  std::vector<double> weights(conversations.size(), 1);
  if (call.weigh_response) weights = ResponseWeights(conversations, *fitted, fitted);
  std::vector<CrossConformalItem> items;
  for (std::size_t i = 0; i < conversations.size(); ++i) {
    if (!conversations[i].score.satisfied) continue;
    items.push_back({&conversations[i].score, conversations[i].channel, weights[i]});
  }
  const auto sets = FitCrossConformal(items, *fitted, call.calibration, call.conformal);
  if (!sets) {
    std::filesystem::remove(path);
    fitted->warnings.emplace_back("no conformal sets: too few answers");
    return;
  }
  SaveConformal(*sets, path);
  for (const std::string& note : sets->notes) fitted->warnings.push_back("conformal: " + note);
}

int RunCalibrate(const std::vector<std::string>& args) {
  CalibrateCall call;
  if (!ParseCalibrate(args, &call)) return 0;
  const LoadedModel loaded = LoadModel(ModelFolder(call.model));
  FindScale(call.data, call.read, loaded.survey, &call.calibration);
  ReadReport report;
  const ScoreStream stream{&loaded, call.read, 512, call.common.quiet, "scoring"};
  const auto conversations = ScoreLabelled(stream, call.data, loaded.survey, &report,
                                           call.weigh_response ? Keep::kAll : Keep::kLabelled);
  if (report.read == 0) {
    throw Error({call.data, "holds no conversation", "expected one JSON object a line",
                 "see docs/formats.md; arcsat inspect FILE"});
  }
  std::vector<LabeledScore> items;
  for (const LabelledConversation& conversation : conversations) {
    if (conversation.labelled()) items.push_back(conversation.score);
  }
  Calibration fitted = FitCalibration(items, call.calibration);
  const auto path = loaded.folder / "calibration.json";
  StoreConformal(call, conversations, loaded.folder / "conformal.json", &fitted);
  SaveCalibration(fitted, path);
  if (call.common.json) PrintJson(ToJson(fitted));
  if (!call.common.json) PrintText(Report(fitted, path.string()));
  return 0;
}

}  // namespace

const Command kCalibrateCommand = {"calibrate", "Model", "makes a model's scores honest chances",
                                   RunCalibrate};

}  // namespace arcsat
