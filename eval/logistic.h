#pragma once

#include <Eigen/Dense>
#include <string>

namespace arcsat {

struct LogisticOptions {
  double ridge = 0;             ///< penalty ridge/2 * sum of (coefficient * its column's sd)^2, the
                                ///< intercept free: a normal prior of variance 1/ridge on the
                                ///< coefficients of standardised columns
  double separation_ridge = 1;  ///< taken instead of 0 where the classes are separated
  int max_iterations = 60;
};

/// Coefficients, the intercept first, and their inverse Fisher information (with the penalty).
struct LogisticFit {
  Eigen::VectorXd coefficients;  ///< (1 + columns)
  Eigen::MatrixXd covariance;    ///< (1 + columns, 1 + columns)
  double log_likelihood = 0;     ///< natural log, without the penalty
  double ridge = 0;              ///< in force
  int iterations = 0;
  bool separated = false;  ///< no finite maximum without a ridge: classes separated or collinear
  std::string warning;     ///< what was done about it, or empty

  Eigen::VectorXd StandardErrors() const { return covariance.diagonal().cwiseSqrt(); }
  /// Log-odds of one row (columns), without the leading 1.
  double LogOdds(const Eigen::VectorXd& row) const {
    return coefficients(0) + coefficients.tail(row.size()).dot(row);
  }
  /// Standard error of LogOdds(row): delta method.
  double LogOddsError(const Eigen::VectorXd& row) const;
};

/// Maximum likelihood by Newton's method (IRLS) with step halving, on standardised columns.
/// `x` is (items, columns) without the intercept; `y` in 0..1 (between: fractional logit, Papke and
/// Wooldridge 1996); `weights` >= 0 or empty. With ridge 0 it is what statsmodels' Logit finds;
/// where that has no finite answer (the classes are separated, or columns are collinear), the ridge
/// becomes separation_ridge and `warning` says so. Error on no rows or a value that is not finite.
LogisticFit FitLogistic(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                        const LogisticOptions& options = {}, const Eigen::VectorXd& weights = {});

struct TemperatureFit {
  double slope = 1;           ///< 1 / temperature, > 0
  double standard_error = 0;  ///< of the slope
  double log_likelihood = 0;
  std::string warning;
};

/// The slope a that maximises the likelihood of y under Sigmoid(a * logit): one-dimensional Newton,
/// concave (Guo et al. 2017). Where the best slope is not positive or not finite it is kept within
/// [0.01, 100], with a warning.
TemperatureFit FitTemperature(const Eigen::VectorXd& logit, const Eigen::VectorXd& y);

/// Sum of w * (y * log p + (1 - y) * log(1 - p)) with p = Sigmoid(log_odds); no overflow.
double BernoulliLogLikelihood(const Eigen::VectorXd& log_odds, const Eigen::VectorXd& y,
                              const Eigen::VectorXd& w);

}  // namespace arcsat
