#include "eval/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "data/error.h"
#include "eval/groups.h"
#include "eval/metrics.h"
#include "eval/special.h"

namespace arcsat {
namespace {

/// Conversations that an interval needs: the bootstrap of fewer is much too short.
constexpr std::size_t kFewestForInterval = 10;
/// A mean square below this is what rounding leaves of 0.
constexpr double kNoSpread = 1e-12;

constexpr const char* kSameAnswers = "every answer is the same";
constexpr const char* kSameExpected = "every expected answer is the same";
constexpr const char* kNoBoxes = "no conversation has chances of boxes";

using AnswerItems = std::vector<const AnswerItem*>;

// In the order in which the figures are computed below.
const std::vector<FigureSpec>& CsatSpecs() {
  static const std::vector<FigureSpec> specs = {
      {"mae", IntervalKind::kPercentile, ""},
      {"rmse", IntervalKind::kPercentile, ""},
      {"bias", IntervalKind::kPercentile, ""},
      {"spearman", IntervalKind::kPercentile, "every answer, or every expected one, is the same"},
      {"skill", IntervalKind::kPercentile, "every answer is the one that it is held against"},
      {"slope", IntervalKind::kPercentile, kSameExpected},
      {"intercept", IntervalKind::kPercentile, kSameExpected}};
  return specs;
}

const std::vector<FigureSpec>& BoxSpecs() {
  static const std::vector<FigureSpec> specs = {
      {"rps", IntervalKind::kPercentile, kNoBoxes},
      {"rps_skill", IntervalKind::kPercentile, kSameAnswers},
      {"log_loss", IntervalKind::kPercentile, ""},
      {"accuracy", IntervalKind::kPercentile, ""},
      {"kappa_quadratic", IntervalKind::kPercentile, "one box only is answered and expected"},
      {"ece", IntervalKind::kError, "", "ece_debiased"},
      {"ece_debiased", IntervalKind::kPercentile, "no bin holds two answers"}};
  return specs;
}

const std::vector<FigureSpec>& AnswerSliceSpecs() {
  static const std::vector<FigureSpec> specs = {{"mae", IntervalKind::kPercentile, ""},
                                                {"bias", IntervalKind::kPercentile, ""},
                                                {"rps", IntervalKind::kPercentile, kNoBoxes}};
  return specs;
}

double OverSpread(double part, double spread, double mass) {
  return spread > kNoSpread * mass ? part / spread : kNaN;
}

/// Each conversation is a cluster of its own.
std::vector<Figure> ByConversation(const std::vector<FigureSpec>& specs, std::size_t n,
                                   const WeightedFigures& measure,
                                   const BootstrapOptions& options) {
  std::vector<int> clusters(n);
  std::iota(clusters.begin(), clusters.end(), 0);
  std::vector<Figure> figures = FiguresWithIntervals(specs, clusters, measure, options);
  if (n < kFewestForInterval) {
    for (Figure& figure : figures) figure.interval.reset();
  }
  return figures;
}

class CsatSample {
 public:
  /// `reference` is what skill is held against; nothing: the mean of the answers drawn.
  CsatSample(std::vector<double> csat, std::vector<double> answer, std::optional<double> reference)
      : csat_(std::move(csat)),
        answer_(std::move(answer)),
        reference_(reference),
        ranks_(csat_, answer_) {}

  std::size_t size() const { return csat_.size(); }

