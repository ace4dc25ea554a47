#pragma once

#include <Eigen/Dense>

namespace arcsat {

// What Newton's method asks of information matrices (k, k), symmetric and positive definite. Here
// once, since each of Eigen's decompositions takes seconds to compile wherever it is named.

/// x' diag(v) x of x (n, k) and v (n): (k, k).
Eigen::MatrixXd WeightedCross(const Eigen::MatrixXd& x, const Eigen::VectorXd& v);

/// a⁻¹ b (k), by LDL' with pivots. Not finite, or not a solution, where `a` is singular.
Eigen::VectorXd SolveSymmetric(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

/// a⁻¹ (k, k), likewise.
Eigen::MatrixXd InverseSymmetric(const Eigen::MatrixXd& a);

/// The smallest eigenvalue of `a`.
double SmallestEigenvalue(const Eigen::MatrixXd& a);

/// m a m' of m (j, k): the covariance of m times what `a` is the covariance of.
Eigen::MatrixXd Sandwich(const Eigen::MatrixXd& m, const Eigen::MatrixXd& a);

/// Whether the columns of x (n, k) are independent: a QR's pivots all above `threshold` times the
/// largest.
bool IndependentColumns(const Eigen::MatrixXd& x, double threshold);

}  // namespace arcsat
