#include "eval/ordinal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/error.h"
#include "eval/special.h"
#include "eval/symmetric.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMostIterations = 100;
/// Least eigenvalue of the information, x standardised, that a maximum in reach has (logistic.cc).
constexpr double kLeastInformation = 1e-6;

void Check(const VectorXd& x, const std::vector<int>& box) {
  const auto refuse = [](const std::string& found, const std::string& expected) {
    throw Error({"ordinal regression", found, expected, "check the scores and answers passed in"});
  };
  if (x.size() == 0 || x.size() != static_cast<Index>(box.size())) {
    refuse(fmt::format("found {} values and {} answers", x.size(), box.size()),
           "expected one of each a conversation, and at least one");
  }
  if (!x.allFinite()) refuse("found a value that is not finite", "expected finite values");
  const std::set<int> seen(box.begin(), box.end());
  if (*seen.begin() != 0 || *seen.rbegin() + 1 != static_cast<int>(seen.size()) ||
      seen.size() < 2) {
    refuse(fmt::format("found boxes {} to {}, {} of them chosen", *seen.begin(), *seen.rbegin(),
                       seen.size()),
           "expected two or more, counted from 0, each chosen at least once");
  }
}

double LogSigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }

/// Log likelihood with its first and second derivatives in (thresholds, slope), the ridge in it.
struct Curve {
  double value = 0, log_likelihood = 0;
  VectorXd gradient;
  MatrixXd information;
};

/// One answer's share of the curve. With u and l the upper and lower end of its box on the scale of
/// log-odds, F(u) - F(l) = F(u) * F(-l) * (1 - exp(l - u)): no digits are lost far out.
void AddAnswer(double x, int box, const VectorXd& parameters, Curve* curve) {
  const Index slope = parameters.size() - 1;
  const bool first = box == 0, last = box == slope;
  const double shift = parameters(slope) * x;
  const double u = last ? 0 : parameters(box) - shift;
  const double l = first ? 0 : parameters(box - 1) - shift;
  double du = 0, dl = 0, duu = 0, dll = 0, dul = 0;
  if (!last) {
    curve->log_likelihood += LogSigmoid(u);
    du += Sigmoid(-u);
    duu -= Sigmoid(u) * Sigmoid(-u);
  }
  if (!first) {
    curve->log_likelihood += LogSigmoid(-l);
    dl -= Sigmoid(l);
    dll -= Sigmoid(l) * Sigmoid(-l);
  }
  if (!first && !last) {
    const double narrow = std::expm1(u - l);  // > 0
    curve->log_likelihood += std::log(-std::expm1(l - u));
    du += 1 / narrow;
    dl -= 1 / narrow;
    const double bend = 1 / narrow + 1 / (narrow * narrow);
    duu -= bend;
    dll -= bend;
    dul += bend;
  }
  // u and l each fall with the slope by x.
  curve->gradient(slope) -= x * (du + dl);
  curve->information(slope, slope) -= x * x * (duu + 2 * dul + dll);
  const auto add = [&](Index at, double d, double dd) {
    curve->gradient(at) += d;
    curve->information(at, at) -= dd;
    curve->information(at, slope) += x * (dd + dul);
    curve->information(slope, at) += x * (dd + dul);
  };
  if (!last) add(box, du, duu);
  if (!first) add(box - 1, dl, dll);
  if (!first && !last) {
    curve->information(box, box - 1) -= dul;
    curve->information(box - 1, box) -= dul;
  }
}

Curve At(const VectorXd& x, const std::vector<int>& box, double ridge, const VectorXd& parameters) {
  const Index slope = parameters.size() - 1;
  Curve curve{0, 0, VectorXd::Zero(slope + 1), MatrixXd::Zero(slope + 1, slope + 1)};
  for (Index k = 1; k < slope; ++k) {
    if (parameters(k) > parameters(k - 1)) continue;
    curve.value = -std::numeric_limits<double>::infinity();  // a step too long
    return curve;
  }
  for (Index i = 0; i < x.size(); ++i) {
    AddAnswer(x(i), box[static_cast<std::size_t>(i)], parameters, &curve);
  }
  curve.value = curve.log_likelihood - ridge * parameters(slope) * parameters(slope) / 2;
  curve.gradient(slope) -= ridge * parameters(slope);
  curve.information(slope, slope) += ridge;
  return curve;
}

/// Log-odds of the shares of answers up to each box: the maximum for a slope of 0.
VectorXd MarginalThresholds(const std::vector<int>& box) {
  const int boxes = *std::max_element(box.begin(), box.end()) + 1;
  VectorXd thresholds(boxes - 1);
  for (int k = 0; k + 1 < boxes; ++k) {
    const auto below = std::count_if(box.begin(), box.end(), [k](int b) { return b <= k; });
    thresholds(k) = Logit(static_cast<double>(below) / static_cast<double>(box.size()), 0);
  }
  return thresholds;
}

struct OrdinalNewton {
  VectorXd parameters;
  Curve curve;
  int iterations = 0;
  bool converged = false;
};

