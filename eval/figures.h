#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/bootstrap.h"

namespace arcsat {

/// A figure with its interval, or the reason why there is none.
struct Figure {
  std::string name;
  std::optional<double> value;
  std::optional<Interval> interval;
  std::string reason;  ///< where `value` is empty
};

/// What a figure is called, how its interval is made, and why it may be missing.
struct FigureSpec {
  const char* name;
  IntervalKind kind;
  const char* reason;
  /// Of a kError figure: the one with the noise taken out. One error is 0 only where the other is,
  /// so this one's interval reaches 0 where that one's does.
  const char* debiased = nullptr;
};

/// Writes the figures of items taken with these weights, in the order of their specs; NaN where
/// there is none. `resampled` says that the weights are a bootstrap's.
using WeightedFigures =
    std::function<void(std::span<const double> weights, std::span<double> out, bool resampled)>;

/// Every figure of all items, with its interval by the cluster bootstrap (BootstrapIntervals).
std::vector<Figure> FiguresWithIntervals(const std::vector<FigureSpec>& specs,
                                         std::span<const int> clusters,
                                         const WeightedFigures& measure,
                                         const BootstrapOptions& options);

}  // namespace arcsat
