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
    }
    figures.push_back(std::move(figure));
  }
  for (std::size_t f = 0; f < specs.size(); ++f) {
    if (specs[f].debiased == nullptr || !figures[f].interval) continue;
    const auto other = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) {
      return figure.name == specs[f].debiased;
    });
    const bool reaches = other != figures.end() && other->interval && other->interval->low <= 0;
    if (reaches) figures[f].interval->low = 0;
  }
  return figures;
}

}  // namespace arcsat
