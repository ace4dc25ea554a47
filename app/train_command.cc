#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "app/command.h"
#include "app/output.h"
#include "app/tokenise_once.h"
#include "app/train_data.h"
#include "app/train_narrator.h"
#include "configs/bind.h"
#include "configs/bind_train.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "model/arc_model.h"
#include "model/tensor_pool.h"
#include "train/interrupt.h"
#include "train/lexical_fit.h"
#include "train/processes.h"
#include "train/roughener.h"
#include "train/trainer.h"
#include "train/words_forecast.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

struct TrainCall {
  TrainingSources sources;
  std::string encoder, out;
  bool resume = false, dry_run = false;
  ModelOptions model;
  TrainOptions train;
  LexicalOptions lexical;
  CommonOptions common;

  bool mlm() const { return train.task == "mlm"; }
  fs::path model_folder() const { return fs::path(out) / (mlm() ? "encoder" : "model"); }
};

/// Whether the run is one to go on with, not a new one. What torchrun began anew goes on without
/// being told to; and a job that a cluster may queue again is the same command each time, so with
/// torchrun --resume begins a run as well.
bool FindRun(const TrainCall& call, const Processes& processes) {
  const bool began = fs::exists(fs::path(call.out) / "config.cfg");
  if (began && !call.resume && processes.launch().restarts == 0) {
    throw UsageError({call.out, "holds a run already", "expected a new folder",
                      "give another --out, or --resume to go on with it"});
  }
  if (!began && call.resume && !processes.launch().by_torchrun) {
    throw UsageError({call.out, "holds no run to resume", "expected a folder with config.cfg",
                      "leave --resume out to start one"});
  }
  return began;
}

/// The run's folder, where it is not there yet.
void PrepareRun(const TrainCall& call, const Options& options, bool began) {
  const fs::path run = call.out;
  std::error_code code;
  fs::create_directories(run / "checkpoints", code);
  if (code) {
    throw Error({call.out, "cannot be made: " + code.message(), "expected a folder to write into",
                 "give another --out"});
  }
  if (!began) WriteFile(run / "config.cfg", options.Resolved());
}

/// Several processes tokenise the data once, where they learn from it and may write.
Sharing ShareOf(const TrainCall& call, Processes* processes) {
  Sharing sharing;
  const bool share = processes->size() > 1 && !call.dry_run && call.train.epochs > 0;
  if (share) sharing.processes = processes;
  sharing.run = call.out;
  sharing.timeout = std::chrono::seconds(call.train.timeout);
  sharing.quiet = call.common.quiet;
  return sharing;
}

Json Summary(const TrainCall& call, const TrainingData& data, const TrainResult& result) {
  return {{"run", call.out},
          {"model", call.model_folder().string()},
          {"updates", result.updates},
          {"interrupted", result.interrupted},
          {"stopped_early", result.stopped_early},
          {"best", result.best ? Json(*result.best) : Json()},
          {"best_update", result.best_update},
          {"train", data.train->size()},
          {"validation", data.validation.size()},
          {"skipped", data.counts.report.skipped}};
}

LexicalOptions LexicalOf(const TrainCall& call) {
  LexicalOptions options = call.lexical;
  options.seed = call.train.seed;
  return options;
}

/// Fits the words beside `model`, on what the network learned from; says what came of it.
std::string AddLexical(const TrainCall& call, const TrainingData& data, const LoadedModel& model) {
  const LexicalOptions options = LexicalOf(call);
  if (call.train.roughen == 0) {
    return FitBeside(model.model.get(), *data.train, data.validation, options);
  }
  Roughener roughener(model.MakeEncoder(), call.train);
  return FitBeside(model.model.get(), roughener.All(*data.train, Roughener::kAfterwards),
                   data.validation, options);
}

/// The same for the model that the run kept, which is not the last one.
std::string AddLexicalToKept(const TrainCall& call, const TrainingData& data) {
  const fs::path folder = fs::path(call.out) / "model";
  LoadedModel kept = LoadModel(folder);
  const bool had = kept.model->lexical().has_value();  // a finished run was resumed
  const std::string text = AddLexical(call, data, kept);
  if (had || kept.model->lexical()) SaveModel(kept, folder);
  return text;
}

