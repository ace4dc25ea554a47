#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/error.h"
#include "eval/bootstrap.h"
#include "eval/calibrators.h"
#include "eval/delta_table.h"
#include "eval/logistic.h"
#include "eval/special.h"
#include "eval/symmetric.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Abscissae nearer than this are one, as in scikit-learn (the double's resolution).
constexpr double kSame = 1e-15;

std::vector<double> Sorted(const VectorXd& z) {
  std::vector<double> sorted(z.data(), z.data() + z.size());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

/// The most likely logistic coefficients of which all but the first are >= 0, less
/// b' penalty b / 2: Newton's method on the free ones, of which one at a time goes to its bound or
/// leaves it. Concave, so it ends at the maximum.
class BoundedLogistic {
 public:
  BoundedLogistic(const MatrixXd& x, const VectorXd& y, const MatrixXd& penalty)
      : x_(x), y_(y), penalty_(penalty), ones_(VectorXd::Ones(y.size())) {}

  VectorXd Maximise(VectorXd start) {
    b_ = std::move(start);
    free_.clear();
    for (Index j = 0; j < b_.size(); ++j) {
      if (j == 0 || b_(j) > 0) free_.push_back(j);
    }
    constexpr int kMost = 500;
    for (int i = 0; i < kMost; ++i) {
      if (!Step() && !Release()) break;
    }
    return b_;
  }

  /// Inverse of the penalised information; 0 for what lies at its bound.
  MatrixXd Covariance() const {
    MatrixXd covariance = MatrixXd::Zero(b_.size(), b_.size());
    const MatrixXd inverse = InverseSymmetric(FreeInformation());
    for (std::size_t i = 0; i < free_.size(); ++i) {
      for (std::size_t j = 0; j < free_.size(); ++j) {
        covariance(free_[i], free_[j]) = inverse(static_cast<Index>(i), static_cast<Index>(j));
      }
    }
    return covariance;
  }

 private:
  double Objective(const VectorXd& b) const {
    return BernoulliLogLikelihood(x_ * b, y_, ones_) - b.dot(penalty_ * b) / 2;
  }
  VectorXd Gradient() const {
    return x_.transpose() * (y_ - (x_ * b_).unaryExpr(&Sigmoid)) - penalty_ * b_;
  }
  MatrixXd FreeInformation() const {
    const VectorXd p = (x_ * b_).unaryExpr(&Sigmoid);
    const VectorXd v = p.array() * (1 - p.array());
    const MatrixXd information = WeightedCross(x_, v) + penalty_;
    return information(free_, free_);
  }

  /// A step of Newton's on the free ones, cut at the first bound; false where none was left.
  bool Step() {
    const VectorXd gradient = Gradient()(free_);
    const VectorXd direction = SolveSymmetric(FreeInformation(), gradient);
    const double current = Objective(b_);
    if (!direction.allFinite() || gradient.dot(direction) < 1e-18 * (1 + std::abs(current))) {
      return false;
    }
    double length = 1;
    std::size_t blocking = free_.size();
    for (std::size_t i = 1; i < free_.size(); ++i) {
      const double move = direction(static_cast<Index>(i));
      if (move < 0 && b_(free_[i]) < -length * move) {
        length = b_(free_[i]) / -move;
        blocking = i;
      }
    }
    const auto moved = [&](double by) {
      VectorXd next = b_;
      next(free_) += by * direction;
      return next;
    };
    const double whole = length;
    while (!(Objective(moved(length)) >= current - 1e-13 * (1 + std::abs(current))) &&
           length > 1e-9 * whole) {
      length /= 2;
    }
    b_ = moved(length);
    if (blocking < free_.size() && length == whole) {
      b_(free_[blocking]) = 0;
      free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(blocking));
    }
    return true;
  }

  /// Frees the bound one along which the objective rises most; false where none does.
  bool Release() {
    const VectorXd gradient = Gradient();
    Index best = -1;
    for (Index j = 1; j < b_.size(); ++j) {
      const bool bound = std::find(free_.begin(), free_.end(), j) == free_.end();
      if (bound && gradient(j) > 1e-9 && (best < 0 || gradient(j) > gradient(best))) best = j;
    }
    if (best < 0) return false;
    free_.push_back(best);
    return true;
  }

  const MatrixXd& x_;
  const VectorXd& y_;
  const MatrixXd& penalty_;
  VectorXd ones_, b_;
  std::vector<Index> free_;  // the intercept first
};

/// `count` even quantiles between the ends, each at least a gap from the one before.
std::vector<double> InnerKnots(const std::vector<double>& sorted, int count) {
  std::vector<double> knots;
  const double gap = kKnotGap * (sorted.back() - sorted.front());
  for (int i = 1; i <= count; ++i) {
    const double at = Quantile(sorted, static_cast<double>(i) / (count + 1));
    if (knots.empty() || at - knots.back() > gap) knots.push_back(at);
  }
  return knots;
}

/// sum over stretches of (scale * change of slope)^2 as a quadratic form of the coefficients.
MatrixXd Roughness(Index slopes, double scale) {
  MatrixXd form = MatrixXd::Zero(slopes + 1, slopes + 1);
  for (Index j = 1; j < slopes; ++j) {
    VectorXd change = VectorXd::Zero(slopes + 1);
    change(j) = -scale;
    change(j + 1) = scale;
    form += change * change.transpose();
  }
  return form;
}

