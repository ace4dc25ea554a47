#pragma once

#include <vector>

#include "app/experiments_chart.h"

namespace arcsat {

/// The axis of a chart of experiments: holds every point with its interval, the baseline and the
/// goal, with a little room at both ends.
class LedgerScale {
 public:
  LedgerScale(const std::vector<LedgerPoint>& points, double baseline, double goal);
  /// Where a value lies, 0 at the left end and 1 at the right.
  double Share(double value) const { return (value - low_) / (high_ - low_); }
  /// Round values, at most `most` (>= 2) of them or the few that there are.
  std::vector<double> Ticks(int most) const;
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_, high_;
};

}  // namespace arcsat
