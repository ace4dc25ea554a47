#pragma once

#include <cstdint>
#include <vector>

namespace arcsat {

/// The order in which conversations are seen: in each epoch every one once, in a shuffle that
/// depends on the seed and the epoch alone. Batch `b` of the run is computed from `b`, so a run can
/// go on anywhere. The last batch of an epoch may be smaller.
class Sampler {
 public:
  /// At most 4,294,967,295 items.
  Sampler(std::int64_t items, int batch, std::uint64_t seed);

  std::int64_t batches_per_epoch() const { return batches_; }
  /// Indices (0..items-1) of batch `index`, counted over all epochs from 0.
  std::vector<std::int64_t> Batch(std::int64_t index);

 private:
  std::int64_t items_, batch_, batches_;
  std::uint64_t seed_;
  std::int64_t epoch_ = -1;
  std::vector<std::uint32_t> order_;  // four bytes an item: there may be many millions
};

/// Which process takes each of a batch's conversations, so that all have about as many tokens to
/// compute: the longest first, each to the process with the least so far (Graham 1969). With `size`
/// 1, all 0.
std::vector<int> ShareOut(const std::vector<std::int64_t>& tokens, int size);

}  // namespace arcsat