  /// The figures of CsatSpecs().
  void Measure(Values w, std::span<double> out) const {
    double n = 0, absolute = 0, squared = 0, mean_csat = 0, mean_answer = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      const double off = csat_[i] - answer_[i];
      n += w[i];
      absolute += w[i] * std::abs(off);
      squared += w[i] * off * off;
      mean_csat += w[i] * csat_[i];
      mean_answer += w[i] * answer_[i];
    }
    mean_csat /= n;
    mean_answer /= n;
    const double said = reference_.value_or(mean_answer);
    double spread = 0, variance = 0, covariance = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      spread += w[i] * (answer_[i] - said) * (answer_[i] - said);
      variance += w[i] * (csat_[i] - mean_csat) * (csat_[i] - mean_csat);
      covariance += w[i] * (csat_[i] - mean_csat) * (answer_[i] - mean_answer);
    }
    const double slope = OverSpread(covariance, variance, n);
    out[0] = absolute / n;
    out[1] = std::sqrt(squared / n);
    out[2] = mean_csat - mean_answer;
    out[3] = ranks_.Spearman(w);
    out[4] = 1 - OverSpread(squared, spread, n);
    out[5] = slope;
    out[6] = mean_answer - slope * mean_csat;
  }

 private:
  std::vector<double> csat_, answer_;
  std::optional<double> reference_;
  RankSample ranks_;
};

bool HasBox(const AnswerItem& item) {
  return !item.boxes.empty() && item.answer == std::round(item.answer);
}

/// Counted from 0.
int BoxOf(const AnswerItem& item, double low) {
  return static_cast<int>(std::lround(item.answer - low));
}

/// Chance of at most each box but the highest.
std::vector<double> UpTo(const std::vector<double>& boxes) {
  std::vector<double> up_to;
  double sum = 0;
  for (std::size_t k = 0; k + 1 < boxes.size(); ++k) {
    sum += boxes[k];
    up_to.push_back(std::clamp(sum, 0.0, 1.0));  // sums round
  }
  return up_to;
}

double RankedProbabilityScore(const std::vector<double>& up_to, int box) {
  double sum = 0;
  for (std::size_t k = 0; k < up_to.size(); ++k) {
    const double off = up_to[k] - (box <= static_cast<int>(k) ? 1 : 0);
    sum += off * off;
  }
  return sum / static_cast<double>(up_to.size());
}

/// Conversations with a whole answer and chances of boxes.
class BoxSample {
 public:
  BoxSample(const AnswerItems& items, double low) : boxes_(items.front()->boxes.size()) {
    std::vector<std::vector<double>> chance(boxes_ - 1);
    std::vector<std::vector<int>> within(boxes_ - 1);
    for (const AnswerItem* item : items) {
      const int box = BoxOf(*item, low);
      const double chosen = item->boxes[static_cast<std::size_t>(box)];
      const std::vector<double> up_to = UpTo(item->boxes);
      for (std::size_t k = 0; k < up_to.size(); ++k) {
        chance[k].push_back(up_to[k]);
        within[k].push_back(box <= static_cast<int>(k) ? 1 : 0);
      }
      box_.push_back(box);
      likeliest_.push_back(static_cast<int>(
          std::max_element(item->boxes.begin(), item->boxes.end()) - item->boxes.begin()));
      rps_.push_back(RankedProbabilityScore(up_to, box));
      loss_.push_back(-std::log(std::max(chosen, std::numeric_limits<double>::epsilon())));
      impossible_ += chosen > 0 ? 0 : 1;
    }
    for (std::size_t k = 0; k < chance.size(); ++k) cuts_.emplace_back(chance[k], within[k]);
  }

  std::size_t size() const { return box_.size(); }
  int impossible() const { return impossible_; }

  /// The figures of BoxSpecs(). `noise` as DebiasedCalibrationError has it.
  void Measure(Values w, int bins, double noise, std::span<double> out) const {
    const Eigen::MatrixXd confusion = Confusion(box_, likeliest_, static_cast<int>(boxes_), w);
    const double n = confusion.sum();
    const double rps = std::inner_product(w.begin(), w.end(), rps_.begin(), 0.0) / n;
    const double uncertainty = Uncertainty(confusion.rowwise().sum() / n);
    out[0] = rps;
    out[1] = 1 - OverSpread(rps, uncertainty, 1);
    out[2] = std::inner_product(w.begin(), w.end(), loss_.begin(), 0.0) / n;
    out[3] = Accuracy(confusion);
    out[4] = CohenKappa(confusion, KappaWeights::kQuadratic);
    out[5] = out[6] = 0;
    std::vector<double> arranged;
    for (const BinarySample& cut : cuts_) {
      cut.Arrange(w, &arranged);
      out[5] += cut.ExpectedCalibrationError(bins, arranged);
      out[6] += cut.DebiasedCalibrationError(bins, arranged, noise);
    }
    out[5] /= static_cast<double>(cuts_.size());
    out[6] /= static_cast<double>(cuts_.size());
  }

