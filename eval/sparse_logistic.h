#pragma once

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <cstdint>
#include <span>
#include <vector>

namespace arcsat {

using SparseRows = Eigen::SparseMatrix<double, Eigen::RowMajor>;

/// Items with many columns of which each has few, as words are.
struct SparseItems {
  SparseRows x;            ///< (items, columns)
  Eigen::VectorXd y;       ///< 0 or 1
  Eigen::VectorXd weight;  ///< >= 0
};

struct SparseLogistic {
  Eigen::VectorXd weights;  ///< (columns)
  double bias = 0;
  /// Log-odds of each row.
  Eigen::VectorXd LogOdds(const SparseRows& x) const { return (x * weights).array() + bias; }
};

/// Minimises
///
///   c * sum of weight * log(1 + exp(-(2 y - 1) log-odds)) + |weights|^2 / 2, the bias free
///
/// as scikit-learn's LogisticRegression(C = c) does, by Newton's method with each step by conjugate
/// gradients (Lin, Weng, Keerthi 2008) and halved where it would not descend. The objective is
/// strictly convex in the weights; the gradient's norm falls to 1e-6. c > 0.
SparseLogistic FitSparseLogistic(const SparseItems& items, double c);

/// Mean log loss of each of the penalties `cs` by stratified cross-validation.
std::vector<double> CrossValidatePenalties(const SparseItems& items, std::span<const double> cs,
                                           int folds, std::uint64_t seed);

}  // namespace arcsat
