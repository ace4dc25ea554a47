#include "train/trainer.h"

#include <ATen/Context.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/random.h"
#include "model/arc_model.h"
#include "train/device.h"

namespace arcsat {
namespace {

constexpr int kMostSkippedInRow = 10;

/// The conversation that a message about a batch names.
std::string FirstId(const std::vector<BatchPart>& parts) {
  return parts.empty() ? "another process's" : parts.front().segments.front().conversation->id;
}

/// Puts the model where it learns, and says what of it does.
ParameterSet* Prepare(ArcModel* model, const TrainOptions& options, Processes& processes) {
  model->Freeze(options.freeze_layers);
  model->SetRecompute(options.recompute);
  const torch::Device device = ChooseDevice(options.device, processes.launch().local_rank);
  model->To(device);
  // What autocast leaves in single precision may use the tensor cores as well.
  if (device.is_cuda() && options.bf16) at::globalContext().setFloat32MatmulPrecision("high");
  processes.Use(device);
  return &model->parameters();
}

/// What a process that was killed had not finished; a run's folder has one writer.
void RemoveUnfinished(const std::filesystem::path& run) {
  RemoveHalfWritten(run);
  std::error_code code;
  for (const auto& folder : {run, run / "checkpoints"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
      const bool part = entry.path().filename().string().find(".part") != std::string::npos;
      if (part) std::filesystem::remove_all(entry.path(), code);
    }
  }
}

std::vector<torch::Tensor> Learning(const ParameterSet& parameters) {
  std::vector<torch::Tensor> values;
  for (const Parameter& p : parameters.all()) {
    if (p.value.requires_grad()) values.push_back(p.value);
  }
  return values;
}

}  // namespace

Trainer::Trainer(LoadedModel* loaded, const TrainOptions& options,
                 std::shared_ptr<const TrainingSet> train,
                 const std::vector<EncodedConversation>& validation, std::filesystem::path run,
                 Processes& processes)
    : model_(*loaded->model),
      options_(options),
      train_(std::move(train)),
      validation_(validation),
      run_(std::move(run)),
      processes_(processes),
      sampler_(train_->size(), options.batch, options.seed),
      objective_(MakeObjective(loaded, options, *train_)),
      optimizer_(Prepare(loaded->model.get(), options, processes), options),
      gradients_(&processes, Learning(loaded->model->parameters())),
      part_tokens_(RememberedPartTokens()) {
  if (options.roughen > 0) roughener_.emplace(loaded->MakeEncoder(), options);
  if (train_->size() == 0) {
    throw Error({"training data", "no conversation can be learned from",
                 "expected a survey or rated turns, or turns with text for --task mlm",
                 "check --survey.target, and what the file holds (arcsat inspect FILE)"});
  }
  // It may take reading all of them, which one process does; Align() hands it out.
  if (processes.first()) state_.fingerprint = train_->Fingerprint();
  late_ = model_.device().is_cuda() && processes.size() == 1;
}

std::int64_t Trainer::UpdatesPerEpoch() const {
  return (sampler_.batches_per_epoch() + options_.accumulate - 1) / options_.accumulate;
}

std::int64_t Trainer::TotalUpdates() const { return UpdatesPerEpoch() * options_.epochs; }

std::int64_t Trainer::BatchesLeft() const {
  const std::int64_t all = sampler_.batches_per_epoch() * options_.epochs;
  return Exhausted() ? 0 : std::max<std::int64_t>(0, all - state_.batches);
}

int Trainer::Accumulated() const {
  return static_cast<int>(state_.batches % sampler_.batches_per_epoch() % options_.accumulate);
}

void Trainer::PassParts(const std::vector<BatchPart>& parts, bool last) {
  // Dropout depends on the seed, the batch and the process alone, so a resumed run draws what it
  // would have.
  const std::uint64_t seed =
      MixSeed(options_.seed, 0xD0, static_cast<std::uint64_t>(state_.batches));
  const auto rank = static_cast<std::uint64_t>(processes_.rank());
  torch::manual_seed(rank == 0 ? seed : MixSeed(seed, rank));
  BeginUpdate(state_.batches, parts);
  for (const BatchPart& part : parts) {
    PartLosses losses;
    {
      const Autocast autocast(model_.device().is_cuda() && options_.bf16);
      losses = objective_->Forward(part);
    }
    const auto finite = torch::isfinite(losses.figures);
    const auto bad = finite.logical_not().any().to(torch::kFloat64).view({1});
    const auto figures = torch::cat({torch::where(finite, losses.figures, 0.0), bad});
    unread_ = unread_.defined() ? unread_ + figures : figures;
    Backward(losses.total, last && &part == &parts.back());
  }
  if (last && parts.empty()) Backward(gradients_.Nothing(), /*gather=*/true);
  if (!late_) ReadFigures();
}

void Trainer::ReadFigures() {
  if (!unread_.defined()) return;
  const std::vector<std::string> names = objective_->loss_names();
  const std::vector<double> values = LateFigures(unread_).Read();
  for (std::size_t i = 0; i < names.size(); ++i) state_.losses[names[i]] += values[i];
  state_.bad_update = state_.bad_update || values.back() > 0;
  unread_.reset();
}

void Trainer::Backward(const torch::Tensor& loss, bool gather) {
  const torch::Tensor scaled = processes_.size() == 1 ? loss : loss * processes_.size();
  if (gather) {
    gradients_.Backward(scaled);
  } else {
    scaled.backward();
  }
}

void Trainer::Gather() {
  const bool stop = processes_.size() > 1 && stop_requested && stop_requested();
  std::vector<double> values = {state_.bad_update ? 1.0 : 0.0, stop ? 1.0 : 0.0,
                                std::exchange(new_conversations_, 0),
                                std::exchange(new_tokens_, 0)};
  const std::vector<std::string> names = objective_->loss_names();
  for (const std::string& name : names) values.push_back(state_.losses[name]);
  values = processes_.Sum(std::move(values));
  state_.bad_update = values[0] > 0;
  stop_ = values[1] > 0;
  seen_conversations_ += static_cast<std::int64_t>(values[2]);
  seen_tokens_ += static_cast<std::int64_t>(values[3]);
  for (std::size_t i = 0; i < names.size(); ++i) state_.losses[names[i]] = values[4 + i];
}

double Trainer::Lap() {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now - std::exchange(lap_, now)).count();
}

