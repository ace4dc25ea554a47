#include "eval/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "data/error.h"
#include "eval/groups.h"
#include "eval/metrics.h"

namespace arcsat {
namespace {

constexpr const char* kOneClass = "all items are of one class";
constexpr const char* kOneSign = "no turn is rated negative, or none positive";
constexpr const char* kConstant = "the state or the rating is the same for all items";

// In the order in which the figures are computed below.
const std::vector<FigureSpec>& SurveySpecs() {
  static const std::vector<FigureSpec> specs = {
      {"accuracy", IntervalKind::kPercentile, ""},
      {"balanced_accuracy", IntervalKind::kPercentile, kOneClass},
      {"macro_f1", IntervalKind::kPercentile, kOneClass},
      {"roc_auc", IntervalKind::kPercentile, kOneClass},
      {"pr_auc", IntervalKind::kPercentile, kOneClass},
      {"brier", IntervalKind::kPercentile, ""},
      {"log_loss", IntervalKind::kPercentile, ""},
      {"ece", IntervalKind::kError, "", "calibration_error_debiased"},
      {"calibration_error_debiased", IntervalKind::kPercentile, "no bin holds two items"}};
  return specs;
}

const std::vector<FigureSpec>& TurnSpecs() {
  static const std::vector<FigureSpec> specs = {
      {"accuracy", IntervalKind::kPercentile, ""},
      {"uar", IntervalKind::kPercentile, kOneClass},
      {"macro_f1", IntervalKind::kPercentile, kOneClass},
      {"kappa", IntervalKind::kPercentile, kOneClass},
      {"kappa_linear", IntervalKind::kPercentile, kOneClass},
      {"kappa_quadratic", IntervalKind::kPercentile, kOneClass},
      {"spearman", IntervalKind::kPercentile, kConstant},
      {"sign_accuracy", IntervalKind::kPercentile, kOneSign},
      {"sign_auc", IntervalKind::kPercentile, kOneSign}};
  return specs;
}

Figure Plain(const std::string& name, double value, std::optional<Interval> interval = {}) {
  return {name, value, interval, ""};
}

void AddMajority(const char* balanced, const BootstrapOptions& options, bool independent,
                 Slice* slice) {
  const double share = *std::max_element(slice->shares.begin(), slice->shares.end());
  const auto present =
      std::count_if(slice->shares.begin(), slice->shares.end(), [](double s) { return s > 0; });
  std::optional<Interval> interval;
  if (independent) interval = WilsonInterval(share * slice->n, slice->n, options.level);
  slice->majority.push_back(Plain("accuracy", share, interval));
  if (present < 2) {
    slice->majority.push_back({balanced, {}, {}, kOneClass});
    slice->majority.push_back({"macro_f1", {}, {}, kOneClass});
    return;
  }
  // Recall 1 and F1 2s / (1 + s) on one class, 0 on the others.
  slice->majority.push_back(Plain(balanced, 1.0 / static_cast<double>(present)));
  slice->majority.push_back(
      Plain("macro_f1", 2 * share / (1 + share) / static_cast<double>(present)));
}

Slice SurveySlice(const std::vector<const SurveyItem*>& items, const EvaluationOptions& options) {
  std::vector<double> p;
  std::vector<int> y, clusters(items.size());
  std::iota(clusters.begin(), clusters.end(), 0);
  for (const SurveyItem* item : items) {
    p.push_back(item->p);
    y.push_back(item->y ? 1 : 0);
  }
  Slice slice;
  slice.n = slice.conversations = static_cast<int>(items.size());
  const double rate = static_cast<double>(std::count(y.begin(), y.end(), 1)) / slice.n;
  slice.shares = {1 - rate, rate};
  const BinarySample sample(p, y);
  std::vector<double> w;
  const bool one_class = rate <= 0 || rate >= 1;
  slice.figures = FiguresWithIntervals(
      SurveySpecs(), clusters,
      [&](std::span<const double> weights, std::span<double> out, bool resampled) {
        sample.Arrange(weights, &w);
        const BinaryCounts counts = sample.Counts(options.threshold, w);
        out[0] = Accuracy(counts);
        out[1] = BalancedAccuracy(counts);
        out[2] = one_class ? std::nan("") : MacroF1(counts);
        out[3] = sample.RocAuc(w);
        out[4] = one_class ? std::nan("") : sample.PrAuc(w);
        out[5] = sample.Brier(w);
        out[6] = sample.LogLoss(w);
        out[7] = sample.ExpectedCalibrationError(options.bins, w);
        out[8] = sample.DebiasedCalibrationError(options.bins, w, resampled ? 2 : 1);
      },
      options.bootstrap);
  // A share of independent items: Wilson's interval holds its level in small groups as well.
  Figure& accuracy = slice.figures.front();
  accuracy.interval = WilsonInterval(*accuracy.value * slice.n, slice.n, options.bootstrap.level);
  AddMajority("balanced_accuracy", options.bootstrap, true, &slice);
  return slice;
}

// Right or wrong about turns whose rating is not neutral, by `sign` alone. `figures`: accuracy,
// AUC.
class SignSample {
 public:
  SignSample(const std::vector<double>& states, const std::vector<int>& y, double sign)
      : sign_(sign) {
    std::vector<double> p;
    std::vector<int> positive;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] == 1) continue;
      items_.push_back(i);
      p.push_back(states[i]);
      positive.push_back(y[i] == 2 ? 1 : 0);
    }
    both_ = std::set<int>(positive.begin(), positive.end()).size() == 2;
    if (both_) sample_.emplace(p, positive);
  }
  void Measure(std::span<const double> weights, std::span<double> figures) const {
    figures[0] = figures[1] = std::nan("");
    if (!both_) return;
    std::vector<double> own, w;
    for (const std::size_t i : items_) own.push_back(weights[i]);
    sample_->Arrange(own, &w);
    figures[0] = Accuracy(sample_->Counts(sign_, w));
    figures[1] = sample_->RocAuc(w);
  }

 private:
  double sign_;
  bool both_ = false;
  std::vector<std::size_t> items_;
  std::optional<BinarySample> sample_;
};

