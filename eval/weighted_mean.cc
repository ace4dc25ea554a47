#include "eval/weighted_mean.h"

#include <algorithm>
#include <cmath>

#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// An answer that alone decides a coefficient would have leverage 1 and no residual.
constexpr double kMostLeverage = 0.9;

}  // namespace

WeightedMeans::WeightedMeans(const ResponseModel& model, const std::vector<SurveyContext>& contexts,
                             const std::vector<int>& answered)
    : inverse_(model.balancing.inverse) {
  const auto n = static_cast<Index>(contexts.size());
  answered_ = Eigen::Map<const Eigen::VectorXi>(answered.data(), n).cast<double>();
  const Eigen::MatrixXd x = model.columns.Matrix(contexts);
  design_.resize(n, 1 + x.cols());
  design_ << VectorXd::Ones(n), x;
  const VectorXd chance = (design_ * model.balancing.coefficients).unaryExpr(&Sigmoid);
  // Of those who answered alone: a chance may be 0 to rounding where nobody did.
  untrimmed_ = (answered_.array() > 0).select(chance.cwiseInverse(), 0);
  weights_ = chance.cwiseMax(model.floor).cwiseInverse();
  moves_ = (chance.array() >= model.floor).cast<double>();
  trimmed_ = static_cast<int>(std::lround(answered_.sum() - answered_.dot(moves_)));
  below_floor_ = static_cast<int>(std::lround(static_cast<double>(n) - moves_.sum()));
  spread_ = VectorXd::Ones(n);
  for (Index i = 0; i < n; ++i) {
    if (answered_(i) == 0) continue;
    const VectorXd row = design_.row(i).transpose();
    const double leverage = moves_(i) * (weights_(i) - 1) * row.dot(inverse_ * row);
    spread_(i) = 1 / (1 - std::min(leverage, kMostLeverage));
  }
}

WeightedMeans::Linear WeightedMeans::Hajek(const std::vector<int>& members, const VectorXd& y,
                                           const VectorXd& z) const {
  const auto weight = [&](int i) { return 1 + z(i) * (weights_(i) - 1); };
  double mass = 0, sum = 0;
  for (const int i : members) {
    mass += answered_(i) * weight(i);
    sum += answered_(i) * weight(i) * y(i);
  }
  Linear mean{sum / mass, {}};
  // What the mean loses where a coefficient makes an answer likelier.
  VectorXd slope = VectorXd::Zero(design_.cols());
  for (const int i : members) {
    if (answered_(i) == 0) continue;
    const double gap = (y(i) - mean.value) / mass;
    slope += moves_(i) * (weight(i) - 1) * gap * design_.row(i).transpose();
  }
  const VectorXd fitted = design_ * (inverse_ * slope);
  const VectorXd own = -untrimmed_.cwiseProduct(fitted);
  mean.parts = fitted + own.cwiseProduct(spread_);
  for (const int i : members) {
    if (answered_(i) == 0) continue;
    mean.parts(i) += spread_(i) * weight(i) * (y(i) - mean.value) / mass;
  }
  return mean;
}

WeightedFigure WeightedMeans::Finish(const std::vector<int>& members, const Linear& mean) const {
  VectorXd w(static_cast<Index>(members.size()));
  for (std::size_t m = 0; m < members.size(); ++m) {
    w(static_cast<Index>(m)) = answered_(members[m]) * weights_(members[m]);
  }
  const double degrees = std::max(1.0, KishEffectiveSize(w) - 1);
  // The group's mean was fitted too.
  const double variance = mean.parts.squaredNorm() * (degrees + 1) / degrees;
  return {mean.value, std::sqrt(variance), degrees, {}};
}

WeightedFigure WeightedMeans::Reweighted(const std::vector<int>& members, const VectorXd& y) const {
  return Tilted(members, y, VectorXd::Ones(y.size()));
}

WeightedFigure WeightedMeans::PredictionPowered(const std::vector<int>& members, const VectorXd& y,
                                                const VectorXd& f,
                                                std::optional<double> lambda) const {
  const VectorXd as_fitted = VectorXd::Ones(y.size());
  const Linear answers = Hajek(members, y, as_fitted);
  // What the weights miss of the predictions' mean, which is known.
  Linear miss = Hajek(members, f, as_fitted);
  const double n = static_cast<double>(members.size());
  double mean = 0;
  for (const int i : members) mean += f(i) / n;
  for (const int i : members) miss.parts(i) -= (f(i) - mean) / n;
  miss.value -= mean;
  const double variance = miss.parts.squaredNorm();
  if (!lambda) {
    // Predictions that are the same for all miss nothing and tell nothing.
    const bool tells = variance > 1e-12 * answers.parts.squaredNorm();
    lambda = tells ? std::clamp(answers.parts.dot(miss.parts) / variance, 0.0, 1.0) : 0.0;
  }
  WeightedFigure figure =
      Finish(members, {answers.value - *lambda * miss.value, answers.parts - *lambda * miss.parts});
  figure.lambda = lambda;
  return figure;
}

WeightedFigure WeightedMeans::Tilted(const std::vector<int>& members, const VectorXd& y,
                                     const VectorXd& z) const {
  return Finish(members, Hajek(members, y, z));
}

}  // namespace arcsat
