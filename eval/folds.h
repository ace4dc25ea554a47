#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace arcsat {

/// The fold of each item, 0..folds - 1: items are shuffled by `stream` (MixSeed of a seed and a
/// number of its own for each use), those with y = 1 first, and dealt out in turn, so that every
/// fold has as many of each class as can be.
std::vector<std::size_t> StratifiedFolds(const std::vector<int>& y, std::size_t folds,
                                         std::uint64_t stream);

}  // namespace arcsat
