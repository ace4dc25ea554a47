#include "train/trainer.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/random.h"
#include "model/arc_model.h"

namespace arcsat {
namespace {

constexpr int kMostSkippedInRow = 10;
/// A batch of more tokens goes through in parts, so that memory has a bound.
constexpr std::int64_t kForwardTokens = 16384;

/// bf16 where it is fast and asked for. The cache of cast weights is dropped at the end of every
/// step, since the weights change.
class Autocast {
 public:
  explicit Autocast(bool on) : on_(on), before_(at::autocast::is_autocast_enabled(at::kCUDA)) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCUDA, true);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCUDA, before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_, before_;
};

/// Sets requires_grad off for the embeddings and the lowest `layers` encoder layers.
void Freeze(ArcModel* model, int layers) {
  if (layers < 0) return;
  const int deepest = model->encoder().config().layers + 1;
  for (Parameter& parameter : model->parameters().all()) {
    const bool encoder = !parameter.name.starts_with("arcsat.");
    if (encoder && parameter.depth >= deepest - layers) parameter.value.requires_grad_(false);
  }
}

}  // namespace

torch::Device ChooseDevice(const std::string& name) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cuda" && !cuda) {
    throw UsageError({"train.device", "is cuda", "expected a CUDA build of LibTorch and a GPU",
                      "use --train.device auto or cpu"});
  }
  return name == "cpu" || !cuda ? torch::Device(torch::kCPU) : torch::Device(torch::kCUDA, 0);
}

std::string Fingerprint(const std::vector<EncodedConversation>& conversations) {
  std::string text;
  for (const EncodedConversation& c : conversations) {
    std::string turns;
    for (const auto& turn : c.turns) {
      const auto& ids = *turn.tokens;
      turns += fmt::format("{} {} {}\n", static_cast<int>(turn.speaker), turn.rating, ids.size());
      turns.append(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(ids[0]));
    }
    text +=
        fmt::format("{}\t{}\t{}\t{}\t{}\n", c.id, c.satisfied, c.survey, c.weight, Sha256(turns));
    if (c.guess >= 0) text += fmt::format("{}\n", c.guess);
  }
  return Sha256(text);
}

Trainer::Trainer(LoadedModel* loaded, const TrainOptions& options,
                 const std::vector<EncodedConversation>& train,
                 const std::vector<EncodedConversation>& validation, std::filesystem::path run)
    : model_(*loaded->model),
      options_(options),
      train_(train),
      validation_(validation),
      run_(std::move(run)),
      sampler_(static_cast<std::int64_t>(train.size()), options.batch, options.seed),
      objective_(MakeObjective(loaded, options, train)),
      optimizer_((Freeze(loaded->model.get(), options.freeze_layers),
                  loaded->model->To(ChooseDevice(options.device)), &loaded->model->parameters()),
                 options) {
  if (train.empty()) {
    throw Error({"training data", "no conversation can be learned from",
                 "expected a survey or rated turns, or turns with text for --task mlm",
                 "check --survey.target, and what the file holds (arcsat inspect FILE)"});
  }
  state_.fingerprint = Fingerprint(train);
}

std::int64_t Trainer::UpdatesPerEpoch() const {
  return (sampler_.batches_per_epoch() + options_.accumulate - 1) / options_.accumulate;
}

std::int64_t Trainer::TotalUpdates() const { return UpdatesPerEpoch() * options_.epochs; }

int Trainer::Accumulated() const {
  return static_cast<int>(state_.batches % sampler_.batches_per_epoch() % options_.accumulate);
}

std::vector<BatchPart> Trainer::Parts(std::int64_t batch) {
  std::vector<BatchPart> parts;
  std::int64_t tokens = 0;
  for (const std::int64_t index : sampler_.Batch(batch)) {
    const Segment segment = LastTurns(train_[static_cast<std::size_t>(index)], options_.max_turns);
    const std::int64_t more = TokensOf(segment);
    if (parts.empty() || tokens + more > kForwardTokens) {
      parts.push_back({{}, batch, static_cast<int>(parts.size())});
      tokens = 0;
    }
    tokens += more;
    parts.back().segments.push_back(segment);
  }
  return parts;
}

