#pragma once

#include <cstddef>

namespace arcsat {

struct PoolLimits {
  std::size_t kept = std::size_t{256} << 20;  ///< bytes that may lie ready at any time
  double beyond_peak = -1;  ///< or as many as make this share more than was ever in use at once
};

/// What a training needs: an update gives back all that it took, and the next takes it again.
inline constexpr PoolLimits kTrainingPool = {.beyond_peak = 0.25};

/// From here on, tensors on the CPU of 64 KiB and more come from a pool of this process, which
/// keeps some of what is given back for those that follow. Batches of ever other sizes leave holes
/// in a heap, which then grows for hours; and a heap that gives memory back to the system has it
/// filled with zeros again at every batch. For what runs long; before its first tensor. A second
/// call changes nothing.
void PoolTensorMemory(const PoolLimits& limits = {});

}  // namespace arcsat
