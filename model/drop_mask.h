#pragma once

#include <cstdint>

namespace arcsat {

/// Which elements dropout drops, as a function of a seed and an element's number: nothing is stored
/// for the backward pass, and any number of threads drops the same.
class DropMask {
 public:
  /// Drops with a `chance` of at least 0 and below 1, taken to the nearest 1 / 65,536; what is kept
  /// is scaled by 1 / (1 - chance), so that the mean stays.
  DropMask(std::uint64_t seed, double chance);

  /// Elements that are drawn together: a part of an array begins at a multiple of it.
  static constexpr std::int64_t kGroup = 32;

  /// out[i] = residual[i] + (kept ? x[i] * scale : 0) for the elements [begin, end); nothing is
  /// added where `residual` is null. `begin` is a multiple of kGroup.
  void Apply(const float* x, const float* residual, float* out, std::int64_t begin,
             std::int64_t end) const;

 private:
  std::uint32_t low_, high_, dropped_;
  float scale_;
};

}  // namespace arcsat