/// What the run begins from. A trained model keeps its shape; a Hugging Face folder's encoder gets
/// the one that the options ask for.
LoadedModel Begin(const TrainCall& call) {
  const fs::path from = EncoderFolder(call.encoder);
  const bool trained =
      fs::exists(from / "config.json") && ReadEncoderConfig(from).original.contains("arcsat");
  LoadedModel loaded = trained ? LoadModel(from)
                               : StartModel(from, call.model, call.sources.survey, call.train.seed);
  const int asked = call.model.encoder_layers, has = loaded.encoder_config().layers;
  if (asked != 0 && asked != has) {
    throw UsageError(
        {"model.encoder_layers",
         fmt::format("is {}, and {} is a trained model of {}", asked, from.string(), has),
         "expected the encoder that it was trained from", "leave it out, or train anew"});
  }
  loaded.survey = call.sources.survey;
  loaded.model->SetLexical(std::nullopt);  // fitted anew when the network is trained
  return loaded;
}

/// What the first process does once all have trained.
int Conclude(const TrainCall& call, const TrainingData& data, const TrainResult& result,
             const TrainNarrator& narrator) {
  if (call.lexical.fit && !call.mlm() && !result.interrupted) {
    narrator.Say(AddLexicalToKept(call, data));
  }
  if (call.common.json) PrintJson(Summary(call, data, result));
  if (result.interrupted) {
    fmt::print(stderr,
               "stopped and saved after update {}. To go on: the same command with "
               "--resume\n",
               result.updates);
    return 1;
  }
  if (!call.common.json) {
    PrintText(fmt::format("{}: {}\nbest at update {} of {}{}\n", call.mlm() ? "encoder" : "model",
                          call.model_folder().string(), result.best_update, result.updates,
                          result.stopped_early ? ", stopped early" : ""));
  }
  return 0;
}

/// The network stays as it is; the words are fitted beside it.
int FitWordsOnly(const TrainCall& call, const TrainingData& data, const LoadedModel& loaded) {
  const std::string text = AddLexical(call, data, loaded);
  SaveModel(loaded, fs::path(call.out) / "model");
  if (call.common.json) {
    PrintJson({{"run", call.out},
               {"model", call.model_folder().string()},
               {"updates", 0},
               {"words", text},
               {"train", data.train->size()},
               {"validation", data.validation.size()},
               {"skipped", data.counts.report.skipped}});
  } else {
    PrintText(text + "\n");
  }
  return 0;
}

std::string Beginning(const TrainCall& call, const TrainingData& data, const ArcModel& model,
                      const Processes& processes) {
  return fmt::format("{} conversations{} to learn from, {} to choose by; {} parameters, {}{}",
                     Thousands(data.train->size()), call.mlm() ? "" : " with labels",
                     Thousands(static_cast<long long>(data.validation.size())),
                     Thousands(model.parameters().count()), model.device().str(),
                     processes.size() > 1 ? fmt::format(", {} processes", processes.size()) : "");
}

/// Says what the run would take; nothing is written.
int DryRun(const TrainCall& call, const TrainingData& data, const LoadedModel& model,
           Trainer* trainer, const Processes& processes) {
  Forecast forecast = trainer->Try();
  if (!processes.first()) return 0;
  if (call.lexical.fit && !call.mlm()) {
    std::optional<Roughener> roughener;
    if (call.train.roughen > 0) roughener.emplace(model.MakeEncoder(), call.train);
    ForecastWords(model.model.get(), *data.train, data.validation, LexicalOf(call),
                  roughener ? &*roughener : nullptr, &forecast);
  }
  if (call.common.json) {
    PrintJson(ForecastJson(forecast));
  } else {
    PrintText(ForecastText(forecast, call.train.epochs));
  }
  return 0;
}

