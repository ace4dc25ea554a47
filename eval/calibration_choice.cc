#include <algorithm>
#include <cmath>

#include "data/random.h"
#include "eval/calibration_maps.h"
#include "eval/folds.h"
#include "eval/metrics.h"
#include "eval/special.h"

namespace arcsat::fitting {
namespace {

// Halfway between neighbouring chances, so that a threshold sits on no conversation; of equally
// good ones the nearest to one half.
double BestThreshold(const std::vector<double>& p, const std::vector<int>& y,
                     const std::string& rule) {
  if (rule == "half") return 0.5;
  const BinarySample sample(p, y);
  std::vector<double> ones;
  sample.Arrange({}, &ones);
  std::vector<double> sorted = p;
  std::sort(sorted.begin(), sorted.end());
  double best = 0.5, best_value = -1;
  const auto consider = [&](double threshold) {
    const BinaryCounts counts = sample.Counts(threshold, ones);
    const double value = rule == "accuracy" ? Accuracy(counts) : BalancedAccuracy(counts);
    const bool nearer = std::abs(threshold - 0.5) < std::abs(best - 0.5);
    if (value > best_value + 1e-12 || (value > best_value - 1e-12 && nearer)) {
      best = threshold;
      best_value = std::max(best_value, value);
    }
  };
  consider(0.5);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] > sorted[i - 1]) consider((sorted[i] + sorted[i - 1]) / 2);
  }
  return best;
}

/// Whether the mean of `more` - `less` (losses of the same conversations) is at most one standard
/// error.
bool NearTie(const std::vector<double>& more, const std::vector<double>& less) {
  const auto n = static_cast<double>(more.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < more.size(); ++i) {
    const double difference = more[i] - less[i];
    sum += difference;
    squares += difference * difference;
  }
  const double mean = sum / n;
  const double variance = std::max(0.0, squares / n - mean * mean) * n / std::max(1.0, n - 1);
  return mean <= std::sqrt(variance / n);
}

}  // namespace

OutOfFold CrossValidate(const Items& all, const Items& surveyed,
                        const CalibrationOptions& options) {
  const std::size_t n = surveyed.size();
  const std::size_t folds = std::min(static_cast<std::size_t>(options.folds), n);
  std::vector<int> y;
  for (const LabeledScore* item : surveyed) y.push_back(*item->satisfied ? 1 : 0);
  const std::vector<std::size_t> fold = StratifiedFolds(y, folds, MixSeed(options.seed, 1));
  const std::vector<double> none(n);
  OutOfFold out{std::move(y), none, none,
                std::vector<std::vector<double>>(kOutlookMethods.size(), none)};
  Items unsurveyed;
  for (const LabeledScore* item : all) {
    if (!item->satisfied) unsurveyed.push_back(item);
  }
  for (std::size_t f = 0; f < folds; ++f) {
    Items seen;
    for (std::size_t i = 0; i < n; ++i) {
      if (fold[i] != f) seen.push_back(surveyed[i]);
    }
    Items known = unsurveyed;
    known.insert(known.end(), seen.begin(), seen.end());
    std::vector<std::string> ignored;
    const Maps maps = FitMaps(known, seen, options, &ignored);
    for (std::size_t i = 0; i < n; ++i) {
      if (fold[i] != f) continue;
      const RawScore& raw = surveyed[i]->raw;
      out.raw[i] = Sigmoid(raw.outlook_logit);
      for (std::size_t m = 0; m < maps.outlook.size(); ++m) {
        out.outlook[m][i] = ApplyOutlook(maps.outlook[m], raw.outlook_logit);
      }
      out.arc[i] = Sigmoid(ArcLogOdds(maps.state, maps.arc, raw));
    }
  }
  return out;
}

std::size_t ChooseOutlook(const std::vector<std::vector<double>>& p, const std::vector<int>& y) {
  std::vector<std::vector<double>> losses;
  std::vector<double> whole;
  for (const std::vector<double>& chances : p) {
    std::vector<double>& loss = losses.emplace_back();
    for (std::size_t i = 0; i < y.size(); ++i) {
      loss.push_back(LogLoss({&chances[i], 1}, {&y[i], 1}));
    }
    whole.push_back(LogLoss(chances, y));
  }
  const auto lowest = std::min_element(whole.begin(), whole.end());
  const auto best = static_cast<std::size_t>(lowest - whole.begin());
  const std::size_t affine = whole[1] < whole[0] ? 1 : 0;
  if (best <= 1 || NearTie(losses[affine], losses[best])) return affine;
  for (std::size_t m = 2; m < best; ++m) {
    if (NearTie(losses[m], losses[best])) return m;
  }
  return best;
}

void Choose(const Maps& maps, const OutOfFold& held_out, const CalibrationOptions& options,
            Calibration* calibration) {
  calibration->log_loss = {{"uncalibrated", LogLoss(held_out.raw, held_out.y)}};
  for (std::size_t m = 0; m < kOutlookMethods.size(); ++m) {
    calibration->log_loss.emplace_back(kOutlookMethods[m],
                                       LogLoss(held_out.outlook[m], held_out.y));
  }
  const double arc = LogLoss(held_out.arc, held_out.y);
  calibration->log_loss.emplace_back("arc", arc);
  const std::vector<double>* p = &held_out.raw;
  if (options.outlook != "identity") {
    const auto named = std::find(kOutlookMethods.begin(), kOutlookMethods.end(), options.outlook);
    const std::size_t m = named != kOutlookMethods.end()
                              ? static_cast<std::size_t>(named - kOutlookMethods.begin())
                              : ChooseOutlook(held_out.outlook, held_out.y);
    calibration->outlook = maps.outlook[m];
    if (!maps.warnings[m].empty()) calibration->warnings.push_back(maps.warnings[m]);
    p = &held_out.outlook[m];
  }
  // kOutlookMethods[1], Platt: the only one that may fall.
  if (!(maps.outlook[1].coefficients(1) > 0)) {
    calibration->warnings.push_back(
        "the outlook falls with satisfaction: the model is worse than chance here");
  }
  // Here the lower log loss alone decides: the arc knows more than the outlook's maps do, which all
  // rank conversations alike.
  calibration->arc = maps.arc;
  calibration->chosen =
      options.final == "auto" ? (arc < LogLoss(*p, held_out.y) ? "arc" : "outlook") : options.final;
  if (calibration->chosen == "arc") p = &held_out.arc;
  calibration->threshold_rule = options.threshold;
  calibration->threshold = BestThreshold(*p, held_out.y, options.threshold);
}

}  // namespace arcsat::fitting