void Trainer::Update(const std::vector<BatchPart>& parts) {
  const double factor =
      ScheduleFactor(options_.schedule, options_.warmup, state_.updates, TotalUpdates());
  const bool mine = state_.bad_update;  // of this process's share
  Gather();
  const torch::Tensor norm = optimizer_.Norm();
  StepReport report;
  torch::Tensor figures = norm.view({1});
  if (unread_.defined()) {
    report.skipped = state_.bad_update;  // so far, of an update that was resumed within
    const auto good = torch::isfinite(norm).logical_and(unread_[-1] == 0);
    const auto skip = torch::where(good, report.skipped ? 1.0 : 0.0, 1.0).to(torch::kFloat32);
    figures = torch::cat({std::exchange(unread_, {}), figures});
    optimizer_.StepUnless(skip, norm, factor);
  } else if (const double value = norm.item<double>(); state_.bad_update || !std::isfinite(value)) {
    report.skipped = true;
    optimizer_.ZeroGradients();
  } else {
    optimizer_.Step(value, factor);
  }
  ++state_.updates;
  state_.validated.reset();
  seconds_ += Lap();
  report.update = state_.updates;
  report.updates = TotalUpdates();
  report.epoch = static_cast<int>((state_.batches - 1) / sampler_.batches_per_epoch()) + 1;
  report.rate = options_.head_learning_rate * factor;
  report.conversations_per_second = static_cast<double>(seen_conversations_) / seconds_;
  report.tokens_per_second = static_cast<double>(seen_tokens_) / seconds_;
  LogSamples();
  Made made{report, std::exchange(state_.losses, {}), mine || processes_.first(), FirstId(parts),
            LateFigures(figures)};
  state_.bad_update = false;
  Settle();
  if (late_) {
    made_ = std::move(made);
  } else {
    Conclude(std::move(made));
  }
}

void Trainer::Settle() {
  if (made_) Conclude(*std::exchange(made_, std::nullopt));
}

void Trainer::Conclude(Made made) {
  StepReport& report = made.report;
  const std::vector<double> late = made.late.Read();
  const std::vector<std::string> names = objective_->loss_names();
  report.gradient_norm = late.back();
  report.skipped = report.skipped || !std::isfinite(report.gradient_norm);
  if (late.size() > 1) {  // losses, whether one was not finite, the norm
    for (std::size_t i = 0; i < names.size(); ++i) made.losses[names[i]] += late[i];
    report.skipped = report.skipped || late[names.size()] > 0;
  }
  report.loss = made.losses["loss"];
  if (!report.skipped) state_.skipped_in_row = 0;
  if (report.skipped) {
    ++state_.skipped;
    ++state_.skipped_in_row;
    if (made.mine) {
      Say(
          fmt::format("update {}: a loss or gradient is not finite; the weights stay (first "
                      "conversation of the batch: {})",
                      report.update, made.first));
    }
  }
  Json line = {{"epoch", report.epoch}};
  for (const auto& [name, value] : made.losses) line[name] = value;
  const bool finite = std::isfinite(report.gradient_norm);
  line.update({{"learning_rate", report.rate},
               {"gradient_norm", finite ? Json(report.gradient_norm) : Json()},
               {"skipped", report.skipped},
               {"seconds", seconds_},
               {"conversations_per_second", report.conversations_per_second},
               {"tokens_per_second", report.tokens_per_second}});
  if (log_) log_->Metrics("train", report.update, line);
  if (on_step) on_step(report);
  if (state_.skipped_in_row >= kMostSkippedInRow) {
    throw Error({run_.string(),
                 fmt::format("{} updates in a row were not finite", kMostSkippedInRow),
                 "expected finite losses and gradients",
                 "the last good checkpoint is kept; lower --train.learning_rate, or look at the "
                 "conversations named in log.txt, then --resume"});
  }
}