void Trainer::BeginUpdate(std::int64_t batch) {
  const std::int64_t per_epoch = sampler_.batches_per_epoch();
  const std::int64_t in_epoch = batch % per_epoch;
  const std::int64_t first = batch - in_epoch % options_.accumulate;
  if (first == update_begun_) return;
  const std::int64_t end = std::min(first + options_.accumulate, batch - in_epoch + per_epoch);
  std::vector<BatchPart> parts;
  for (std::int64_t b = first; b < end; ++b) {
    for (BatchPart& part : Parts(b)) parts.push_back(std::move(part));
  }
  objective_->BeginUpdate(parts);
  update_begun_ = first;
}

void Trainer::ForwardBackward(const std::vector<BatchPart>& parts) {
  // Dropout depends on the seed and the batch alone, so a resumed run draws what it would have.
  torch::manual_seed(MixSeed(options_.seed, 0xD0, static_cast<std::uint64_t>(state_.batches)));
  BeginUpdate(state_.batches);
  for (const BatchPart& part : parts) {
    PartLosses losses;
    {
      const Autocast autocast(model_.device().is_cuda() && options_.bf16);
      losses = objective_->Forward(part);
    }
    losses.total.backward();
    for (const auto& [name, value] : losses.reported) {
      if (std::isfinite(value)) {
        state_.losses[name] += value;
      } else {
        state_.bad_update = true;
      }
    }
  }
}

double Trainer::Lap() {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now - std::exchange(lap_, now)).count();
}

void Trainer::Update(const std::vector<BatchPart>& parts) {
  const double factor =
      ScheduleFactor(options_.schedule, options_.warmup, state_.updates, TotalUpdates());
  const double norm = optimizer_.GradientNorm();
  StepReport report;
  report.skipped = state_.bad_update || !std::isfinite(norm);
  if (report.skipped) {
    optimizer_.ZeroGradients();
    ++state_.skipped;
    ++state_.skipped_in_row;
    Say(
        fmt::format("update {}: a loss or gradient is not finite; the weights stay (first "
                    "conversation of the batch: {})",
                    state_.updates + 1, parts.front().segments.front().conversation->id));
  } else {
    optimizer_.Step(norm, factor);
    state_.skipped_in_row = 0;
  }
  ++state_.updates;
  seconds_ += Lap();
  report.update = state_.updates;
  report.updates = TotalUpdates();
  report.epoch = static_cast<int>((state_.batches - 1) / sampler_.batches_per_epoch()) + 1;
  report.loss = state_.losses["loss"];
  report.rate = options_.head_learning_rate * factor;
  report.gradient_norm = norm;
  report.conversations_per_second = static_cast<double>(seen_conversations_) / seconds_;
  report.tokens_per_second = static_cast<double>(seen_tokens_) / seconds_;
  Json line = {{"epoch", report.epoch}};
  for (const auto& [name, value] : state_.losses) line[name] = value;
  line.update({{"learning_rate", report.rate},
               {"gradient_norm", std::isfinite(norm) ? Json(norm) : Json()},
               {"skipped", report.skipped},
               {"seconds", seconds_},
               {"conversations_per_second", report.conversations_per_second},
               {"tokens_per_second", report.tokens_per_second}});
  log_->Metrics("train", state_.updates, line);
  state_.losses.clear();
  state_.bad_update = false;
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
  optimizer_.SwapAverages();
  const Validation figures = objective_->Validate(validation_);
  const double value = objective_->Selection(figures);
  const bool best = std::isfinite(value) && (!state_.best || value < *state_.best);
  if (best) {
    state_.best = value;
    state_.best_update = state_.updates;
    state_.since_best = 0;
    objective_->Save(run_);
  } else {
    ++state_.since_best;
  }
  optimizer_.SwapAverages();
  Json line = ToJson(figures);
  line["best"] = best;
  log_->Metrics("validation", state_.updates, line);
  if (on_validation) on_validation(state_.updates, figures, best);
}

