#pragma once

#include <Eigen/Dense>

namespace arcsat {

/// Coefficients of a logistic response model chosen so that weights 1 / chance of those who
/// answered reproduce everybody's means of the columns, up to the ridge.
struct BalancingFit {
  Eigen::VectorXd coefficients;  ///< (1 + columns), the intercept first
  Eigen::MatrixXd inverse;       ///< of the sum over answers of (weight - 1) x x', and the ridge
  int iterations = 0;
  bool converged = false;
};

/// Minimises sum of r exp(-eta) + (1 - r) eta, eta = x' b: its gradient is the gap between the
/// weighted and the true totals (calibrated propensities: Tan 2020; covariate balancing: Imai and
/// Ratkovic 2014, Zhao 2019). Weighted means are then right where either the response model holds
/// or the mean answer is linear in the columns, and vary much less than with maximum likelihood's
/// weights. Newton's method with step halving from `start`; convex.
///
/// `x` is (conversations, columns) without the intercept, `answered` 0 or 1, both kinds there.
/// `ridge` > 0 is penalty ridge/2 * sum of (coefficient * its column's deviation)^2 against the
/// likelihood of as many answers, so that it means what LogisticOptions::ridge does.
BalancingFit FitBalancing(const Eigen::MatrixXd& x, const Eigen::VectorXd& answered, double ridge,
                          const Eigen::VectorXd& start);

}  // namespace arcsat
