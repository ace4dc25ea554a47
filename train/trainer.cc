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

struct Trainer::Sample {
  std::vector<Segment> segments;
  std::int64_t tokens = 0;
};

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
  }
  return Sha256(text);
}

Trainer::Trainer(LoadedModel* loaded, const TrainOptions& options,
                 const std::vector<EncodedConversation>& train,
                 const std::vector<EncodedConversation>& validation, std::filesystem::path run)
    : loaded_(loaded),
      model_(*loaded->model),
      options_(options),
      labels_{loaded->model->options().boxes, options.final_share, options.rating_weight,
              options.survey_weight},
      train_(train),
      validation_(validation),
      run_(std::move(run)),
      sampler_(static_cast<std::int64_t>(train.size()), options.batch, options.seed),
      optimizer_((Freeze(loaded->model.get(), options.freeze_layers),
                  loaded->model->To(ChooseDevice(options.device)), &loaded->model->parameters()),
                 options) {
  if (train.empty()) {
    throw Error({"training data", "no conversation has a label", "expected a survey or rated turns",
                 "check --survey.target, and that the file holds answers (arcsat inspect FILE)"});
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

std::vector<Segment> Trainer::Segments(std::int64_t batch) {
  std::vector<Segment> segments;
  for (const std::int64_t index : sampler_.Batch(batch)) {
    const EncodedConversation& conversation = train_[static_cast<std::size_t>(index)];
    const int turns = static_cast<int>(conversation.turns.size());
    const int count = std::min(turns, options_.max_turns);
    segments.push_back({&conversation, turns - count, count});
  }
  return segments;
}

LabelWeights Trainer::UpdateWeights(std::int64_t batch) {
  const std::int64_t per_epoch = sampler_.batches_per_epoch();
  const std::int64_t in_epoch = batch % per_epoch;
  const std::int64_t first = batch - in_epoch % options_.accumulate;
  if (first == update_weights_of_) return update_weights_;
  const std::int64_t end = std::min(first + options_.accumulate, batch - in_epoch + per_epoch);
  update_weights_ = {};
  for (std::int64_t b = first; b < end; ++b) {
    const LabelWeights weights = WeightOf(MakeLabels(Segments(b), labels_));
    update_weights_.outlook += weights.outlook;
    update_weights_.state += weights.state;
  }
  update_weights_of_ = first;
  return update_weights_;
}

Trainer::Sample Trainer::NextSample() {
  Sample sample;
  sample.segments = Segments(state_.batches);
  for (const Segment& segment : sample.segments) sample.tokens += TokensOf(segment);
  return sample;
}

void Trainer::ForwardBackward(const Sample& sample) {
  // Dropout depends on the seed and the batch alone, so a resumed run draws what it would have.
  torch::manual_seed(MixSeed(options_.seed, 0xD0, static_cast<std::uint64_t>(state_.batches)));
  const LabelWeights weights = UpdateWeights(state_.batches);
  const torch::Device device = model_.device();
  for (std::size_t begin = 0; begin < sample.segments.size();) {
    std::vector<Segment> part;
    std::int64_t tokens = 0;
    for (; begin < sample.segments.size(); ++begin) {
      const std::int64_t more = TokensOf(sample.segments[begin]);
      if (!part.empty() && tokens + more > kForwardTokens) break;
      tokens += more;
      part.push_back(sample.segments[begin]);
    }
    const RaggedBatch batch = To(MakeBatch(part), device);
    const BatchLabels labels = To(MakeLabels(part, labels_), device);
    Losses losses;
    {
      const Autocast autocast(device.is_cuda() && options_.bf16);
      losses = ComputeLosses(model_.Forward(batch, /*training=*/true), labels, weights,
                             options_.outlook_weight, options_.state_weight);
    }
    losses.total.backward();
    const double outlook = losses.outlook.item<double>(), state = losses.state.item<double>();
    if (!std::isfinite(outlook) || !std::isfinite(state)) {
      state_.bad_update = true;
    } else {
      state_.outlook_sum += outlook;
      state_.state_sum += state;
    }
  }
}

double Trainer::Lap() {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now - std::exchange(lap_, now)).count();
}

void Trainer::Update(const Sample& sample) {
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
                    state_.updates + 1, sample.segments.front().conversation->id));
  } else {
    optimizer_.Step(norm, factor);
    state_.skipped_in_row = 0;
  }
  ++state_.updates;
  seconds_ += Lap();
  report.update = state_.updates;
  report.updates = TotalUpdates();
  report.epoch = static_cast<int>((state_.batches - 1) / sampler_.batches_per_epoch()) + 1;
  report.outlook_loss = state_.outlook_sum;
  report.state_loss = state_.state_sum;
  report.loss =
      options_.outlook_weight * state_.outlook_sum + options_.state_weight * state_.state_sum;
  report.rate = options_.head_learning_rate * factor;
  report.gradient_norm = norm;
  report.conversations_per_second = static_cast<double>(seen_conversations_) / seconds_;
  report.tokens_per_second = static_cast<double>(seen_tokens_) / seconds_;
  log_->Metrics("train", state_.updates,
                {{"epoch", report.epoch},
                 {"loss", report.loss},
                 {"outlook_loss", report.outlook_loss},
                 {"state_loss", report.state_loss},
                 {"learning_rate", report.rate},
                 {"gradient_norm", std::isfinite(norm) ? Json(norm) : Json()},
                 {"skipped", report.skipped},
                 {"seconds", seconds_},
                 {"conversations_per_second", report.conversations_per_second},
                 {"tokens_per_second", report.tokens_per_second}});
  state_.outlook_sum = state_.state_sum = 0;
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
  const Validation figures = Validate(model_, validation_);
  const double value = Selection(figures, options_.select);
  const bool best = std::isfinite(value) && (!state_.best || value < *state_.best);
  if (best) {
    state_.best = value;
    state_.best_update = state_.updates;
    state_.since_best = 0;
    SaveModel(*loaded_, run_ / "model");
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
    const Sample sample = NextSample();
    ForwardBackward(sample);
    ++state_.batches;
    seen_conversations_ += static_cast<std::int64_t>(sample.segments.size());
    seen_tokens_ += sample.tokens;
    if (Accumulated() == 0 || EpochEnds()) {
      Update(sample);
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
    SaveModel(*loaded_, run_ / "model");
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