void Trainer::Save() {
  Checkpoint checkpoint;
  for (const Parameter& p : model_.parameters().all()) checkpoint.weights[p.name] = p.value;
  checkpoint.optimizer = optimizer_.State(/*gradients=*/Accumulated() != 0);
  checkpoint.state = state_;
  WriteCheckpoint(run_ / "checkpoints", CheckpointName(state_, Accumulated()), checkpoint,
                  options_.keep_last);
}

void Trainer::Say(const std::string& text) {
  if (log_) log_->Line(text);
  if (on_message) on_message(text);
}

bool Trainer::Resume() {
  auto checkpoint = ReadNewestCheckpoint(run_ / "checkpoints", [&](const std::string& why) {
    Say("a checkpoint is passed over: " + why);
  });
  if (!checkpoint) return false;
  if (checkpoint->state.fingerprint != state_.fingerprint) {
    throw Error({run_.string(), "the checkpoint was made with other training data",
                 "expected the same conversations, labels and tokenizer",
                 "give the data of the run's config.cfg, or start a new run with another --out"});
  }
  const std::string place = (run_ / "checkpoints").string();
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : model_.parameters().all()) {
    const auto found = checkpoint->weights.find(parameter.name);
    if (found == checkpoint->weights.end() || found->second.sizes() != parameter.value.sizes()) {
      throw Error({place + ": " + parameter.name, "is missing or of another shape",
                   "expected the model of this run", "resume with the run's config.cfg"});
    }
    parameter.value.copy_(found->second);
  }
  optimizer_.Load(checkpoint->optimizer, place);
  state_ = checkpoint->state;
  return true;
}

TrainResult Trainer::Run() {
  log_ = std::make_unique<RunLog>(run_, state_.updates, options_.mlflow);
  Lap();
  const std::int64_t total = sampler_.batches_per_epoch() * options_.epochs;
  TrainResult result;
  const auto exhausted = [&] {
    return options_.patience > 0 && state_.since_best >= options_.patience;
  };
  while (state_.batches < total && !exhausted()) {
    const std::vector<BatchPart> parts = Parts(state_.batches);
    ForwardBackward(parts);
    ++state_.batches;
    for (const BatchPart& part : parts) {
      seen_conversations_ += static_cast<std::int64_t>(part.segments.size());
      for (const Segment& segment : part.segments) seen_tokens_ += TokensOf(segment);
    }
    if (Accumulated() == 0 || EpochEnds()) {
      Update(parts);
      const int every = options_.validate_every;
      if (every > 0 ? state_.updates % every == 0 || state_.batches == total : EpochEnds()) {
        ValidateAndKeep();
      }
      if (EpochEnds() || state_.updates % options_.checkpoint_every == 0) {
        state_.finished = state_.batches == total || exhausted();
        // After skipped updates the last good checkpoint is kept instead.
        if (state_.skipped_in_row == 0) Save();
      }
      Lap();  // validating and saving are not training
    }
    if (stop_requested && stop_requested() && state_.batches < total) {
      Save();
      Say(fmt::format("stopped after update {} of {}", state_.updates, TotalUpdates()));
      result.interrupted = true;
      break;
    }
  }
  if (!result.interrupted && validation_.empty()) {
    optimizer_.SwapAverages();  // what is saved are the averages, if there are any
    objective_->Save(run_);
    optimizer_.SwapAverages();
  }
  log_->End(result.interrupted);
  result.updates = state_.updates;
  result.stopped_early = exhausted();
  result.best = state_.best;
  result.best_update = state_.best_update;
  return result;
}

}  // namespace arcsat