 private:
  /// The score of always giving the answers' own shares.
  static double Uncertainty(const Eigen::VectorXd& shares) {
    double sum = 0, within = 0;
    for (Eigen::Index k = 0; k + 1 < shares.size(); ++k) {
      within += shares(k);
      sum += within * (1 - within);
    }
    return sum / static_cast<double>(shares.size() - 1);
  }

  std::size_t boxes_;
  std::vector<int> box_, likeliest_;
  std::vector<double> rps_, loss_;  // each conversation's
  int impossible_ = 0;
  std::vector<BinarySample> cuts_;  // at most each box but the highest: chance and answer
};

std::vector<BoxShare> Shares(const std::vector<double>& chance, const std::vector<int>& answered,
                             const AnswerOptions& options, int n) {
  std::vector<BoxShare> shares;
  for (std::size_t k = 0; k < chance.size(); ++k) {
    shares.push_back({static_cast<int>(std::lround(options.low)) + static_cast<int>(k),
                      chance[k] / n, static_cast<double>(answered[k]) / n,
                      WilsonInterval(answered[k], n, options.bootstrap.level)});
  }
  return shares;
}

void AddShares(const AnswerItems& items, const AnswerOptions& options, BoxFigures* figures) {
  const std::size_t boxes = items.front()->boxes.size();
  std::vector<double> chance(boxes, 0.0);
  std::vector<int> answered(boxes, 0);
  for (const AnswerItem* item : items) {
    ++answered[static_cast<std::size_t>(BoxOf(*item, options.low))];
    for (std::size_t k = 0; k < boxes; ++k) chance[k] += item->boxes[k];
  }
  figures->each = Shares(chance, answered, options, figures->n);
  std::partial_sum(chance.begin(), chance.end(), chance.begin());
  std::partial_sum(answered.begin(), answered.end(), answered.begin());
  chance.pop_back();
  answered.pop_back();
  figures->up_to = Shares(chance, answered, options, figures->n);
}

std::optional<BoxFigures> MeasureBoxes(const std::vector<AnswerItem>& all,
                                       const AnswerOptions& options) {
  AnswerItems items;
  for (const AnswerItem& item : all) {
    if (HasBox(item)) items.push_back(&item);
  }
  if (items.empty()) return {};
  const BoxSample sample(items, options.low);
  BoxFigures figures;
  figures.n = static_cast<int>(sample.size());
  figures.impossible = sample.impossible();
  figures.figures = ByConversation(
      BoxSpecs(), sample.size(),
      [&](Values weights, std::span<double> out, bool resampled) {
        sample.Measure(weights, options.bins, resampled ? 2 : 1, out);
      },
      options.bootstrap);
  AddShares(items, options, &figures);
  return figures;
}