Slice TurnSlice(const std::vector<const TurnItem*>& items, const EvaluationOptions& options) {
  std::vector<double> states, ratings;
  std::vector<int> y, predicted, clusters;
  Slice slice;
  slice.n = static_cast<int>(items.size());
  slice.shares.assign(3, 0);
  for (const TurnItem* item : items) {
    states.push_back(item->state);
    ratings.push_back(item->rating);
    clusters.push_back(item->conversation);
    y.push_back(RatingClass(item->rating, options.classes.rule));
    predicted.push_back(StateClass(item->state, options.classes));
    slice.shares[static_cast<std::size_t>(y.back())] += 1.0 / slice.n;
  }
  slice.conversations = static_cast<int>(std::set<int>(clusters.begin(), clusters.end()).size());
  const RankSample ranks(states, ratings);
  const SignSample signs(states, y, options.classes.sign);
  const bool one_class = std::set<int>(y.begin(), y.end()).size() < 2;
  const double none = std::nan("");
  slice.figures = FiguresWithIntervals(
      TurnSpecs(), clusters,
      [&](std::span<const double> weights, std::span<double> out, bool) {
        const Eigen::MatrixXd confusion = Confusion(y, predicted, 3, weights);
        out[0] = Accuracy(confusion);
        out[1] = one_class ? none : UnweightedAverageRecall(confusion);
        out[2] = one_class ? none : MacroF1(confusion);
        out[3] = one_class ? none : CohenKappa(confusion);
        out[4] = one_class ? none : CohenKappa(confusion, KappaWeights::kLinear);
        out[5] = one_class ? none : CohenKappa(confusion, KappaWeights::kQuadratic);
        out[6] = ranks.Spearman(weights);
        signs.Measure(weights, out.subspan(7, 2));
      },
      options.bootstrap);
  AddMajority("uar", options.bootstrap, false, &slice);
  return slice;
}

// The slice of all items, then one for each value of each grouping that tells items apart.
template <class Item>
std::vector<Slice> Slices(const std::vector<Item>& items,
                          const std::function<Slice(const std::vector<const Item*>&)>& measure) {
  std::vector<Slice> slices;
  if (items.empty()) return slices;
  for (const Group& group : GroupItems(items)) {
    std::vector<const Item*> members;
    for (const std::size_t i : group.members) members.push_back(&items[i]);
    slices.push_back(measure(members));
    slices.back().by = group.by;
    slices.back().value = group.value;
  }
  return slices;
}

void Check(const std::vector<SurveyItem>& survey, const std::vector<TurnItem>& turns,
           const EvaluationOptions& options) {
  if (survey.empty() && turns.empty()) {
    throw Error({"evaluation", "found no survey answer and no rated turn", "expected either",
                 "evaluate conversations that customers or annotators rated"});
  }
  for (const SurveyItem& item : survey) {
    if (!(item.p >= 0 && item.p <= 1)) {
      throw Error({fmt::format("conversation {}: p_satisfied", item.id),
                   fmt::format("found {}", item.p), "expected a number from 0 to 1",
                   "score the conversations again"});
    }
  }
  for (const TurnItem& item : turns) {
    if (!(item.state >= 0 && item.state <= 1) || !(item.rating >= 1 && item.rating <= 5)) {
      throw Error({fmt::format("rated turn of conversation number {}", item.conversation),
                   fmt::format("found state {} and rating {}", item.state, item.rating),
                   "expected a state from 0 to 1 and a rating from 1 to 5",
                   "score the conversations again, or mend the ratings"});
    }
  }
  if (!(options.classes.low <= options.classes.high) || options.bins < 1) {
    throw UsageError({"evaluate options",
                      fmt::format("found state_low {}, state_high {}, bins {}", options.classes.low,
                                  options.classes.high, options.bins),
                      "expected state_low <= state_high and bins >= 1", "mend the options"});
  }
}

}  // namespace

std::string LengthGroup(int turns) {
  return turns <= 8 ? "1-8" : turns <= 16 ? "9-16" : turns <= 32 ? "17-32" : "33+";
}

Evaluation Evaluate(const std::vector<SurveyItem>& survey, const std::vector<TurnItem>& turns,
                    const EvaluationOptions& options) {
  Check(survey, turns, options);
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.survey = Slices<SurveyItem>(
      survey, [&](const std::vector<const SurveyItem*>& s) { return SurveySlice(s, options); });
  evaluation.turns = Slices<TurnItem>(
      turns, [&](const std::vector<const TurnItem*>& s) { return TurnSlice(s, options); });
  return evaluation;
}

}  // namespace arcsat
