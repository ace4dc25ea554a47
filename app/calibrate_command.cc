#include <fmt/format.h>

#include "app/command.h"
#include "app/dataset.h"
#include "app/output.h"
#include "app/table.h"
#include "configs/bind.h"
#include "configs/bind_train.h"
#include "data/error.h"

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
  std::string text =
      fmt::format("{} answers, {} satisfied\n\n{}\nchosen: {}; satisfied from {:.3f}\n", c.labels,
                  Percent(c.base_rate, 1), Table(rows), c.chosen, c.threshold);
  rows = {{"what delta adds", "coefficient", "95% interval", "p"}};
  for (const NestedTest& test : c.tests) {
    rows.push_back({test.name, fmt::format("{:.2f}", test.coefficient),
                    fmt::format("{:.2f} to {:.2f}", test.interval.low, test.interval.high),
                    fmt::format("{:.2g}", test.p_value)});
  }
  text += fmt::format("\n{}", Table(rows));
  for (const std::string& warning : c.warnings) text += fmt::format("note: {}\n", warning);
  return text + fmt::format("written to {}\n", path);
}

int Run(const std::vector<std::string>& args) {
  std::string model, data;
  CalibrationOptions calibration;
  ReadOptions read;
  CommonOptions common;
  Options options("calibrate",
                  "Fits the calibration of a trained model on conversations that it did not learn "
                  "from, and stores it with the model.",
                  "arcsat calibrate --model runs/first --data sides/calibration.jsonl");
  options.Add("model", &model, "run folder or model folder");
  options.Add("data", &data, "file of conversations with answers");
  Bind(options, &read);
  Bind(options, &common);
  Bind(options, &calibration);
  if (!options.Parse(args)) return 0;
  if (model.empty() || data.empty()) {
    throw UsageError({"command line", model.empty() ? "--model is missing" : "--data is missing",
                      "expected both", "see arcsat calibrate --help"});
  }
  const LoadedModel loaded = LoadModel(ModelFolder(model));
  FindScale(data, read, loaded.survey, &calibration);
  ReadReport report;
  const ScoreStream stream{&loaded, read, 512, common.quiet, "scoring"};
  std::vector<LabeledScore> items;
  for (auto& item : ScoreLabelled(stream, data, loaded.survey, &report)) {
    items.push_back(std::move(item.score));
  }
  if (report.read == 0) {
    throw Error({data, "holds no conversation", "expected one JSON object a line",
                 "see docs/formats.md; arcsat inspect FILE"});
  }
  const Calibration fitted = FitCalibration(items, calibration);
  const auto path = loaded.folder / "calibration.json";
  SaveCalibration(fitted, path);
  if (common.json) PrintJson(ToJson(fitted));
  if (!common.json) PrintText(Report(fitted, path.string()));
  return 0;
}

}  // namespace

const Command kCalibrateCommand = {"calibrate", "Model", "makes a model's scores honest chances",
                                   Run};

}  // namespace arcsat
