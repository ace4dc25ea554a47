#include "eval/reliability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "eval/groups.h"
#include "eval/special.h"

namespace arcsat {
namespace {

// Items in ascending order of p, answers summed up: a bin is a range of places.
class AscendingItems {
 public:
  AscendingItems(Values p, Labels y) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    for (const std::size_t i : order) {
      if (!p_.empty() && p[i] != p_.back()) group_end_.push_back(p_.size());
      p_.push_back(p[i]);
      y_.push_back(y[i]);
      sum_p_.push_back(sum_p_.back() + p[i]);
      sum_y_.push_back(sum_y_.back() + y[i]);
    }
    if (!p_.empty()) group_end_.push_back(p_.size());
  }

  std::size_t size() const { return p_.size(); }
  double p(std::size_t i) const { return p_[i]; }
  double y(std::size_t i) const { return y_[i]; }
  double P(std::pair<std::size_t, std::size_t> bin) const {
    return (sum_p_[bin.second] - sum_p_[bin.first]) / Mass(bin);
  }
  double Y(std::pair<std::size_t, std::size_t> bin) const {
    return (sum_y_[bin.second] - sum_y_[bin.first]) / Mass(bin);
  }
  static double Mass(std::pair<std::size_t, std::size_t> bin) {
    return static_cast<double>(bin.second - bin.first);
  }

  // The first and the past-the-last place of each bin.
  std::vector<std::pair<std::size_t, std::size_t>> EqualMass(int bins) const {
    const auto count = static_cast<std::size_t>(std::max(bins, 1));
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    std::size_t begin = 0, last = 0;
    for (const std::size_t end : group_end_) {
      const double middle = (static_cast<double>(begin) + static_cast<double>(end - begin) / 2) /
                            static_cast<double>(size());
      const std::size_t at = EqualMassBin(middle, count);
      if (ranges.empty() || at != last) ranges.emplace_back(begin, end);
      ranges.back().second = end;
      last = at;
      begin = end;
    }
    return ranges;
  }

