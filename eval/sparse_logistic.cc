#include "eval/sparse_logistic.h"

#include <cmath>
#include <vector>

#include "data/random.h"
#include "eval/folds.h"
#include "eval/logistic.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::VectorXd;

constexpr int kNewtonSteps = 60, kGradientSteps = 200;
// Of the gradient's norm. No curvature is below 1, so the weights are at most this far off.
constexpr double kTolerance = 1e-6;

/// A point, a gradient, or a direction: of the weights, and of the bias.
struct Vector {
  VectorXd weights;
  double bias = 0;
};

double Dot(const Vector& a, const Vector& b) { return a.weights.dot(b.weights) + a.bias * b.bias; }

void AddScaled(const Vector& d, double by, Vector* to) {
  to->weights += by * d.weights;
  to->bias += by * d.bias;
}

VectorXd LogOdds(const SparseItems& items, const Vector& at) {
  return (items.x * at.weights).array() + at.bias;
}

double Objective(const SparseItems& items, const Vector& at, double c) {
  const double likelihood = BernoulliLogLikelihood(LogOdds(items, at), items.y, items.weight);
  return -c * likelihood + 0.5 * at.weights.squaredNorm();
}

/// The gradient, and the curvature of each item's loss.
struct Slope {
  Vector gradient;
  VectorXd curvature;
};

Slope SlopeAt(const SparseItems& items, const Vector& at, double c) {
  const VectorXd log_odds = LogOdds(items, at);
  VectorXd pull(log_odds.size()), curvature(log_odds.size());
  for (Eigen::Index i = 0; i < log_odds.size(); ++i) {
    const double chance = Sigmoid(log_odds(i));
    pull(i) = c * items.weight(i) * (chance - items.y(i));
    curvature(i) = c * items.weight(i) * chance * (1 - chance);
  }
  return {{at.weights + items.x.transpose() * pull, pull.sum()}, std::move(curvature)};
}

/// Solves Hessian * d = -gradient to a tenth of the gradient's norm.
Vector NewtonDirection(const SparseItems& items, const Slope& slope) {
  Vector d{VectorXd::Zero(slope.gradient.weights.size()), 0};
  Vector rest{-slope.gradient.weights, -slope.gradient.bias};
  Vector step = rest;
  double square = Dot(rest, rest);
  const double enough = 0.01 * square;
  for (int i = 0; i < kGradientSteps && square > enough; ++i) {
    const VectorXd scaled = slope.curvature.cwiseProduct(LogOdds(items, step));
    const Vector curved{step.weights + items.x.transpose() * scaled, scaled.sum()};
    const double size = square / Dot(step, curved);
    AddScaled(step, size, &d);
    AddScaled(curved, -size, &rest);
    const double next = Dot(rest, rest);
    step.weights = rest.weights + next / square * step.weights;
    step.bias = rest.bias + next / square * step.bias;
    square = next;
  }
  return d;
}

/// Halves the step until the objective falls as its slope promises (Armijo 1966); false where
/// rounding leaves nothing to gain.
bool Descend(const SparseItems& items, const Vector& d, double descent, double c, double* value,
             Vector* at) {
  constexpr int kHalvings = 20;
  double size = 1;
  for (int halving = 0; halving < kHalvings; ++halving, size /= 2) {
    Vector tried = *at;
    AddScaled(d, size, &tried);
    const double next = Objective(items, tried, c);
    if (next > *value + 1e-4 * size * descent) continue;
    *value = next;
    *at = std::move(tried);
    return true;
  }
  return false;
}

/// The items of which `folds` is `fold`, or is not.
SparseItems Part(const SparseItems& items, const std::vector<std::size_t>& folds, std::size_t fold,
                 bool inside) {
  std::vector<Eigen::Index> rows;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    if ((folds[i] == fold) == inside) rows.push_back(static_cast<Eigen::Index>(i));
  }
  const auto n = static_cast<Eigen::Index>(rows.size());
  SparseItems part{SparseRows(n, items.x.cols()), VectorXd(n), VectorXd(n)};
  std::vector<Eigen::Triplet<double>> entries;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::Index row = rows[static_cast<std::size_t>(i)];
    for (SparseRows::InnerIterator it(items.x, row); it; ++it) {
      entries.emplace_back(static_cast<int>(i), static_cast<int>(it.col()), it.value());
    }
    part.y(i) = items.y(row);
    part.weight(i) = items.weight(row);
  }
  part.x.setFromTriplets(entries.begin(), entries.end());
  return part;
}

}  // namespace

SparseLogistic FitSparseLogistic(const SparseItems& items, double c) {
  Vector at{VectorXd::Zero(items.x.cols()), 0};
  double value = Objective(items, at, c);
  for (int i = 0; i < kNewtonSteps; ++i) {
    const Slope slope = SlopeAt(items, at, c);
    if (std::sqrt(Dot(slope.gradient, slope.gradient)) <= kTolerance) break;
    const Vector d = NewtonDirection(items, slope);
    if (!Descend(items, d, Dot(d, slope.gradient), c, &value, &at)) break;
  }
  return {std::move(at.weights), at.bias};
}

std::vector<double> CrossValidatePenalties(const SparseItems& items, std::span<const double> cs,
                                           int folds, std::uint64_t seed) {
  std::vector<int> dissatisfied;
  for (const double y : items.y) dissatisfied.push_back(y > 0.5 ? 0 : 1);
  const auto of = StratifiedFolds(dissatisfied, static_cast<std::size_t>(folds), MixSeed(seed, 3));
  std::vector<double> loss(cs.size());
  for (std::size_t fold = 0; fold < static_cast<std::size_t>(folds); ++fold) {
    const SparseItems rest = Part(items, of, fold, false), left = Part(items, of, fold, true);
    for (std::size_t i = 0; i < cs.size(); ++i) {
      const VectorXd log_odds = FitSparseLogistic(rest, cs[i]).LogOdds(left.x);
      loss[i] -= BernoulliLogLikelihood(log_odds, left.y, left.weight);
    }
  }
  for (double& sum : loss) sum /= items.weight.sum();
  return loss;
}

}  // namespace arcsat
