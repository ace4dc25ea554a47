#include "eval/sensitivity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/error.h"

namespace arcsat {
namespace {

constexpr double kBoundRounding = 1e-12;  // the two ends of gamma 1 are one sum in two orders

void Check(const std::vector<double>& y, const std::vector<double>& odds, double gamma) {
  const bool good = !y.empty() && y.size() == odds.size() && gamma >= 1 && std::isfinite(gamma) &&
                    std::all_of(odds.begin(), odds.end(), [](double o) { return o >= 0; });
  if (good) return;
  throw Error({"sensitivity",
               fmt::format("found {} answers, {} odds, gamma {}", y.size(), odds.size(), gamma),
               "expected as many odds >= 0 as answers, at least one, and gamma >= 1",
               "pass the answers beside their odds"});
}

// The items by falling y. The greatest mean raises the first few to gamma and holds the others at
// 1 / gamma: the scan tries every split. Returns the split.
std::size_t BestSplit(const std::vector<double>& y, const std::vector<double>& odds, double gamma,
                      const std::vector<std::size_t>& order, double* best) {
  double sum = 0, mass = 0;
  for (const std::size_t i : order) {
    const double w = 1 + odds[i] / gamma;
    sum += w * y[i];
    mass += w;
  }
  std::size_t split = 0;
  *best = sum / mass;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const double more = odds[order[k]] * (gamma - 1 / gamma);
    sum += more * y[order[k]];
    mass += more;
    if (sum / mass <= *best) continue;
    *best = sum / mass;
    split = k + 1;
  }
  return split;
}

}  // namespace

TiltedRange WeightedMeanRange(const std::vector<double>& y, const std::vector<double>& odds,
                              double gamma) {
  Check(y, odds, gamma);
  std::vector<std::size_t> order(y.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return y[a] > y[b]; });
  TiltedRange range;
  range.high_tilt.assign(y.size(), 1 / gamma);
  range.low_tilt = range.high_tilt;
  const std::size_t up = BestSplit(y, odds, gamma, order, &range.high);
  for (std::size_t k = 0; k < up; ++k) range.high_tilt[order[k]] = gamma;
  // The least mean of y is the greatest of -y, with the sign turned.
  std::reverse(order.begin(), order.end());
  std::vector<double> negative;
  negative.reserve(y.size());
  for (const double value : y) negative.push_back(-value);
  const std::size_t down = BestSplit(negative, odds, gamma, order, &range.low);
  for (std::size_t k = 0; k < down; ++k) range.low_tilt[order[k]] = gamma;
  range.low = -range.low;
  return range;
}

std::optional<double> GammaToReach(const std::vector<double>& y, const std::vector<double>& odds,
                                   double value, double greatest) {
  const auto holds = [&](double gamma) {
    const TiltedRange range = WeightedMeanRange(y, odds, gamma);
    return range.low - kBoundRounding <= value && value <= range.high + kBoundRounding;
  };
  if (holds(1)) return 1;
  if (!holds(greatest)) return {};
  double low = 1, high = greatest;
  while (high - low > 1e-9 * high) {
    const double middle = std::sqrt(low * high);
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace arcsat