void Trainer::ValidateAndKeep() {
  if (validation_.empty()) return;
  Settle();
  optimizer_.SwapAverages();
  const Validation figures = objective_->Validate(validation_, processes_);
  const double value = objective_->Selection(figures);
  if (std::isfinite(value)) state_.validated = value;
  const bool best = std::isfinite(value) && (!state_.best || value < *state_.best);
  if (best) {
    state_.best = value;
    state_.best_update = state_.updates;
    state_.since_best = 0;
    if (processes_.first()) SaveModel();
  } else {
    ++state_.since_best;
  }
  optimizer_.SwapAverages();
  Json line = ToJson(figures);
  line["best"] = best;
  if (log_) log_->Metrics("validation", state_.updates, line);
  if (on_validation) on_validation(state_.updates, figures, best);
}

void Trainer::Say(const std::string& text) {
  if (log_) log_->Line(text);
  if (on_message) on_message(text);
}

bool Trainer::StopNow() {
  if (processes_.size() == 1) return stop_requested && stop_requested();
  return stop_ && Accumulated() == 0;  // what is accumulated lies in all of them
}

void Trainer::ProfileUpdates() {
  if (options_.profile == 0 || !processes_.first()) return;
  if (profiled_ == 0) profile_.emplace(model_.device());
  if (profiled_ == options_.profile) EndProfile();
  ++profiled_;
}

void Trainer::EndProfile() {
  if (!profile_) return;
  const std::filesystem::path trace = run_ / "profile.json";
  const std::vector<OperatorTime> operators = profile_->End(trace);
  profile_.reset();
  if (on_profile) on_profile(operators, profiled_, trace);
}

TrainResult Trainer::Run() {
  Align();
  if (processes_.first()) {
    CheckRoom(run_, DiskBytes(), {options_.keep_last, options_.keep_best});
    RemoveUnfinished(run_);
    log_ = std::make_unique<RunLog>(run_, state_.updates, options_.mlflow, options_.log_samples);
  }
  running_ = true;
  if (part_tokens_ < options_.part_tokens) {
    Say(fmt::format(
        "at most {} tokens pass the network at once, since memory ran out before; remove "
        "{} to try --train.part_tokens {} again",
        part_tokens_, PartTokensFile().string(), options_.part_tokens));
  }
  Lap();
  const std::int64_t total = sampler_.batches_per_epoch() * options_.epochs;
  TrainResult result;
  while (BatchesLeft() > 0) {
    const std::vector<BatchPart> parts = Parts(state_.batches);
    const bool last = LastOfUpdate(state_.batches);
    if (Accumulated() == 0) ProfileUpdates();
    if (!ForwardBackward(parts, last)) continue;
    ++state_.batches;
    for (const BatchPart& part : parts) {
      new_conversations_ += static_cast<double>(part.segments.size());
      new_tokens_ += static_cast<double>(TokensOf(part));
    }
    if (last) {
      Update(parts);
      const int every = options_.validate_every;
      if (every > 0 ? state_.updates % every == 0 || state_.batches == total : EpochEnds()) {
        ValidateAndKeep();
      }
      const bool keep = options_.keep_best > 0 && state_.validated.has_value();
      if (EpochEnds() || state_.updates % options_.checkpoint_every == 0 || keep) {
        state_.finished = BatchesLeft() == 0;
        Settle();
        // After skipped updates the last good checkpoint is kept instead.
        if (state_.skipped_in_row == 0) Save();
      }
      Lap();  // validating and saving are not training
    }
    if (state_.batches < total && StopNow()) {
      Save();
      Say(fmt::format("stopped after update {} of {}", state_.updates, TotalUpdates()));
      result.interrupted = true;
      break;
    }
  }
  Settle();
  EndProfile();  // of a run that has fewer updates than were asked for
  if (!result.interrupted && validation_.empty() && processes_.first()) {
    optimizer_.SwapAverages();  // what is saved are the averages, if there are any
    SaveModel();
    optimizer_.SwapAverages();
  }
  if (log_) log_->End(result.interrupted);
  result.updates = state_.updates;
  result.stopped_early = Exhausted();
  result.best = state_.best;
  result.best_update = state_.best_update;
  return result;
}

}  // namespace arcsat
