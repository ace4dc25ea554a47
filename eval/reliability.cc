#include "eval/reliability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "eval/groups.h"
#include "eval/report_json.h"
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
  if (options.bins >= 1 && options.slice_bins >= 1) return;
  throw UsageError(
      {"evaluate options",
       fmt::format("found bins {} and slice_bins {}", options.bins, options.slice_bins),
       "expected 1 or more of each", "mend the options"});
}

// The debiased error with its interval: noise goes into a resample's gaps twice, so it is taken out
// twice there.
void AddDebiased(Values p, Labels y, const ReliabilityOptions& options, ReliabilitySlice* slice) {
  const BinarySample sample(p, y);
  std::vector<double> w;
  std::vector<int> clusters(p.size());
  std::iota(clusters.begin(), clusters.end(), 0);
  sample.Arrange({}, &w);
  const double value = sample.DebiasedCalibrationError(options.bins, w);
  if (std::isnan(value)) return;
  slice->ece_debiased = value;
  slice->interval = BootstrapIntervals(
      clusters, {value}, {IntervalKind::kPercentile},
      [&](std::span<const double> weights, std::span<double> out) {
        sample.Arrange(weights, &w);
        out[0] = sample.DebiasedCalibrationError(options.bins, w, 2);
      },
      options.bootstrap)[0];
}

std::optional<Interval> EceInterval(Values p, Labels y, double ece,
                                    const ReliabilityOptions& options) {
  const BinarySample sample(p, y);
  std::vector<double> w;
  std::vector<int> clusters(p.size());
  std::iota(clusters.begin(), clusters.end(), 0);
  auto interval = BootstrapIntervals(
      clusters, {ece}, {IntervalKind::kBasic},
      [&](std::span<const double> weights, std::span<double> out) {
        sample.Arrange(weights, &w);
        out[0] = sample.ExpectedCalibrationError(options.bins, w);
      },
      options.bootstrap)[0];
  if (interval) {
    // Errors are never negative, though twice the figure less a quantile may be.
    interval->low = std::max(0.0, interval->low);
    interval->high = std::max(0.0, interval->high);
  }
  return interval;
}

Json BinsJson(const std::vector<ReliabilityBin>& bins) {
  Json array = Json::array();
  for (const ReliabilityBin& bin : bins) {
    array.push_back({{"n", bin.n},
                     {"p", bin.p},
                     {"p_low", bin.p_low},
                     {"p_high", bin.p_high},
                     {"y", bin.y},
                     {"interval", IntervalJson(bin.interval)}});
  }
  return array;
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
  result.ece = ExpectedCalibrationError(p, y, options.bins);
  result.ece_interval = EceInterval(p, y, result.ece, options);
  const double debiased = DebiasedCalibrationError(p, y, options.bins);
  if (!std::isnan(debiased)) result.ece_debiased = debiased;
  result.adaptive = AdaptiveCalibrationError(p, y);
  result.ece_width = EqualWidthCalibrationError(p, y, options.bins);
  result.brier = DecomposeBrier(p, y, options.bins);
  for (const Group& group : GroupItems(items)) {
    if (group.by == "all") continue;
    ReliabilitySlice slice{group.by, group.value, static_cast<int>(group.members.size()),
                           {},       {},          {}};
    std::vector<double> slice_p;
    std::vector<int> slice_y;
    for (const std::size_t i : group.members) {
      slice_p.push_back(p[i]);
      slice_y.push_back(y[i]);
    }
    AddDebiased(slice_p, slice_y, options, &slice);
    slice.bins = EqualMassBins(slice_p, slice_y, options.slice_bins, options.bootstrap.level);
    result.slices.push_back(std::move(slice));
  }
  return result;
}

Json ToJson(const Reliability& r) {
  Json slices = Json::array();
  for (const ReliabilitySlice& slice : r.slices) {
    slices.push_back({{"by", slice.by},
                      {"value", slice.value},
                      {"n", slice.n},
                      {"ece_debiased", NumberJson(slice.ece_debiased)},
                      {"interval", IntervalJson(slice.interval)},
                      {"bins", BinsJson(slice.bins)}});
  }
  return {{"bins", BinsJson(r.bins)},
          {"ece", NumberJson(r.ece)},
          {"ece_interval", IntervalJson(r.ece_interval)},
          {"ece_debiased", NumberJson(r.ece_debiased)},
          {"ece_adaptive", NumberJson(r.adaptive.value)},
          {"ece_adaptive_bins", r.adaptive.bins},
          {"ece_width", NumberJson(r.ece_width)},
          {"brier",
           {{"value", NumberJson(r.brier.value)},
            {"reliability", NumberJson(r.brier.reliability)},
            {"resolution", NumberJson(r.brier.resolution)},
            {"uncertainty", NumberJson(r.brier.uncertainty)},
            {"within_variance", NumberJson(r.brier.within_variance)},
            {"within_covariance", NumberJson(r.brier.within_covariance)}}},
          {"slices", slices}};
}

}  // namespace arcsat
