#pragma once

#include <torch/types.h>

#include <utility>
#include <vector>

namespace arcsat {

/// Attention inside each turn. The tokens lie in blocks of (how many turns, how long), so that
/// every block is dense: (count, length) with nothing padded or masked. (T, 3H) to (T, H). On a GPU
/// in half precision all turns at once by the flash kernel for turns of any length, for which
/// `bounds` (turns + 1, int32) says where each begins, and the end.
torch::Tensor LocalAttention(const torch::Tensor& qkv,
                             const std::vector<std::pair<int, int>>& blocks,
                             const torch::Tensor& bounds, int heads);

}  // namespace arcsat
