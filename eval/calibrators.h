#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

namespace arcsat {

/// A map from the outlook's log-odds z to the chance of satisfied, by its log-odds:
///
///   identity, temperature, platt, beta, spline   coefficients · columns(z)
///   isotonic                                     logit(Interpolate(knots, chances, z))
///
/// with columns(z) = (1, z) for the first three; (1, log p, -log(1 - p)), p = Sigmoid(z), for beta
/// (Kull, Silva Filho and Flach 2017); (1, min(z, k1) - k1, the length of each stretch between two
/// knots below z, max(z, kn) - kn) for spline. All but the first coefficient of beta and spline are
/// >= 0, so that the map never falls.
struct OutlookMap {
  std::string method = "identity";
  Eigen::VectorXd coefficients = Eigen::Vector2d(0, 1);  ///< none for isotonic
  Eigen::MatrixXd covariance = Eigen::Matrix2d::Zero();  ///< of the coefficients
  std::vector<double> knots;    ///< of spline and isotonic, on z, rising strictly; >= 1
  std::vector<double> chances;  ///< of isotonic at each knot, never falling, inside (0, 1)
};

/// What FitOutlook knows, from the simplest (fewest parameters) on.
inline const std::vector<std::string> kOutlookMethods = {"temperature", "platt", "beta", "spline",
                                                         "isotonic"};

/// Slope, intercept, (a, b, c) or stretches: see OutlookMap. Not for isotonic.
Eigen::VectorXd OutlookColumns(const OutlookMap& map, double z);
double OutlookLogOdds(const OutlookMap& map, double z);
/// Of OutlookLogOdds, what the calibration sample leaves open (delta method); 0 where nothing is
/// known about it: identity, and isotonic, whose error has no such approximation.
double OutlookVariance(const OutlookMap& map, double z);
/// Sigmoid(OutlookLogOdds).
double ApplyOutlook(const OutlookMap& map, double z);

/// Fits a method of kOutlookMethods to log-odds z and answers y (0 or 1). `warning` gets what was
/// done where there is no maximum of likelihood, else is left alone.
///   temperature, platt  maximum likelihood (logistic.h)
///   beta                maximum likelihood; a negative a or b is held at 0 and the rest fitted
///                       again, as its authors do
///   spline              maximum likelihood with slopes >= 0 between at most kSplineKnots knots at
///                       even quantiles of z, less 1/2 * sum of (sd of z * change of slope)^2: it
///                       is drawn to Platt's line, and outside the knots goes on straight
///   isotonic            FitIsotonic; see there for what becomes of chances of 0 and 1
OutlookMap FitOutlook(const std::string& method, const Eigen::VectorXd& z, const Eigen::VectorXd& y,
                      std::string* warning);

inline constexpr int kSplineKnots = 4;
inline constexpr int kIsotonicKnots = 33;
/// The nearest that two knots may be, as a share of the range of z. A map that jumps within less
/// would give other chances wherever the model is run with another rounding.
inline constexpr double kKnotGap = 0.01;

/// y at `at`, linear between the points (x rising), the first and last y outside them; numpy's
/// interp.
double Interpolate(const std::vector<double>& x, const std::vector<double>& y, double at);

/// Corners of a function that never falls; Interpolate goes between them.
struct IsotonicFit {
  std::vector<double> x, y;
};

/// The non-decreasing function nearest to y by weighted squares: pool adjacent violators, equal x
/// averaged first; what scikit-learn's IsotonicRegression(out_of_bounds="clip") keeps as
/// X_thresholds_ and y_thresholds_. `w` > 0, or empty: 1 each. Error without points.
IsotonicFit FitIsotonic(const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                        const Eigen::VectorXd& w = {});

/// FitIsotonic of answers as a map of chances inside (0, 1) with few knots. Only the lowest block
/// can be all dissatisfied and only the highest all satisfied: of n answers they get 1 / (n + 2)
/// and (n + 1) / (n + 2), Laplace's rule, as far as the next block lets them. Then it is read off
/// at kIsotonicKnots even quantiles of z, at least kKnotGap apart.
OutlookMap FitIsotonicMap(const Eigen::VectorXd& z, const Eigen::VectorXd& y);
OutlookMap FitSplineMap(const Eigen::VectorXd& z, const Eigen::VectorXd& y, std::string* warning);

}  // namespace arcsat
