#include "eval/figures.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace arcsat {

std::vector<Figure> FiguresWithIntervals(const std::vector<FigureSpec>& specs,
                                         std::span<const int> clusters,
                                         const WeightedFigures& measure,
                                         const BootstrapOptions& options) {
  std::vector<double> point(specs.size());
  std::vector<IntervalKind> kinds;
  kinds.reserve(specs.size());
  for (const FigureSpec& spec : specs) kinds.push_back(spec.kind);
  measure(std::vector<double>(clusters.size(), 1.0), point, false);
  const auto resample = [&](std::span<const double> weights, std::span<double> out) {
    measure(weights, out, true);
  };
  const auto intervals = BootstrapIntervals(clusters, point, kinds, resample, options);
  std::vector<Figure> figures;
  for (std::size_t f = 0; f < specs.size(); ++f) {
    Figure figure{specs[f].name, point[f], intervals[f], ""};
    if (std::isnan(point[f])) {
      figure.value = {};
      figure.reason = specs[f].reason;
    } else if (specs[f].kind == IntervalKind::kBasic && figure.interval) {
      // Errors are never negative, though twice the figure less a quantile may be.
      figure.interval->low = std::max(0.0, figure.interval->low);
      figure.interval->high = std::max(0.0, figure.interval->high);
    }
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace arcsat