OrdinalNewton Maximise(const VectorXd& x, const std::vector<int>& box, double ridge) {
  OrdinalNewton fit;
  const VectorXd marginal = MarginalThresholds(box);
  fit.parameters = VectorXd::Zero(marginal.size() + 1);
  fit.parameters.head(marginal.size()) = marginal;
  fit.curve = At(x, box, ridge, fit.parameters);
  for (; fit.iterations < kMostIterations && !fit.converged; ++fit.iterations) {
    const VectorXd step = SolveSymmetric(fit.curve.information, fit.curve.gradient);
    if (!step.allFinite()) break;
    const double gain = fit.curve.gradient.dot(step), before = fit.curve.value;
    double length = 1;
    Curve next = At(x, box, ridge, fit.parameters + step);
    while (!(next.value >= before - 1e-12 * (1 + std::abs(before))) && length > 1e-9) {
      length /= 2;
      next = At(x, box, ridge, fit.parameters + length * step);
    }
    if (!std::isfinite(next.value)) break;
    fit.parameters += length * step;
    fit.curve = std::move(next);
    fit.converged = gain < 1e-16 * (1 + std::abs(before));
  }
  return fit;
}

bool HasMaximum(const OrdinalNewton& fit) {
  if (!fit.converged) return false;
  return SmallestEigenvalue(fit.curve.information) > kLeastInformation;
}

bool Whole(double value) { return std::isfinite(value) && value == std::round(value); }

}  // namespace

OrdinalFit FitOrdinal(const VectorXd& x, const std::vector<int>& box) {
  Check(x, box);
  const double mean = x.mean(), deviation = std::sqrt((x.array() - mean).square().mean());
  // A constant column says nothing; the ridge then leaves its slope at 0.
  const double scale = deviation > 1e-12 * (1 + std::abs(mean)) ? deviation : 1;
  const VectorXd z = (x.array() - mean) / scale;
  OrdinalFit result;
  OrdinalNewton fit = Maximise(z, box, 0);
  const Index slope = fit.parameters.size() - 1;
  if (!HasMaximum(fit)) {
    result.ridge = 1;
    result.warning =
        "answers: the log-odds tell the boxes apart without error, or are all the same; a ridge of "
        "1 was used";
    fit = Maximise(z, box, result.ridge);
  }
  MatrixXd inverse = MatrixXd::Zero(slope + 1, slope + 1);
  if (fit.parameters(slope) < 0) {
    result.warning =
        "answers fall with the chance of satisfied: the chances of the boxes were "
        "made the same for everybody";
    fit.parameters << MarginalThresholds(box), 0;
    fit.curve = At(z, box, 0, fit.parameters);
    inverse.topLeftCorner(slope, slope) =
        InverseSymmetric(fit.curve.information.topLeftCorner(slope, slope));
  } else {
    inverse = InverseSymmetric(fit.curve.information);
  }
  MatrixXd back = MatrixXd::Identity(slope + 1, slope + 1);
  back(slope, slope) = 1 / scale;
  back.col(slope).head(slope).setConstant(mean / scale);
  const VectorXd parameters = back * fit.parameters;
  result.thresholds = parameters.head(slope);
  result.slope = parameters(slope);
  result.covariance = Sandwich(back, inverse);
  result.log_likelihood = fit.curve.log_likelihood;
  result.iterations = fit.iterations;
  return result;
}

bool IsBoxScale(double low, double high) {
  constexpr double kLargest = 1e6;  // boxes are counted in int
  return Whole(low) && Whole(high) && std::abs(low) < kLargest && high > low &&
         high - low + 1 <= kMostBoxes;
}

OrdinalMap FitOrdinalMap(const VectorXd& log_odds, const std::vector<double>& answers, double low,
                         double high, std::vector<std::string>* warnings) {
  OrdinalMap map;
  if (!IsBoxScale(low, high)) return map;
  std::set<int> seen;
  for (const double answer : answers) {
    if (!Whole(answer) || answer < low || answer > high) return map;
    seen.insert(static_cast<int>(answer));
  }
  if (seen.size() < 3) return map;
  const std::vector<int> chosen(seen.begin(), seen.end());
  std::vector<int> box;
  for (const double answer : answers) {
    const auto at = std::lower_bound(chosen.begin(), chosen.end(), static_cast<int>(answer));
    box.push_back(static_cast<int>(at - chosen.begin()));
  }
  const OrdinalFit fit = FitOrdinal(log_odds, box);
  if (!fit.warning.empty()) warnings->push_back(fit.warning);
  const double variance = fit.covariance(fit.covariance.rows() - 1, fit.covariance.cols() - 1);
  return {chosen, fit.thresholds, fit.slope, std::sqrt(std::max(0.0, variance))};
}

std::vector<double> BoxChances(const OrdinalMap& map, double low, double high, double log_odds) {
  std::vector<double> chances(static_cast<std::size_t>(high - low) + 1);
  double below = 0;
  for (std::size_t k = 0; k < map.answers.size(); ++k) {
    const auto threshold = static_cast<Index>(k);
    const double to = threshold < map.thresholds.size()
                          ? Sigmoid(map.thresholds(threshold) - map.slope * log_odds)
                          : 1;
    chances[static_cast<std::size_t>(map.answers[k] - static_cast<int>(low))] = to - below;
    below = to;
  }
  return chances;
}

}  // namespace arcsat
