#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace arcsat {

struct Interval {
  double low = 0, high = 0;
};

struct BootstrapOptions {
  int resamples = 1000;    ///< >= 100
  double level = 0.95;     ///< share of intervals that hold the truth, in (0, 1)
  std::uint64_t seed = 1;  ///< the same seed gives the same intervals, bit for bit
};

/// How resampled figures become an interval.
enum class IntervalKind {
  kPercentile,  ///< their quantiles
  kError,       ///< of errors that noise pushes up, by how much is known only roughly: the low end
                ///< (2 * figure - the high quantile, at least 0) takes it out, the high end (that
                ///< quantile) leaves it in
};

/// Writes the figures of the items taken with these weights (frequencies); NaN where undefined.
using Figures = std::function<void(std::span<const double> weights, std::span<double> out)>;

/// Cluster bootstrap (Field and Welsh 2007): conversations are drawn with replacement and bring
/// all their items along, so that turns of one conversation are not taken for independent. Figures
/// are recomputed from frequencies, which lets them sort once.
///
/// `cluster` names each item's cluster (any non-negative numbers), `point` the figures of the whole
/// sample, `kinds` one an figure. Empty where the point is NaN, where there are fewer than two
/// clusters, or where fewer than 80% of the resamples had the figure.
std::vector<std::optional<Interval>> BootstrapIntervals(std::span<const int> cluster,
                                                        const std::vector<double>& point,
                                                        const std::vector<IntervalKind>& kinds,
                                                        const Figures& figures,
                                                        const BootstrapOptions& options);

/// Wilson's score interval (1927) for `successes` of `trials` independent ones: unlike the
/// bootstrap it does not shrink to a point where all or none succeed. Empty for no trials.
std::optional<Interval> WilsonInterval(double successes, double trials, double level = 0.95);

/// The q-quantile (0..1) of sorted values, linear between them (type 7, numpy's default).
double Quantile(std::span<const double> sorted, double q);

}  // namespace arcsat
