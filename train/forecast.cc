#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "model/arc_model.h"
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
std::vector<std::int64_t> Longest(const std::vector<std::int64_t>& tokens, std::size_t most) {
  std::vector<std::int64_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return tokens[static_cast<std::size_t>(a)] > tokens[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), most));
  return order;
}

/// Every n-th of them, at most `most`.
std::vector<EncodedConversation> Sample(const std::vector<EncodedConversation>& all,
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

Forecast Trainer::Try() {
  Forecast forecast;
  const std::int64_t batches = sampler_.batches_per_epoch();
  std::vector<std::int64_t> tokens;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::vector<Planned> share = Share(batch);
    tokens.push_back(0);
    for (const Planned& one : share) tokens.back() += one.tokens;
    forecast.conversations += std::ssize(share) * options_.epochs;
    forecast.tokens += tokens.back() * options_.epochs;
  }
  // The longest take the memory, and the first of all what is slow only once.
  for (const std::int64_t batch : Longest(tokens, kLongestTried)) TimeBatch(batch);
  double seconds = 0, tried = 0;
  const std::int64_t spread = std::min(kSpreadTried, batches);
  for (std::int64_t i = 0; i < spread; ++i) {
    const std::int64_t batch = i * batches / spread;
    const BatchTime time = TimeBatch(batch);
    seconds += time.batch + time.step / options_.accumulate;
    tried += static_cast<double>(tokens[static_cast<std::size_t>(batch)]);
    ++forecast.batches;
  }
  forecast.training_seconds = seconds / tried * static_cast<double>(forecast.tokens);
  forecast.updates = TotalUpdates();
  const std::vector<EncodedConversation> some = Sample(validation_, kValidationTried);
  if (!some.empty()) {
    Lap();
    objective_->Validate(some, processes_);
    const double every = options_.validate_every;
    const double times = every > 0 ? static_cast<double>(forecast.updates) / every
                                   : static_cast<double>(options_.epochs);
    forecast.validation_seconds = Lap() / TokensIn(some) * TokensIn(validation_) * times;
  }
  forecast.gpu = model_.device().is_cuda();
  // The model is copied to be saved: its fused weights are taken apart.
  const double copy = forecast.gpu ? 0 : 4.0 * static_cast<double>(model_.parameters().count());
  forecast.memory_bytes = PeakMemory(model_.device()) + copy;
  forecast.disk_bytes = DiskBytes();
  return forecast;
}

}  // namespace arcsat
