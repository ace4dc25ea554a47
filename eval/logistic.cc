#include "eval/logistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "eval/special.h"
#include "eval/symmetric.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Standard error, on a standardised column, above which the likelihood has no maximum in reach:
// real ones are below 1 for 20 labels and more.
constexpr double kNoMaximum = 1e3;

// Columns brought to mean 0 and deviation 1, a column of ones in front, and the way back.
struct Design {
  MatrixXd z;     // (items, 1 + columns)
  MatrixXd back;  // coefficients of x = back * coefficients of z
  bool collinear;
};

Design Standardise(const MatrixXd& x, const VectorXd& w) {
  const Index k = x.cols();
  Design design{MatrixXd::Ones(x.rows(), k + 1), MatrixXd::Identity(k + 1, k + 1), false};
  for (Index j = 0; j < k; ++j) {
    const double mean = w.dot(x.col(j)) / w.sum();
    const VectorXd centred = x.col(j).array() - mean;
    const double deviation = std::sqrt(w.dot(centred.cwiseAbs2()) / w.sum());
    // A constant column is collinear with the intercept; the ridge then holds it at 0.
    const double scale = deviation > 1e-12 * (1 + std::abs(mean)) ? deviation : 1;
    design.z.col(j + 1) = centred / scale;
    design.back(j + 1, j + 1) = 1 / scale;
    design.back(0, j + 1) = -mean / scale;
  }
  design.collinear = !IndependentColumns(design.z, 1e-9);
  return design;
}

struct Newton {
  VectorXd b;
  MatrixXd information;
  double log_likelihood = 0;
  int iterations = 0;
  bool converged = false;
};

Newton Maximise(const MatrixXd& z, const VectorXd& y, const VectorXd& w, double ridge,
                int max_iterations) {
  VectorXd penalty = VectorXd::Constant(z.cols(), ridge);
  penalty(0) = 0;
  const auto objective = [&](const VectorXd& b) {
    return BernoulliLogLikelihood(z * b, y, w) - b.cwiseAbs2().dot(penalty) / 2;
  };
  const auto information_at = [&](const VectorXd& p) {
    const VectorXd v = w.array() * p.array() * (1 - p.array());
    MatrixXd information = WeightedCross(z, v);
    information.diagonal() += penalty;
    return information;
  };
  Newton fit;
  fit.b = VectorXd::Zero(z.cols());
  double current = objective(fit.b);
  for (; fit.iterations < max_iterations && !fit.converged; ++fit.iterations) {
    const VectorXd p = (z * fit.b).unaryExpr(&Sigmoid);
    const VectorXd gradient =
        z.transpose() * (w.array() * (y - p).array()).matrix() - penalty.cwiseProduct(fit.b);
    const VectorXd step = SolveSymmetric(information_at(p), gradient);
    if (!step.allFinite()) break;
    double length = 1;
    double next = objective(fit.b + step);
    while (!(next >= current - 1e-12 * (1 + std::abs(current))) && length > 1e-6) {
      length /= 2;
      next = objective(fit.b + length * step);
    }
    fit.b += length * step;
    current = next;
    fit.converged = gradient.dot(step) < 1e-16 * (1 + std::abs(current));
  }
  fit.information = information_at((z * fit.b).unaryExpr(&Sigmoid));
  fit.log_likelihood = BernoulliLogLikelihood(z * fit.b, y, w);
  return fit;
}

// Without a maximum the information dies along the direction in which the likelihood still grows.
bool HasMaximum(const Newton& fit) {
  if (!fit.converged || !fit.b.allFinite()) return false;
  return SmallestEigenvalue(fit.information) > 1 / (kNoMaximum * kNoMaximum);
}