 private:
  std::vector<double> p_, y_, sum_p_ = {0}, sum_y_ = {0};
  std::vector<std::size_t> group_end_;  // where runs of equal p end
};

std::vector<ReliabilityBin> Describe(const AscendingItems& items,
                                     const std::vector<std::pair<std::size_t, std::size_t>>& ranges,
                                     double level) {
  std::vector<ReliabilityBin> bins;
  for (const auto& range : ranges) {
    ReliabilityBin bin;
    bin.n = static_cast<int>(range.second - range.first);
    bin.p = items.P(range);
    bin.p_low = items.p(range.first);
    bin.p_high = items.p(range.second - 1);
    bin.y = items.Y(range);
    bin.interval = WilsonInterval(std::round(bin.y * bin.n), bin.n, level);
    bins.push_back(bin);
  }
  return bins;
}

void CheckOptions(const ReliabilityOptions& options) {
  if (options.bins >= 1 && options.slice_bins >= 1 && options.min_slice >= 1) return;
  throw UsageError({"evaluate options",
                    fmt::format("found bins {}, slice_bins {} and min_slice {}", options.bins,
                                options.slice_bins, options.min_slice),
                    "expected 1 or more of each", "mend the options"});
}

// Of fewer on average, resampled bins hold a single answer too often, whose noise does not show.
constexpr std::size_t kAnswersABin = 4;

struct NoiselessParts {
  double reliability = 0, resolution = 0;
};

// Of a resample: sampling noise went into its bins' shares twice, so it is taken out twice, by the
// correction of Ferro and Fricker (2012) for once. A bin of mass 1 shows no noise and keeps it.
NoiselessParts ResampledParts(const BinarySample& sample, int bins, Values w) {
  double mass = 0, satisfied = 0, gaps = 0, noise = 0;
  for (const BinarySample::Bin& bin : sample.Bins(bins, w)) {
    if (!(bin.mass > 0)) continue;
    const double y = bin.y / bin.mass, gap = bin.p / bin.mass - y;
    mass += bin.mass;
    satisfied += bin.y;
    gaps += bin.mass * gap * gap;
    if (bin.mass > 1) noise += bin.mass * y * (1 - y) / (bin.mass - 1);
  }
  if (!(mass > 1)) return {kNaN, kNaN};
  const double share = satisfied / mass;
  const double uncertainty = share * (1 - share) * (1 + 2 / (mass - 1));
  const double reliability = (gaps - 2 * noise) / mass;
  // value = reliability - resolution + uncertainty, and the value has no bias.
  return {reliability, reliability + uncertainty - sample.Brier(w)};
}

std::optional<Interval> NotBelowZero(std::optional<Interval> interval) {
  if (interval) {
    interval->low = std::max(0.0, interval->low);
    interval->high = std::max(0.0, interval->high);
  }
  return interval;
}

// One error is 0 only where the other is: the interval reaches 0 where that of the debiased one
// does.
std::optional<Interval> ErrorInterval(std::optional<Interval> error,
                                      const std::optional<Interval>& debiased) {
  if (error && debiased && debiased->low <= 0) error->low = 0;
  return error;
}

// One pass of resamples for all figures. The adaptive error keeps the number of bins it chose: a
// resample, noisier, would choose fewer, and show another bias. `part_bins` are the Brier parts'.
ReliabilityIntervals ResampledIntervals(const BinarySample& sample, double debiased,
                                        const SweptCalibrationError& adaptive,
                                        const BrierParts& brier, int part_bins,
                                        const ReliabilityOptions& options) {
  std::vector<int> clusters(sample.size());
  std::iota(clusters.begin(), clusters.end(), 0);
  std::vector<double> w;
  sample.Arrange({}, &w);
  const double satisfied = sample.Counts(0, w).true_positive;
  const std::vector<double> point = {sample.ExpectedCalibrationError(options.bins, w),
                                     debiased,
                                     adaptive.value,
                                     brier.value,
                                     brier.reliability,
                                     brier.resolution};
  std::vector<IntervalKind> kinds(point.size(), IntervalKind::kPercentile);
  kinds[0] = kinds[2] = IntervalKind::kError;
  const auto found = BootstrapIntervals(
      clusters, point, kinds,
      [&](std::span<const double> weights, std::span<double> out) {
        sample.Arrange(weights, &w);
        out[0] = sample.ExpectedCalibrationError(options.bins, w);
        out[1] = sample.DebiasedCalibrationError(options.bins, w, 2);
        out[2] = sample.ExpectedCalibrationError(adaptive.bins, w);
        out[3] = sample.Brier(w);
        const NoiselessParts parts = ResampledParts(sample, part_bins, w);
        out[4] = parts.reliability;
        out[5] = parts.resolution;
      },
      options.bootstrap);
  ReliabilityIntervals intervals;
  intervals.ece = ErrorInterval(found[0], found[1]);
  intervals.ece_debiased = found[1];
  // Of fewer answers resamples would claim to know what a handful cannot tell.
  if (static_cast<int>(sample.size()) < options.min_slice) return intervals;
  intervals.ece_adaptive = ErrorInterval(found[2], found[1]);
  intervals.brier = found[3];
  if (sample.size() >= kAnswersABin * static_cast<std::size_t>(part_bins)) {
    intervals.reliability = NotBelowZero(found[4]);
    intervals.resolution = found[5];
  }
  intervals.uncertainty =
      UncertaintyInterval(satisfied, static_cast<double>(sample.size()), options.bootstrap.level);
  return intervals;
}

ReliabilityFigures MeasureFigures(Values p, Labels y, int part_bins,
                                  const ReliabilityOptions& options) {
  const BinarySample sample(p, y);
  std::vector<double> ones;
  sample.Arrange({}, &ones);
  const double debiased = sample.DebiasedCalibrationError(options.bins, ones);
  const SweptCalibrationError adaptive = AdaptiveCalibrationError(p, y);
  const BrierParts brier = DecomposeBrier(p, y, part_bins);
  ReliabilityFigures figures;
  figures.ece = sample.ExpectedCalibrationError(options.bins, ones);
  if (!std::isnan(debiased)) figures.ece_debiased = debiased;
  figures.adaptive = adaptive;
  figures.brier = brier;
  figures.intervals = ResampledIntervals(sample, debiased, adaptive, brier, part_bins, options);
  return figures;
}

ReliabilitySlice MeasureReliabilitySlice(const Group& group, Values p, Labels y,
                                         const ReliabilityOptions& options) {
  std::vector<double> slice_p;
  std::vector<int> slice_y;
  for (const std::size_t i : group.members) {
    slice_p.push_back(p[i]);
    slice_y.push_back(y[i]);
  }
  ReliabilitySlice slice;
  slice.by = group.by;
  slice.value = group.value;
  slice.n = static_cast<int>(group.members.size());
  slice.figures = MeasureFigures(slice_p, slice_y, options.slice_bins, options);
  if (slice.n < options.min_slice) {
    slice.figures.adaptive.reset();
    slice.figures.brier.reset();
  }
  slice.bins = EqualMassBins(slice_p, slice_y, options.slice_bins, options.bootstrap.level);
  return slice;
}

}  // namespace

