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
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    Random(MixSeed(seed_, 0x5A3D, static_cast<std::uint64_t>(epoch))).Shuffle(&order_);
    epoch_ = epoch;
  }
  const std::int64_t begin = index % batches_ * batch_;
  const std::int64_t end = std::min(items_, begin + batch_);
  return {order_.begin() + begin, order_.begin() + end};
}

std::vector<int> ShareOut(const std::vector<std::int64_t>& tokens, int size) {
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tokens[a] > tokens[b]; });
  std::vector<std::int64_t> load(static_cast<std::size_t>(size), 0);
  std::vector<int> owner(tokens.size(), 0);
  for (const std::size_t i : order) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += tokens[i];
    owner[i] = static_cast<int>(least - load.begin());
  }
  return owner;
}

}  // namespace arcsat
