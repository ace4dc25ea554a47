#pragma once

#include <optional>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"

namespace arcsat {

/// Conversations of similar delta and what their customers answered.
struct DeltaBin {
  double low = -1, high = 1;         ///< low <= delta < high; the last holds high as well
  int n = 0;                         ///< answered conversations
  double satisfied = 0;              ///< share of them
  std::optional<Interval> interval;  ///< Wilson's, of that share
  double fitted = 0;                 ///< the monotone fit's chance
};

struct DeltaTableOptions {
  int bins = 10;        ///< at most; fewer where they would be too small
  int min_bin = 20;     ///< answered conversations a bin should have, >= 1
  double level = 0.95;  ///< of the intervals
};

/// From delta to the chance of satisfied.
struct DeltaTable {
  std::vector<DeltaBin> bins;  ///< ascending, side by side, together -1..1; empty for no answers
  /// False where some bin's share lies so far from the monotone fit that its interval at a level of
  /// 1 - (1 - level) / bins excludes it: the data do not allow a monotone table.
  bool monotone = true;
};

/// Bins of equal mass, equal deltas together, edges halfway between neighbouring deltas; `fitted`
/// by MonotoneFit over the shares, weighted by n. `delta` in -1..1. Error on lengths that differ or
/// values out of range, UsageError on the options.
DeltaTable MakeDeltaTable(Values delta, Labels satisfied, const DeltaTableOptions& options = {});

/// The fitted chance at a delta; NaN for an empty table.
double ChanceOfDelta(const DeltaTable& table, double delta);

/// The non-decreasing values nearest to `values` by weighted squares (pool adjacent violators;
/// Barlow et al. 1972). `weights` > 0, as many.
std::vector<double> MonotoneFit(Values values, Values weights);

/// The array "delta_table" of evaluation.json.
Json ToJson(const DeltaTable& table);

}  // namespace arcsat
