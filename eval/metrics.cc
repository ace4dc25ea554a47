#include "eval/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "data/error.h"
#include "eval/special.h"

namespace arcsat {
namespace {

double Ratio(double part, double whole) { return whole > 0 ? part / whole : kNaN; }

double Sum(Values w) { return std::accumulate(w.begin(), w.end(), 0.0); }

[[noreturn]] void Refuse(const std::string& place, const std::string& found,
                         const std::string& expected) {
  throw Error({place, found, expected, "check the predictions and labels that were passed"});
}

void CheckLength(const char* what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    Refuse("metrics", fmt::format("found {} {}", found, what),
           fmt::format("expected {}, one an item", expected));
  }
}

void CheckWeights(Values w, std::size_t items) {
  if (w.empty()) return;
  CheckLength("weights", w.size(), items);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (!(w[i] >= 0) || std::isinf(w[i])) {
      Refuse(fmt::format("metrics: weight of item {}", i), fmt::format("found {}", w[i]),
             "expected a finite number >= 0");
    }
  }
}

double F1(double hit, double false_alarm, double miss) {
  return 2 * hit / (2 * hit + false_alarm + miss);
}

std::vector<std::size_t> Ascending(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

std::vector<double> Arranged(const BinarySample& sample, Values w) {
  std::vector<double> arranged;
  sample.Arrange(w, &arranged);
  return arranged;
}

BinaryCounts CountsOf(Values p, Labels y, double threshold, Values w) {
  const BinarySample sample(p, y);
  return sample.Counts(threshold, Arranged(sample, w));
}

}  // namespace

double Accuracy(const BinaryCounts& c) {
  const double right = c.true_positive + c.true_negative;
  return Ratio(right, right + c.false_positive + c.false_negative);
}

double BalancedAccuracy(const BinaryCounts& c) {
  return (Ratio(c.true_positive, c.true_positive + c.false_negative) +
          Ratio(c.true_negative, c.true_negative + c.false_positive)) /
         2;
}

double MacroF1(const BinaryCounts& c) {
  const double positive = F1(c.true_positive, c.false_positive, c.false_negative);
  const double negative = F1(c.true_negative, c.false_negative, c.false_positive);
  // 0 / 0: the class is in neither labels nor predictions.
  if (std::isnan(positive)) return negative;
  if (std::isnan(negative)) return positive;
  return (positive + negative) / 2;
}

BinarySample::BinarySample(Values p, Labels y) : order_(Ascending(p)) {
  CheckLength("labels", y.size(), p.size());
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  for (const std::size_t i : order_) {
    if (!(p[i] >= 0 && p[i] <= 1)) {
      Refuse(fmt::format("metrics: probability of item {}", i), fmt::format("found {}", p[i]),
             "expected a number from 0 to 1");
    }
    if (y[i] != 0 && y[i] != 1) {
      Refuse(fmt::format("metrics: label of item {}", i), fmt::format("found {}", y[i]),
             "expected 0 or 1");
    }
    const double clipped = std::clamp(p[i], kEps, 1 - kEps);
    if (!p_.empty() && p[i] != p_.back()) group_end_.push_back(p_.size());
    p_.push_back(p[i]);
    y_.push_back(y[i]);
    square_.push_back((p[i] - y[i]) * (p[i] - y[i]));
    loss_.push_back(y[i] == 1 ? -std::log(clipped) : -std::log(1 - clipped));
  }
  if (!p_.empty()) group_end_.push_back(p_.size());
}

void BinarySample::Arrange(Values weights, std::vector<double>* arranged) const {
  CheckWeights(weights, size());
  arranged->resize(size());
  for (std::size_t i = 0; i < size(); ++i)
    (*arranged)[i] = weights.empty() ? 1 : weights[order_[i]];
}

BinaryCounts BinarySample::Counts(double threshold, Values w) const {
  const std::size_t first =
      static_cast<std::size_t>(std::lower_bound(p_.begin(), p_.end(), threshold) - p_.begin());
  BinaryCounts counts;
  for (std::size_t i = 0; i < first; ++i) {
    counts.false_negative += w[i] * y_[i];
    counts.true_negative += w[i] * (1 - y_[i]);
  }
  for (std::size_t i = first; i < size(); ++i) {
    counts.true_positive += w[i] * y_[i];
    counts.false_positive += w[i] * (1 - y_[i]);
  }
  return counts;
}