AnswerSlice MeasureSlice(const std::vector<AnswerItem>& all, const Group& group,
                         const AnswerOptions& options) {
  AnswerSlice slice{group.by, group.value, static_cast<int>(group.members.size()), 0, {}};
  std::vector<double> off, rps;
  for (const std::size_t i : group.members) {
    const AnswerItem& item = all[i];
    const bool boxed = HasBox(item);
    off.push_back(item.csat - item.answer);
    rps.push_back(boxed ? RankedProbabilityScore(UpTo(item.boxes), BoxOf(item, options.low))
                        : kNaN);
    slice.boxed += boxed ? 1 : 0;
  }
  slice.figures = ByConversation(
      AnswerSliceSpecs(), off.size(),
      [&](Values w, std::span<double> out, bool) {
        double n = 0, absolute = 0, bias = 0, boxed = 0, score = 0;
        for (std::size_t i = 0; i < off.size(); ++i) {
          n += w[i];
          absolute += w[i] * std::abs(off[i]);
          bias += w[i] * off[i];
          if (std::isnan(rps[i])) continue;
          boxed += w[i];
          score += w[i] * rps[i];
        }
        out[0] = absolute / n;
        out[1] = bias / n;
        out[2] = boxed > 0 ? score / boxed : kNaN;
      },
      options.bootstrap);
  return slice;
}

void CheckBoxes(const std::vector<double>& boxes, const AnswerOptions& options) {
  constexpr double kRounding = 1e-6;
  double sum = 0;
  bool chances = true;
  for (const double chance : boxes) {
    chances = chances && chance >= -kRounding && chance <= 1 + kRounding;
    sum += chance;
  }
  const bool one_each = options.low == std::round(options.low) &&
                        static_cast<double>(boxes.size()) == options.high - options.low + 1;
  if (one_each && chances && std::abs(sum - 1) <= kRounding) return;
  throw Error({"answers: chances of boxes", fmt::format("found {}, together {}", boxes.size(), sum),
               fmt::format("expected one for each whole answer from {} to {}, together 1",
                           options.low, options.high),
               "calibrate the model again, and score the conversations with it"});
}

void CheckItems(const std::vector<AnswerItem>& items, const AnswerOptions& options) {
  if (!(options.low < options.high) || options.bins < 1) {
    throw UsageError({"evaluate options",
                      fmt::format("found a scale from {} to {}, and {} bins", options.low,
                                  options.high, options.bins),
                      "expected the lower end first, and 1 bin or more", "mend the options"});
  }
  if (items.empty()) {
    throw Error({"answers", "found no answer on the survey's scale", "expected one or more",
                 "evaluate conversations that customers rated"});
  }
  const auto on_scale = [&](double x) { return x >= options.low && x <= options.high; };
  for (const AnswerItem& item : items) {
    if (!on_scale(item.answer) || !on_scale(item.csat)) {
      throw Error({"answers", fmt::format("found {}, expected as {}", item.answer, item.csat),
                   fmt::format("expected both from {} to {}", options.low, options.high),
                   "leave out answers to other surveys"});
    }
    if (!item.boxes.empty()) CheckBoxes(item.boxes, options);
  }
}

}  // namespace

Answers MeasureAnswers(const std::vector<AnswerItem>& items, const AnswerOptions& options) {
  CheckItems(items, options);
  std::vector<double> csat, answer;
  for (const AnswerItem& item : items) {
    csat.push_back(item.csat);
    answer.push_back(item.answer);
  }
  Answers result;
  result.low = options.low;
  result.high = options.high;
  result.n = static_cast<int>(items.size());
  result.mean_csat = std::accumulate(csat.begin(), csat.end(), 0.0) / result.n;
  result.mean_answer = std::accumulate(answer.begin(), answer.end(), 0.0) / result.n;
  result.reference = options.calibration_mean.value_or(result.mean_answer);
  result.reference_is_theirs = !options.calibration_mean;
  const CsatSample sample(std::move(csat), std::move(answer), options.calibration_mean);
  result.csat = ByConversation(
      CsatSpecs(), sample.size(),
      [&](Values weights, std::span<double> out, bool) { sample.Measure(weights, out); },
      options.bootstrap);
  result.boxes = MeasureBoxes(items, options);
  for (const Group& group : GroupItems(items)) {
    if (group.by != "all") result.slices.push_back(MeasureSlice(items, group, options));
  }
  return result;
}

}  // namespace arcsat
