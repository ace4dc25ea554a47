#include "train/forecast.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "model/arc_model.h"
#include "model/scorer.h"
#include "train/trainer.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestTried = 4;
constexpr std::int64_t kSpreadTried = 8;
constexpr std::size_t kValidationTried = 64;  // conversations

/// Of the process, or of the GPU that the model lies on.
double PeakMemory(torch::Device device) {
  if (device.is_cuda()) {
    const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return static_cast<double>(stats.reserved_bytes[0].peak);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

/// The batches of most tokens, those first.
std::vector<std::int64_t> Longest(const std::vector<double>& tokens, std::size_t most) {
  std::vector<std::int64_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return tokens[static_cast<std::size_t>(a)] > tokens[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), most));
  return order;
}

/// What a Scorer comes to keep of the turns of these conversations (model/known_turns.h).
double KnownBytes(const ArcModel& model, const std::vector<EncodedConversation>& conversations) {
  const EncoderConfig& config = model.encoder().config();
  const int across = model.options().cross_turn_layers;
  if (across >= config.layers) return 0;
  std::unordered_set<const std::vector<std::int32_t>*> texts;
  double rows = 0;
  for (const EncodedConversation& conversation : conversations) {
    for (const EncodedTurn& turn : conversation.turns) {
      if (!texts.insert(turn.tokens.get()).second) continue;
      rows += across == 0 ? 1 : static_cast<double>(turn.tokens->size());
    }
  }
  return std::min(rows * config.hidden * sizeof(float),
                  static_cast<double>(ScorerOptions().known_bytes));
}

}  // namespace

Trainer::BatchTime Trainer::TimeBatch(std::int64_t batch) {
  const auto try_batch = [&] {
    Lap();
    state_.batches = batch;
    return ForwardBackward(Parts(batch), /*last=*/true);
  };
  while (!try_batch()) continue;
  ReadFigures();  // waits for a GPU, as reading the norm does
  BatchTime time;
  time.batch = Lap();
  optimizer_.Step(optimizer_.GradientNorm(), 0);
  time.step = Lap();
  return time;
}

void Trainer::TryBatches(Forecast* forecast) {
  const std::int64_t first = state_.batches, left = BatchesLeft();
  // As many as an epoch has tell of all.
  const std::int64_t seen = std::min(left, sampler_.batches_per_epoch());
  if (seen == 0) return;
  std::vector<double> tokens;  // of this process's share of each batch
  std::int64_t conversations = 0;
  for (std::int64_t batch = first; batch < first + seen; ++batch) {
    const std::vector<Planned> share = Share(batch);
    conversations += std::ssize(share);
    tokens.push_back(0);
    for (const Planned& one : share) tokens.back() += static_cast<double>(one.tokens);
  }
  const double times = static_cast<double>(left) / static_cast<double>(seen);
  const auto all = [&](double sum) { return static_cast<std::int64_t>(std::llround(sum * times)); };
  forecast->conversations = all(static_cast<double>(conversations));
  forecast->tokens = all(std::accumulate(tokens.begin(), tokens.end(), 0.0));
  // The longest take the memory, and the first of all what is slow only once. They are the same in
  // all processes, which wait for each other in every batch.
  for (const std::int64_t i : Longest(processes_.Sum(tokens), kLongestTried)) TimeBatch(first + i);
  double seconds = 0, tried = 0;
  const std::int64_t spread = std::min(kSpreadTried, seen);
  for (std::int64_t i = 0; i < spread; ++i) {
    const std::int64_t at = i * seen / spread;
    const BatchTime time = TimeBatch(first + at);
    seconds += time.batch + time.step / options_.accumulate;
    tried += tokens[static_cast<std::size_t>(at)];
    ++forecast->batches;
  }
  if (tried > 0)
    forecast->training_seconds = seconds / tried * static_cast<double>(forecast->tokens);
}

double Trainer::ValidationsLeft() const {
  const std::int64_t left = BatchesLeft(), every = options_.validate_every;
  if (validation_.empty() || left == 0) return 0;
  const std::int64_t each = sampler_.batches_per_epoch();
  std::int64_t count = options_.epochs - state_.batches / each;
  if (every > 0) {
    const std::int64_t all = TotalUpdates();
    count = all / every - state_.updates / every + (all % every == 0 ? 0 : 1);
  }
  return static_cast<double>(count);
}

Forecast Trainer::Try() {
  Align();
  Forecast forecast;
  forecast.updates_done = state_.updates;
  if (BatchesLeft() > 0) forecast.updates = TotalUpdates() - state_.updates;
  const double validations = ValidationsLeft();
  TryBatches(&forecast);
  forecast.gpu = model_.device().is_cuda();
  double later = 0;  // memory that a few conversations do not take
  if (validations > 0) {
    const std::vector<EncodedConversation> some = EveryNth(validation_, kValidationTried);
    Lap();
    objective_->Validate(some, processes_);
    forecast.validation_seconds = Lap() / TokensIn(some) * TokensIn(validation_) * validations;
    if (options_.task != "mlm") later = KnownBytes(model_, validation_) - KnownBytes(model_, some);
  }
  // The model is copied to be saved: its fused weights are taken apart.
  later += 4.0 * static_cast<double>(model_.parameters().count());
  forecast.memory_bytes = PeakMemory(model_.device()) + (forecast.gpu ? 0 : later);
  forecast.disk_bytes = DiskBytes();
  return forecast;
}

std::vector<EncodedConversation> EveryNth(const std::vector<EncodedConversation>& all,
                                          std::size_t most) {
  std::vector<EncodedConversation> some;
  const std::size_t step = std::max<std::size_t>(1, all.size() / most);
  for (std::size_t i = 0; i < all.size() && some.size() < most; i += step) some.push_back(all[i]);
  return some;
}

double TokensIn(const std::vector<EncodedConversation>& conversations) {
  double tokens = 0;
  for (const EncodedConversation& c : conversations) tokens += static_cast<double>(c.tokens);
  return tokens;
}

}  // namespace arcsat
