#include "eval/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

void CheckOptions(const BootstrapOptions& options) {
  if (options.resamples < 100) {
    throw Error({"bootstrap resamples", fmt::format("found {}", options.resamples),
                 "expected at least 100", "ask for 1000 or more"});
  }
  if (!(options.level > 0 && options.level < 1)) {
    throw Error({"interval level", fmt::format("found {}", options.level),
                 "expected a number between 0 and 1", "0.95 is usual"});
  }
}

// Cluster names as 0, 1, 2, ...; returns how many.
std::size_t Number(std::span<const int> cluster, std::vector<std::size_t>* numbered) {
  std::map<int, std::size_t> numbers;
  for (const int name : cluster) {
    numbered->push_back(numbers.try_emplace(name, numbers.size()).first->second);
  }
  return numbers.size();
}

std::optional<Interval> FromDraws(std::vector<double> draws, double point, IntervalKind kind,
                                  const BootstrapOptions& options) {
  std::erase_if(draws, [](double draw) { return std::isnan(draw); });
  if (std::isnan(point) || static_cast<double>(draws.size()) < 0.8 * options.resamples) return {};
  std::sort(draws.begin(), draws.end());
  const double low = Quantile(draws, (1 - options.level) / 2);
  const double high = Quantile(draws, (1 + options.level) / 2);
  if (kind == IntervalKind::kPercentile) return Interval{low, high};
  return Interval{std::min(std::max(0.0, 2 * point - high), high), high};
}

}  // namespace

double Quantile(std::span<const double> sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::vector<std::optional<Interval>> BootstrapIntervals(std::span<const int> cluster,
                                                        const std::vector<double>& point,
                                                        const std::vector<IntervalKind>& kinds,
                                                        const Figures& figures,
                                                        const BootstrapOptions& options) {
  CheckOptions(options);
  std::vector<std::optional<Interval>> intervals(point.size());
  std::vector<std::size_t> numbered;
  const std::size_t clusters = Number(cluster, &numbered);
  if (clusters < 2) return intervals;

  Random random(options.seed);
  std::vector<double> counts(clusters), weights(cluster.size()), out(point.size());
  std::vector<std::vector<double>> draws(point.size());
  for (int r = 0; r < options.resamples; ++r) {
    std::fill(counts.begin(), counts.end(), 0.0);
    for (std::size_t i = 0; i < clusters; ++i) ++counts[random.Below(clusters)];
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = counts[numbered[i]];
    figures(weights, out);
    for (std::size_t f = 0; f < out.size(); ++f) draws[f].push_back(out[f]);
  }
  for (std::size_t f = 0; f < point.size(); ++f) {
    intervals[f] = FromDraws(std::move(draws[f]), point[f], kinds[f], options);
  }
  return intervals;
}

std::optional<Interval> WilsonInterval(double successes, double trials, double level) {
  if (!(trials > 0)) return {};
  const double z = NormalQuantile((1 + level) / 2);
  const double p = successes / trials;
  const double scale = 1 / (1 + z * z / trials);
  const double centre = scale * (p + z * z / (2 * trials));
  const double half = scale * z * std::sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials));
  return Interval{std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace arcsat