void Check(const MatrixXd& x, const VectorXd& y, const VectorXd& w) {
  const auto refuse = [](const std::string& found, const std::string& expected) {
    throw Error({"logistic regression", found, expected, "check the scores and labels passed in"});
  };
  if (x.rows() == 0) refuse("found no rows", "expected at least one");
  if (y.size() != x.rows() || w.size() != x.rows()) {
    refuse(fmt::format("found {} rows, {} labels and {} weights", x.rows(), y.size(), w.size()),
           "expected as many of each");
  }
  if (!x.allFinite()) refuse("found a value that is not finite", "expected finite columns");
  if (!(y.array() >= 0).all() || !(y.array() <= 1).all()) {
    refuse("found a label outside 0..1", "expected labels from 0 to 1");
  }
  if (!(w.array() >= 0).all() || !(w.sum() > 0) || !w.allFinite()) {
    refuse("found a negative or infinite weight, or none above 0", "expected finite weights >= 0");
  }
}

}  // namespace

double BernoulliLogLikelihood(const VectorXd& log_odds, const VectorXd& y, const VectorXd& w) {
  double sum = 0;
  for (Index i = 0; i < log_odds.size(); ++i) {
    const double t = log_odds(i);
    const double softplus = std::max(t, 0.0) + std::log1p(std::exp(-std::abs(t)));
    sum += w(i) * (y(i) * t - softplus);
  }
  return sum;
}

double LogisticFit::LogOddsError(const VectorXd& row) const {
  VectorXd full(row.size() + 1);
  full << 1, row;
  return std::sqrt(std::max(0.0, full.dot(covariance * full)));
}

LogisticFit FitLogistic(const MatrixXd& x, const VectorXd& y, const LogisticOptions& options,
                        const VectorXd& weights) {
  const VectorXd w = weights.size() == 0 ? VectorXd(VectorXd::Ones(x.rows())) : weights;
  Check(x, y, w);
  const Design design = Standardise(x, w);
  LogisticFit result;
  result.ridge = options.ridge;
  Newton fit = Maximise(design.z, y, w, options.ridge, options.max_iterations);
  if (options.ridge <= 0 && (design.collinear || !HasMaximum(fit))) {
    result.separated = true;
    result.ridge = options.separation_ridge;
    result.warning = fmt::format(
        "{}, so the likelihood has no single maximum; a ridge of {} was used",
        design.collinear ? "columns are constant or collinear" : "the classes are separated",
        result.ridge);
    fit = Maximise(design.z, y, w, result.ridge, options.max_iterations);
  }
  result.coefficients = design.back * fit.b;
  result.covariance = Sandwich(design.back, InverseSymmetric(fit.information));
  result.log_likelihood = fit.log_likelihood;
  result.iterations = fit.iterations;
  return result;
}

TemperatureFit FitTemperature(const VectorXd& logit, const VectorXd& y) {
  constexpr double kLow = 0.01, kHigh = 100;
  const VectorXd ones = VectorXd::Ones(logit.size());
  Check(logit, y, ones);
  const auto information_at = [&](double a) {
    const VectorXd p = (a * logit).unaryExpr(&Sigmoid);
    return (p.array() * (1 - p.array()) * logit.array().square()).sum();
  };
  const auto gradient_at = [&](double a) {
    return (y - (a * logit).unaryExpr(&Sigmoid)).dot(logit);
  };
  TemperatureFit fit;
  // The gradient falls with a: a bracket, halved where Newton would leave it.
  double low = kLow, high = kHigh;
  if (gradient_at(low) <= 0 || gradient_at(high) >= 0) {
    const bool flat = gradient_at(low) <= 0;
    fit.slope = flat ? low : high;
    fit.warning = flat ? "the outlook does not rise with satisfaction; its slope was held at 0.01"
                       : "the outlook separates the classes; its slope was held at 100";
  } else {
    for (int i = 0; i < 200; ++i) {
      const double gradient = gradient_at(fit.slope);
      (gradient > 0 ? low : high) = fit.slope;
      double next = fit.slope + gradient / information_at(fit.slope);
      if (!(next > low && next < high)) next = (low + high) / 2;
      const double moved = std::abs(next - fit.slope);
      fit.slope = next;
      if (moved < 1e-14 * fit.slope) break;
    }
  }
  const double information = information_at(fit.slope);
  fit.standard_error = information > 0 ? 1 / std::sqrt(information) : 0;
  fit.log_likelihood = BernoulliLogLikelihood(fit.slope * logit, y, ones);
  return fit;
}

}  // namespace arcsat
