#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

namespace arcsat {

/// Proportional odds (McCullagh 1980): P(Y <= box k) = Sigmoid(thresholds(k) - slope * x), boxes
/// counted from 0.
struct OrdinalFit {
  Eigen::VectorXd thresholds;  ///< (boxes - 1), rising strictly
  double slope = 0;
  Eigen::MatrixXd covariance;  ///< of (thresholds, slope); a slope held at 0 has 0 in it
  double log_likelihood = 0;   ///< natural log, without a penalty
  double ridge = 0;            ///< in force, on (slope * standard deviation of x)
  int iterations = 0;
  std::string warning;  ///< what was done where there is no maximum, or the slope is negative
};

/// Maximum likelihood by Newton's method with the exact Hessian and step halving; concave (Pratt
/// 1981). What statsmodels' OrderedModel(distr="logit") finds. `box` has every number from 0 to the
/// highest at least once. Where x separates the boxes a ridge of 1 is used; a slope below 0 is held
/// at 0; `warning` says so. Error on lengths that differ, x that is not finite, a box without an
/// answer, or fewer than two boxes.
OrdinalFit FitOrdinal(const Eigen::VectorXd& x, const std::vector<int>& box);

/// The chance of each box of a survey's scale from the final log-odds of satisfied.
struct OrdinalMap {
  std::vector<int> answers;    ///< that somebody gave, lowest first, >= 3; any other has chance 0.
                               ///< Empty: not fitted
  Eigen::VectorXd thresholds;  ///< one fewer, rising strictly
  double slope = 0;            ///< >= 0
  double slope_error = 0;      ///< its standard error
  bool fitted() const { return !answers.empty(); }
};

/// The most boxes a scale may have to be taken for boxes, and not for a slider.
inline constexpr int kMostBoxes = 21;
/// Whether both ends are whole numbers, and not too far apart.
bool IsBoxScale(double low, double high);

/// Fitted where scale and answers are whole numbers, the scale has at most kMostBoxes boxes, and at
/// least 3 of them were chosen; else left empty. `answers` lie on low..high, one a log-odds.
OrdinalMap FitOrdinalMap(const Eigen::VectorXd& log_odds, const std::vector<double>& answers,
                         double low, double high, std::vector<std::string>* warnings);

/// Chance of each whole answer from low to high, lowest first; each in 0..1, together 1.
std::vector<double> BoxChances(const OrdinalMap& map, double low, double high, double log_odds);

}  // namespace arcsat