/// Chances of 0 and 1 at the ends brought inside: see FitIsotonicMap.
void KeepInside(const VectorXd& z, IsotonicFit* fit) {
  std::vector<double>& y = fit->y;
  const auto none = std::find_if(y.begin(), y.end(), [](double chance) { return chance > 0; });
  if (const auto block = none - y.begin(); block > 0) {
    const double reach = fit->x[static_cast<std::size_t>(block - 1)];
    const auto n = static_cast<double>((z.array() <= reach).count());
    std::fill(y.begin(), none, std::min(1 / (n + 2), none == y.end() ? 1 : *none));
  }
  const auto all = std::find_if(y.rbegin(), y.rend(), [](double chance) { return chance < 1; });
  if (const auto block = all - y.rbegin(); block > 0) {
    const double reach = fit->x[y.size() - static_cast<std::size_t>(block)];
    const auto n = static_cast<double>((z.array() >= reach).count());
    std::fill(y.rbegin(), all, std::max((n + 1) / (n + 2), all == y.rend() ? 0 : *all));
  }
}

}  // namespace

double Interpolate(const std::vector<double>& x, const std::vector<double>& y, double at) {
  if (!(at > x.front())) return y.front();
  if (!(at < x.back())) return y.back();
  const auto above = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), at) - x.begin());
  const double from = x[above - 1], share = (at - from) / (x[above] - from);
  return y[above - 1] + share * (y[above] - y[above - 1]);
}

IsotonicFit FitIsotonic(const VectorXd& x, const VectorXd& y, const VectorXd& w) {
  if (x.size() == 0 || y.size() != x.size() || (w.size() != 0 && w.size() != x.size())) {
    throw Error({"isotonic regression", "found no points, or columns of different lengths",
                 "expected one value (and weight) a point", "pass them side by side"});
  }
  std::vector<Index> order(static_cast<std::size_t>(x.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return x(a) < x(b); });
  std::vector<double> at, sum, mass;
  for (const Index i : order) {
    if (at.empty() || x(i) - at.back() >= kSame) {
      at.push_back(x(i));
      sum.push_back(0);
      mass.push_back(0);
    }
    const double weight = w.size() == 0 ? 1 : w(i);
    sum.back() += weight * y(i);
    mass.back() += weight;
  }
  for (std::size_t i = 0; i < at.size(); ++i) sum[i] /= mass[i];
  const std::vector<double> fitted = MonotoneFit(sum, mass);
  IsotonicFit fit;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const bool inner = i > 0 && i + 1 < at.size();
    if (inner && fitted[i] == fitted[i - 1] && fitted[i] == fitted[i + 1]) continue;
    fit.x.push_back(at[i]);
    fit.y.push_back(fitted[i]);
  }
  return fit;
}

OutlookMap FitIsotonicMap(const VectorXd& z, const VectorXd& y) {
  IsotonicFit fit = FitIsotonic(z, y);
  KeepInside(z, &fit);
  const std::vector<double> sorted = Sorted(z);
  const double gap = kKnotGap * (sorted.back() - sorted.front());
  std::vector<double> knots = {sorted.front()};
  for (const double knot : InnerKnots(sorted, kIsotonicKnots - 2)) {
    if (knot - knots.back() > gap && sorted.back() - knot > gap) knots.push_back(knot);
  }
  if (sorted.back() > sorted.front()) knots.push_back(sorted.back());
  std::vector<double> chances(knots.size());
  for (std::size_t i = 0; i < knots.size(); ++i) {
    // Rounding must not make it fall: a file that falls is refused.
    chances[i] = std::max(i == 0 ? 0 : chances[i - 1], Interpolate(fit.x, fit.y, knots[i]));
  }
  OutlookMap map{"isotonic", VectorXd(), MatrixXd(), {}, {}};
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const bool inner = i > 0 && i + 1 < knots.size();
    if (inner && chances[i] == chances[i - 1] && chances[i] == chances[i + 1]) continue;
    map.knots.push_back(knots[i]);
    map.chances.push_back(chances[i]);
  }
  return map;
}

OutlookMap FitSplineMap(const VectorXd& z, const VectorXd& y, std::string* warning) {
  OutlookMap map;
  map.method = "spline";
  const LogisticFit line = FitLogistic(z, y);
  map.knots = InnerKnots(Sorted(z), kSplineKnots);
  const auto slopes = static_cast<Index>(map.knots.size()) + 1;
  MatrixXd x(z.size(), slopes + 1);
  for (Index i = 0; i < z.size(); ++i) x.row(i) = OutlookColumns(map, z(i)).transpose();
  const double scale = std::sqrt((z.array() - z.mean()).square().mean());
  MatrixXd penalty = Roughness(slopes, scale);
  if (line.separated) {
    // Only a straight line is free of the penalty: where that has no maximum, nothing has.
    *warning = "outlook, spline: " + line.warning;
    const double ridge = line.ridge * std::max(scale * scale, 1e-12) / static_cast<double>(slopes);
    penalty.diagonal().tail(slopes).array() += ridge;
  }
  VectorXd start = VectorXd::Zero(slopes + 1);
  start(0) = line.coefficients(0) + line.coefficients(1) * map.knots.front();
  if (line.coefficients(1) > 0) {
    start.tail(slopes).setConstant(line.coefficients(1));
  } else {
    start(0) = Logit(y.mean(), 1e-6);
  }
  BoundedLogistic logistic(x, y, penalty);
  map.coefficients = logistic.Maximise(start);
  map.covariance = logistic.Covariance();
  return map;
}

}  // namespace arcsat