double BinarySample::RocAuc(Values w) const {
  double wins = 0, positives = 0, negatives = 0;
  std::size_t i = 0;
  for (const std::size_t end : group_end_) {
    double group_positive = 0, group_negative = 0;
    for (; i < end; ++i) {
      group_positive += w[i] * y_[i];
      group_negative += w[i] * (1 - y_[i]);
    }
    wins += group_positive * (negatives + group_negative / 2);
    positives += group_positive;
    negatives += group_negative;
  }
  return Ratio(wins, positives * negatives);
}

double BinarySample::PrAuc(Values w) const {
  double area = 0, positives = 0, chosen = 0;
  std::size_t i = size();
  for (std::size_t g = group_end_.size(); g-- > 0;) {
    const std::size_t begin = g == 0 ? 0 : group_end_[g - 1];
    double gained = 0;
    for (; i > begin; --i) {
      gained += w[i - 1] * y_[i - 1];
      chosen += w[i - 1];
    }
    positives += gained;
    if (gained > 0) area += gained * positives / chosen;
  }
  return Ratio(area, positives);
}

double BinarySample::Brier(Values w) const {
  return Ratio(std::inner_product(w.begin(), w.end(), square_.begin(), 0.0), Sum(w));
}

double BinarySample::LogLoss(Values w) const {
  return Ratio(std::inner_product(w.begin(), w.end(), loss_.begin(), 0.0), Sum(w));
}

std::size_t EqualMassBin(double middle, std::size_t bins) {
  return std::min(static_cast<std::size_t>(middle * static_cast<double>(bins)), bins - 1);
}

std::vector<BinarySample::Bin> BinarySample::Bins(int bins, Values w) const {
  std::vector<Bin> result(static_cast<std::size_t>(std::max(bins, 1)));
  const double total = Sum(w);
  if (!(total > 0)) return result;
  double below = 0;
  std::size_t i = 0;
  for (const std::size_t end : group_end_) {
    Bin group;
    for (; i < end; ++i) {
      group.mass += w[i];
      group.p += w[i] * p_[i];
      group.y += w[i] * y_[i];
    }
    const std::size_t at = EqualMassBin((below + group.mass / 2) / total, result.size());
    result[at].mass += group.mass;
    result[at].p += group.p;
    result[at].y += group.y;
    below += group.mass;
  }
  return result;
}

double BinarySample::ExpectedCalibrationError(int bins, Values w) const {
  double gap = 0, mass = 0;
  for (const Bin& bin : Bins(bins, w)) {
    gap += std::abs(bin.p - bin.y);
    mass += bin.mass;
  }
  return Ratio(gap, mass);
}

double BinarySample::DebiasedCalibrationError(int bins, Values w, double noise) const {
  double sum = 0, mass = 0;
  for (const Bin& bin : Bins(bins, w)) {
    if (bin.mass <= 1) continue;
    const double y = bin.y / bin.mass;
    const double gap = bin.p / bin.mass - y;
    sum += bin.mass * (gap * gap - noise * y * (1 - y) / (bin.mass - 1));
    mass += bin.mass;
  }
  return std::sqrt(std::max(Ratio(sum, mass), mass > 0 ? 0.0 : kNaN));
}

double Accuracy(Values p, Labels y, double threshold, Values w) {
  return Accuracy(CountsOf(p, y, threshold, w));
}
double BalancedAccuracy(Values p, Labels y, double threshold, Values w) {
  return BalancedAccuracy(CountsOf(p, y, threshold, w));
}
double MacroF1(Values p, Labels y, double threshold, Values w) {
  return MacroF1(CountsOf(p, y, threshold, w));
}
double RocAuc(Values p, Labels y, Values w) {
  const BinarySample sample(p, y);
  return sample.RocAuc(Arranged(sample, w));
}
double PrAuc(Values p, Labels y, Values w) {
  const BinarySample sample(p, y);
  return sample.PrAuc(Arranged(sample, w));
}
double Brier(Values p, Labels y, Values w) {
  const BinarySample sample(p, y);
  return sample.Brier(Arranged(sample, w));
}
double LogLoss(Values p, Labels y, Values w) {
  const BinarySample sample(p, y);
  return sample.LogLoss(Arranged(sample, w));
}
double ExpectedCalibrationError(Values p, Labels y, int bins, Values w) {
  const BinarySample sample(p, y);
  return sample.ExpectedCalibrationError(bins, Arranged(sample, w));
}
double DebiasedCalibrationError(Values p, Labels y, int bins, Values w) {
  const BinarySample sample(p, y);
  return sample.DebiasedCalibrationError(bins, Arranged(sample, w));
}

