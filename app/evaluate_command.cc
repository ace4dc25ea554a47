#include <fmt/format.h>

#include <filesystem>

#include "app/command.h"
#include "app/dataset.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_train.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

struct Items {
  std::vector<SurveyItem> survey;
  std::vector<TurnItem> turns;
};

Items MakeItems(const std::vector<LabelledConversation>& conversations,
                const Calibration& calibration) {
  Items items;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    const LabelledConversation& conversation = conversations[c];
    const Score score = Apply(calibration, conversation.score.raw);
    if (conversation.score.satisfied) {
      items.survey.push_back({score.id, score.p_satisfied, *conversation.score.satisfied,
                              conversation.channel, conversation.problem_type, conversation.turns});
    }
    for (std::size_t t = 0; t < score.turns.size(); ++t) {
      if (!conversation.score.ratings[t]) continue;
      items.turns.push_back({static_cast<int>(c), score.turns[t].state,
                             *conversation.score.ratings[t], conversation.channel,
                             conversation.problem_type, conversation.turns});
    }
  }
  return items;
}

int Run(const std::vector<std::string>& args) {
  std::string model, data, out, target;
  EvaluationOptions evaluation;
  ReadOptions read;
  CommonOptions common;
  Options options(
      "evaluate",
      "Measures a model on conversations with answers or rated turns: every figure with "
      "its interval, overall and by channel, problem type and length.",
      "arcsat evaluate --model runs/first --data sides/test.jsonl");
  options.Add("model", &model, "run folder or model folder");
  options.Add("data", &data, "file of conversations with labels, none of them trained on");
  options.Add("target", &target,
              "what is the answer, where not what the model was trained on: "
              "\"survey\" or \"attribute:NAME\"");
  options.Add("out", &out, "file for the figures as JSON");
  Bind(options, &read);
  Bind(options, &common);
  Bind(options, &evaluation);
  if (!options.Parse(args)) return 0;
  if (model.empty() || data.empty()) {
    throw UsageError({"command line", model.empty() ? "--model is missing" : "--data is missing",
                      "expected both", "see arcsat evaluate --help"});
  }
  const LoadedModel loaded = LoadModel(ModelFolder(model));
  const fs::path path = loaded.folder / "calibration.json";
  const bool calibrated = fs::exists(path);
  const Calibration calibration = calibrated ? LoadCalibration(path) : Calibration{};
  if (!calibrated && !common.quiet) {
    fmt::print(stderr,
               "the model is not calibrated: its chances are the network's own. To go on: "
               "arcsat calibrate --model {}\n",
               model);
  }
  SurveyOptions survey = loaded.survey;
  if (!target.empty()) survey = {-1, target};
  evaluation.threshold = calibration.threshold;
  ReadReport report;
  const ScoreStream stream{&loaded, read, 512, common.quiet, "scoring"};
  const Items items = MakeItems(ScoreLabelled(stream, data, survey, &report), calibration);
  if (items.survey.empty() && items.turns.empty()) {
    throw Error({data,
                 fmt::format("none of {} conversations has an answer or a rated turn", report.read),
                 "expected labels to measure against", "check --target, or arcsat inspect"});
  }
  const Evaluation result = Evaluate(items.survey, items.turns, evaluation);
  Json json = ToJson(result);
  json["model"] = loaded.name;
  json["data"] = {{"path", data},
                  {"sha256", data == "-" ? Json() : Json(Sha256File(data))},
                  {"read", report.read},
                  {"skipped", report.skipped}};
  json["target"] = survey.target;
  json["calibrated"] = calibrated;
  if (!out.empty()) WriteFile(out, json.dump(2) + "\n");
  if (common.json) PrintJson(json);
  if (!common.json) PrintText(ToTable(result));
  return 0;
}

}  // namespace

const Command kEvaluateCommand = {"evaluate", "Model", "measures a model on answers it never saw",
                                  Run};

}  // namespace arcsat
