#include "eval/folds.h"

#include <algorithm>
#include <numeric>

#include "data/random.h"

namespace arcsat {

std::vector<std::size_t> StratifiedFolds(const std::vector<int>& y, std::size_t folds,
                                         std::uint64_t stream) {
  std::vector<std::size_t> order(y.size()), fold(y.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(stream);
  random.Shuffle(&order);
  std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return y[i] == 1; });
  for (std::size_t i = 0; i < order.size(); ++i) fold[order[i]] = i % folds;
  return fold;
}

}  // namespace arcsat