Eigen::MatrixXd Confusion(Labels y, Labels predicted, int classes, Values w) {
  CheckLength("predictions", predicted.size(), y.size());
  CheckWeights(w, y.size());
  Eigen::MatrixXd confusion = Eigen::MatrixXd::Zero(classes, classes);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] < 0 || y[i] >= classes || predicted[i] < 0 || predicted[i] >= classes) {
      Refuse(fmt::format("metrics: class of item {}", i),
             fmt::format("found label {} and prediction {}", y[i], predicted[i]),
             fmt::format("expected 0 to {}", classes - 1));
    }
    confusion(y[i], predicted[i]) += w.empty() ? 1 : w[i];
  }
  return confusion;
}

double Accuracy(const Eigen::MatrixXd& confusion) {
  return Ratio(confusion.trace(), confusion.sum());
}

double UnweightedAverageRecall(const Eigen::MatrixXd& confusion) {
  double sum = 0;
  int present = 0;
  for (Eigen::Index c = 0; c < confusion.rows(); ++c) {
    const double mass = confusion.row(c).sum();
    if (!(mass > 0)) continue;
    sum += confusion(c, c) / mass;
    ++present;
  }
  return Ratio(sum, present);
}

double MacroF1(const Eigen::MatrixXd& confusion) {
  double sum = 0;
  int present = 0;
  for (Eigen::Index c = 0; c < confusion.rows(); ++c) {
    const double mass = confusion.row(c).sum() + confusion.col(c).sum();
    if (!(mass > 0)) continue;
    sum += 2 * confusion(c, c) / mass;
    ++present;
  }
  return Ratio(sum, present);
}

double CohenKappa(const Eigen::MatrixXd& confusion, KappaWeights weights) {
  const Eigen::VectorXd rows = confusion.rowwise().sum();
  const Eigen::RowVectorXd columns = confusion.colwise().sum();
  double observed = 0, expected = 0;
  for (Eigen::Index i = 0; i < confusion.rows(); ++i) {
    for (Eigen::Index j = 0; j < confusion.cols(); ++j) {
      const double apart = std::abs(static_cast<double>(i - j));
      const double cost = weights == KappaWeights::kNone     ? (i == j ? 0 : 1)
                          : weights == KappaWeights::kLinear ? apart
                                                             : apart * apart;
      observed += cost * confusion(i, j);
      expected += cost * rows(i) * columns(j);
    }
  }
  return 1 - Ratio(observed * confusion.sum(), expected);
}

RankSample::Side RankSample::Sort(Values values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      Refuse(fmt::format("metrics: value of item {}", i), "found NaN", "expected a number");
    }
  }
  Side side{Ascending(values), {}};
  for (std::size_t i = 1; i <= values.size(); ++i) {
    if (i == values.size() || values[side.order[i]] != values[side.order[i - 1]]) {
      side.group_end.push_back(i);
    }
  }
  return side;
}

RankSample::RankSample(Values a, Values b) : a_(Sort(a)), b_(Sort(b)) {
  CheckLength("values on the second side", b.size(), a.size());
}

void RankSample::Midranks(const Side& side, Values w, std::vector<double>* ranks) {
  ranks->resize(side.order.size());
  double below = 0;
  std::size_t i = 0;
  for (const std::size_t end : side.group_end) {
    double mass = 0;
    for (std::size_t j = i; j < end; ++j) mass += w.empty() ? 1 : w[side.order[j]];
    for (; i < end; ++i) (*ranks)[side.order[i]] = below + (mass + 1) / 2;
    below += mass;
  }
}

double RankSample::Spearman(Values w) const {
  CheckWeights(w, a_.order.size());
  std::vector<double> a, b;
  Midranks(a_, w, &a);
  Midranks(b_, w, &b);
  const double total = w.empty() ? static_cast<double>(a.size()) : Sum(w);
  const double mean = (total + 1) / 2;
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double weight = w.empty() ? 1 : w[i];
    aa += weight * (a[i] - mean) * (a[i] - mean);
    bb += weight * (b[i] - mean) * (b[i] - mean);
    ab += weight * (a[i] - mean) * (b[i] - mean);
  }
  return Ratio(ab, std::sqrt(aa * bb));
}

double Spearman(Values a, Values b, Values w) { return RankSample(a, b).Spearman(w); }

double MajorityRating(Values ratings) {
  std::map<double, int> votes;
  for (const double rating : ratings) ++votes[rating];
  double best = kNaN;
  int most = 0;
  for (const auto& [rating, count] : votes) {
    if (count > most) {
      best = rating;
      most = count;
    }
  }
  return best;
}

}  // namespace arcsat
