#pragma once

#include <cstdint>
#include <functional>

namespace arcsat {

/// Calls use(first, last) for parts of [begin, end) of at least `grain`, on LibTorch's threads.
/// Inside such a call everything goes on with one thread. What a part throws is thrown here.
void ParallelFor(std::int64_t begin, std::int64_t end, std::int64_t grain,
                 const std::function<void(std::int64_t, std::int64_t)>& use);

}  // namespace arcsat