std::vector<ReliabilityBin> EqualMassBins(Values p, Labels y, int bins, double level) {
  const BinarySample checked(p, y);  // lengths and ranges
  const AscendingItems items(p, y);
  return Describe(items, items.EqualMass(bins), level);
}

double CalibrationGap(const std::vector<ReliabilityBin>& bins) {
  double gap = 0, mass = 0;
  for (const ReliabilityBin& bin : bins) {
    gap += bin.n * std::abs(bin.p - bin.y);
    mass += bin.n;
  }
  return mass > 0 ? gap / mass : kNaN;
}

double EqualWidthCalibrationError(Values p, Labels y, int bins) {
  const BinarySample checked(p, y);
  const auto count = static_cast<std::size_t>(std::max(bins, 1));
  std::vector<double> gap(count, 0);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::size_t at =
        std::min(static_cast<std::size_t>(p[i] * static_cast<double>(count)), count - 1);
    gap[at] += p[i] - y[i];
  }
  double sum = 0;
  for (const double g : gap) sum += std::abs(g);
  return p.empty() ? kNaN : sum / static_cast<double>(p.size());
}

SweptCalibrationError AdaptiveCalibrationError(Values p, Labels y, int max_bins) {
  const BinarySample checked(p, y);
  const AscendingItems items(p, y);
  if (items.size() == 0) return {kNaN, 0};
  const int most = std::min(max_bins, static_cast<int>(items.size()));
  auto chosen = items.EqualMass(1);
  int bins = 1;
  for (int tried = 2; tried <= most; ++tried) {
    auto ranges = items.EqualMass(tried);
    const bool rises =
        std::is_sorted(ranges.begin(), ranges.end(),
                       [&](const auto& a, const auto& b) { return items.Y(a) < items.Y(b); });
    if (!rises) break;
    bins = tried;
    chosen = std::move(ranges);
  }
  return {CalibrationGap(Describe(items, chosen, 0.95)), bins};
}

BrierParts DecomposeBrier(Values p, Labels y, int bins) {
  const BinarySample checked(p, y);
  const AscendingItems items(p, y);
  if (items.size() == 0) return {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  const auto n = static_cast<double>(items.size());
  const double share = items.Y({0, items.size()});
  BrierParts parts;
  parts.uncertainty = share * (1 - share);
  double between = 0;
  for (const auto& range : items.EqualMass(bins)) {
    const double mean_p = items.P(range), mean_y = items.Y(range);
    const double mass = AscendingItems::Mass(range) / n;
    parts.reliability += mass * (mean_p - mean_y) * (mean_p - mean_y);
    between += mass * (mean_y - share) * (mean_y - share);
    for (std::size_t i = range.first; i < range.second; ++i) {
      const double off_p = items.p(i) - mean_p, off_y = items.y(i) - mean_y;
      parts.within_variance += off_p * off_p / n;
      parts.within_covariance += 2 * off_p * off_y / n;
      parts.value += (items.p(i) - items.y(i)) * (items.p(i) - items.y(i)) / n;
    }
  }
  parts.resolution = between - parts.within_variance + parts.within_covariance;
  return parts;
}

std::optional<Interval> UncertaintyInterval(double successes, double trials, double level) {
  const auto share = WilsonInterval(successes, trials, level);
  if (!share) return {};
  const double low = share->low * (1 - share->low), high = share->high * (1 - share->high);
  const bool holds_half = share->low < 0.5 && share->high > 0.5;
  return Interval{std::min(low, high), holds_half ? 0.25 : std::max(low, high)};
}

Reliability MeasureReliability(const std::vector<SurveyItem>& items,
                               const ReliabilityOptions& options) {
  CheckOptions(options);
  if (items.empty()) {
    throw Error({"reliability", "found no answered conversation", "expected one or more",
                 "evaluate conversations that customers rated"});
  }
  std::vector<double> p;
  std::vector<int> y;
  for (const SurveyItem& item : items) {
    p.push_back(item.p);
    y.push_back(item.y ? 1 : 0);
  }
  Reliability result;
  result.bins = EqualMassBins(p, y, options.bins, options.bootstrap.level);
  result.figures = MeasureFigures(p, y, options.bins, options);
  result.ece_width = EqualWidthCalibrationError(p, y, options.bins);
  for (const Group& group : GroupItems(items)) {
    if (group.by != "all") result.slices.push_back(MeasureReliabilitySlice(group, p, y, options));
  }
  return result;
}

}  // namespace arcsat
