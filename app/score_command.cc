#include <fmt/format.h>

#include <filesystem>

#include "app/command.h"
#include "app/dataset.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_train.h"
#include "configs/text.h"
#include "data/error.h"
#include "eval/cross_conformal.h"

namespace arcsat {
namespace {

int Run(const std::vector<std::string>& args) {
  std::string model, data = "-", out;
  int threads = 0;
  ReadOptions read;
  CommonOptions common;
  Options options("score",
                  "Scores conversations: the state at every customer turn, entry, exit, delta and "
                  "the chance that the customer is satisfied. One JSON object a line.",
                  "arcsat score --model runs/first --data calls.jsonl --out scores.jsonl");
  options.Add("model", &model, "run folder or model folder");
  options.Add("data", &data, "file of conversations, or - for standard input");
  options.Add("out", &out, "file for the scores; standard output where none is given");
  options.Add("threads", &threads, "CPU threads; 0: LibTorch's choice", Between(0, 4096));
  Bind(options, &read);
  Bind(options, &common);
  if (!options.Parse(args)) return 0;
  if (model.empty()) {
    throw UsageError({"command line", "--model is missing", "expected a run or a model folder",
                      "see arcsat score --help"});
  }
  if (threads > 0) torch::set_num_threads(threads);
  const LoadedModel loaded = LoadModel(ModelFolder(model));
  const auto found = FindCalibration(loaded.folder);
  if (!found) {
    throw Error({(loaded.folder / "calibration.json").string(),
                 "is missing: the model is not calibrated",
                 "expected a calibrated model, whose scores are honest chances",
                 "arcsat calibrate --model " + model + " --data FILE"});
  }
  const Calibration& calibration = *found;
  const auto sets = FindConformal(loaded.folder);
  Output output(out);
  const ScoreStream stream{&loaded, read, 512, common.quiet, "scoring"};
  const ReadReport report = stream.Run(data, [&](const Conversation& record, RawScore&& raw) {
    Score score = Apply(calibration, raw);
    const std::string channel = record.channel ? Name(*record.channel) : "";
    if (sets) score.set = PredictAnswers(*sets, calibration, score, channel);
    score.model = loaded.name;
    output.Write(ToJsonLine(score) + "\n");
  });
  if (report.read == 0) {
    throw Error(
        {data, "holds no conversation", "expected one JSON object a line", "see docs/formats.md"});
  }
  output.Commit();
  if (report.skipped > 0 && !common.quiet) {
    fmt::print(stderr, "left out: {}\n", Thousands(report.skipped));
    for (const std::string& reason : report.reasons) fmt::print(stderr, "  {}\n", reason);
  }
  return 0;
}

}  // namespace

const Command kScoreCommand = {"score", "Use", "scores conversations", Run};

}  // namespace arcsat
