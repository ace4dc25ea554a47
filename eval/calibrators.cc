#include "eval/calibrators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "eval/logistic.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// log(1 + exp(z)), without overflow.
double Softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

VectorXd SplineColumns(const std::vector<double>& knots, double z) {
  const auto n = static_cast<Index>(knots.size());
  VectorXd columns(n + 2);
  columns(0) = 1;
  columns(1) = std::min(z, knots.front()) - knots.front();
  for (Index i = 1; i < n; ++i) {
    const double from = knots[static_cast<std::size_t>(i - 1)];
    columns(i + 1) = std::clamp(z, from, knots[static_cast<std::size_t>(i)]) - from;
  }
  columns(n + 1) = std::max(z, knots.back()) - knots.back();
  return columns;
}

OutlookMap Affine(const char* method, const VectorXd& coefficients, const MatrixXd& covariance) {
  return {method, coefficients, covariance, {}, {}};
}

OutlookMap FitTemperatureMap(const VectorXd& z, const VectorXd& y, std::string* warning) {
  const TemperatureFit fit = FitTemperature(z, y);
  if (!fit.warning.empty()) *warning = fit.warning;
  Eigen::Matrix2d covariance = Eigen::Matrix2d::Zero();
  covariance(1, 1) = fit.standard_error * fit.standard_error;
  return Affine("temperature", Eigen::Vector2d(0, fit.slope), covariance);
}

OutlookMap FitPlattMap(const VectorXd& z, const VectorXd& y, std::string* warning) {
  const LogisticFit fit = FitLogistic(z, y);
  if (!fit.warning.empty()) *warning = "outlook: " + fit.warning;
  return Affine("platt", fit.coefficients, fit.covariance);
}

/// A fit with some of beta's two shape parameters held at 0.
struct BetaFace {
  OutlookMap map;
  double log_likelihood = 0;
  std::string warning;
};

BetaFace FitBetaFace(const MatrixXd& x, const VectorXd& y, const std::vector<Index>& kept) {
  MatrixXd columns(x.rows(), static_cast<Index>(kept.size()));
  for (std::size_t j = 0; j < kept.size(); ++j) columns.col(static_cast<Index>(j)) = x.col(kept[j]);
  BetaFace face;
  face.map = {"beta", VectorXd::Zero(3), MatrixXd::Zero(3, 3), {}, {}};
  if (kept.empty()) {
    // Shares of 0 or 1 are not fitted here (calibration.h wants three of each class); the clip only
    // keeps the number finite.
    const double share = y.mean(), n = static_cast<double>(y.size());
    face.map.coefficients(0) = Logit(share, 1 / (n + 2));
    const double information = n * share * (1 - share);
    face.map.covariance(0, 0) = information > 0 ? 1 / information : 0;
    face.log_likelihood = BernoulliLogLikelihood(
        VectorXd::Constant(y.size(), face.map.coefficients(0)), y, VectorXd::Ones(y.size()));
    return face;
  }
  const LogisticFit fit = FitLogistic(columns, y);
  std::vector<Index> places = {0};
  for (const Index column : kept) places.push_back(column + 1);
  for (std::size_t i = 0; i < places.size(); ++i) {
    face.map.coefficients(places[i]) = fit.coefficients(static_cast<Index>(i));
    for (std::size_t j = 0; j < places.size(); ++j) {
      face.map.covariance(places[i], places[j]) =
          fit.covariance(static_cast<Index>(i), static_cast<Index>(j));
    }
  }
  face.log_likelihood = fit.log_likelihood;
  face.warning = fit.warning;
  return face;
}

OutlookMap FitBetaMap(const VectorXd& z, const VectorXd& y, std::string* warning) {
  MatrixXd x(z.size(), 2);
  for (Index i = 0; i < z.size(); ++i) x.row(i) << -Softplus(-z(i)), Softplus(z(i));
  BetaFace best = FitBetaFace(x, y, {0, 1});
  const double a = best.map.coefficients(1), b = best.map.coefficients(2);
  if (a < 0 || b < 0) {
    // The likelihood is concave, so its maximum under a, b >= 0 lies where one that was negative is
    // 0; where both were, the better of the two.
    std::vector<BetaFace> faces;
    for (const Index kept : {Index{1}, Index{0}}) {
      if ((kept == 1 ? a : b) >= 0) continue;
      faces.push_back(FitBetaFace(x, y, {kept}));
      if (faces.back().map.coefficients(kept + 1) < 0) faces.back() = FitBetaFace(x, y, {});
    }
    best = *std::max_element(faces.begin(), faces.end(), [](const auto& one, const auto& two) {
      return one.log_likelihood < two.log_likelihood;
    });
  }
  if (!best.warning.empty()) *warning = "outlook, beta: " + best.warning;
  return best.map;
}

}  // namespace

VectorXd OutlookColumns(const OutlookMap& map, double z) {
  if (map.method == "beta") return Eigen::Vector3d(1, -Softplus(-z), Softplus(z));
  if (map.method == "spline") return SplineColumns(map.knots, z);
  return Eigen::Vector2d(1, z);
}

double OutlookLogOdds(const OutlookMap& map, double z) {
  if (map.method == "isotonic") return Logit(Interpolate(map.knots, map.chances, z), 0);
  return map.coefficients.dot(OutlookColumns(map, z));
}

double OutlookVariance(const OutlookMap& map, double z) {
  if (map.method == "isotonic") return 0;
  const VectorXd columns = OutlookColumns(map, z);
  return columns.dot(map.covariance * columns);
}

double ApplyOutlook(const OutlookMap& map, double z) { return Sigmoid(OutlookLogOdds(map, z)); }

OutlookMap FitOutlook(const std::string& method, const VectorXd& z, const VectorXd& y,
                      std::string* warning) {
  if (method == "temperature") return FitTemperatureMap(z, y, warning);
  if (method == "platt") return FitPlattMap(z, y, warning);
  if (method == "beta") return FitBetaMap(z, y, warning);
  if (method == "spline") return FitSplineMap(z, y, warning);
  if (method == "isotonic") return FitIsotonicMap(z, y);
  throw UsageError({"calibration of the outlook", fmt::format("found \"{}\"", method),
                    "expected temperature, platt, beta, spline or isotonic",
                    "choose one of these"});
}

}  // namespace arcsat
