#pragma once

#include <cstddef>

namespace arcsat {

/// From here on, tensors on the CPU of 64 KiB and more come from a pool of this process, which
/// keeps up to `most_kept` bytes of what is given back for those that follow. Batches of ever other
/// sizes leave holes in a heap, which then grows for hours; and a heap that gives memory back to
/// the system has it filled with zeros again at every batch. For what runs long; before its first
/// tensor. A second call changes nothing.
void PoolTensorMemory(std::size_t most_kept = std::size_t{256} << 20);

}  // namespace arcsat
