#include "train/sampler.h"

#include <algorithm>
#include <numeric>

#include "data/random.h"

namespace arcsat {

Sampler::Sampler(std::int64_t items, int batch, std::uint64_t seed)
    : items_(items), batch_(batch), batches_((items + batch - 1) / batch), seed_(seed) {}

std::vector<std::int64_t> Sampler::Batch(std::int64_t index) {
  const std::int64_t epoch = index / batches_;
  if (epoch != epoch_) {
    order_.resize(static_cast<std::size_t>(items_));
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    Random(MixSeed(seed_, 0x5A3D, static_cast<std::uint64_t>(epoch))).Shuffle(&order_);
    epoch_ = epoch;
  }
  const std::int64_t begin = index % batches_ * batch_;
  const std::int64_t end = std::min(items_, begin + batch_);
  return {order_.begin() + begin, order_.begin() + end};
}

}  // namespace arcsat