int Train(const TrainCall& call, const Options& options) {
  UseThreads(call.train.threads);
  Processes processes(LaunchFromEnvironment(), std::chrono::seconds(call.train.timeout));
  LoadedModel loaded = Begin(call);
  const bool writes = !call.dry_run && processes.first();
  const bool looks = processes.first() && (!call.dry_run || call.resume);
  const bool began = looks && FindRun(call, processes);
  const Sharing sharing = ShareOf(call, &processes);
  const TrainingData data = ReadTrainingData(call.sources, call.train, loaded, sharing);
  if (writes) PrepareRun(call, options, began);
  if (call.train.epochs == 0) return processes.first() ? FitWordsOnly(call, data, loaded) : 0;
  TrainNarrator narrator(processes, call.common.quiet);
  Trainer trainer(&loaded, call.train, data.train, data.validation, call.out, processes);
  trainer.on_message = [&](const std::string& text) { narrator.Warn(text); };
  const bool resume = !processes.OfFirst(began ? "yes" : "").empty();
  if (resume && !trainer.Resume()) narrator.Say("no whole checkpoint yet: the run begins anew");
  if (call.dry_run) return DryRun(call, data, loaded, &trainer, processes);
  narrator.Say(Beginning(call, data, *loaded.model, processes));
  narrator.Watch(&trainer);
  trainer.stop_requested = InterruptGuard::Requested;
  TrainResult result;
  {
    const InterruptGuard guard;  // what follows does not ask for it
    result = trainer.Run();
  }
  narrator.Finish();
  const bool concludes = processes.first();
  const int code = concludes ? Conclude(call, data, result, narrator) : result.interrupted ? 1 : 0;
  if (!result.interrupted) RemoveTokenised(processes, call.out);
  return code;
}

int RunTrain(const std::vector<std::string>& args) {
  TrainCall call;
  Options options(
      "train",
      "Trains a model on conversations with survey answers or rated turns, from a "
      "pretrained encoder's Hugging Face folder; or that encoder itself, on masked words "
      "of conversations that need no survey.",
      "arcsat train --encoder minilm --data sides/train.jsonl --validation "
      "sides/validation.jsonl --out runs/first\n"
      "arcsat train --task mlm --encoder minilm --data all.jsonl --out runs/words\n"
      "arcsat train --encoder runs/words/encoder --data sides/train.jsonl --out "
      "runs/second");
  options.Add("data", &call.sources.data,
              "file to learn from, or a folder of arcsat shard; may be given several times, and "
              "with ,weight=W,target=T after "
              "the path, or ,scores=FILE: what models said of it, learned where nobody answered");
  options.Add("validation", &call.sources.validation, "file to choose the best model by");
  options.Add("encoder", &call.encoder, "Hugging Face folder to begin from, or another run");
  options.Add("out", &call.out, "run folder");
  options.Add("resume", &call.resume, "go on with the run in --out from its newest checkpoint");
  options.Add("dry-run", &call.dry_run,
              "say what time, memory and disk the run would take, with --resume what is left of "
              "it, and write nothing");
  Bind(options, &call.sources.read);
  Bind(options, &call.common);
  Bind(options, &call.sources.survey);
  Bind(options, &call.model);
  Bind(options, &call.train);
  Bind(options, &call.lexical);
  if (!options.Parse(args)) return 0;
  options.Demand({"data", "encoder", "out"});
  if (call.dry_run && call.train.epochs == 0) {
    throw UsageError({"train.epochs", "is 0 for --dry-run", "expected at least 1",
                      "there is no training to forecast"});
  }
  if (call.mlm() && call.train.epochs == 0) {
    throw UsageError({"train.epochs", "is 0 for --task mlm", "expected at least 1",
                      "leave it out, or train with --task csat"});
  }
  PoolTensorMemory(kTrainingPool);
  return Train(call, options);
}

}  // namespace

const Command kTrainCommand = {"train", "Model", "trains a model on surveyed conversations",
                               RunTrain};

}  // namespace arcsat
