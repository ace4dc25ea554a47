#include "eval/prediction_powered.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

ArrayXd Scaled(const VectorXd& weights, Index n) {
  if (weights.size() == 0) return ArrayXd::Ones(n);
  return weights.array() * (static_cast<double>(n) / weights.sum());
}

double Variance(const ArrayXd& x) { return (x - x.mean()).square().mean(); }

// The lambda of least variance for gradients of the squared loss at `mean`, within 0..1.
double Tuned(const ArrayXd& y, const ArrayXd& f, const ArrayXd& f_without, double mean,
             const ArrayXd& w, const ArrayXd& w_without) {
  const ArrayXd own = w * (y - mean), predicted = w * (f - mean);
  const double covariance = ((own - own.mean()) * (predicted - predicted.mean())).mean();
  ArrayXd all(f.size() + f_without.size());
  all << predicted, w_without * (f_without - mean);
  const double n = static_cast<double>(f.size()), m = static_cast<double>(f_without.size());
  const double variance = Variance(all) * (n + m) / (n + m - 1);
  if (!(variance > 0)) return 0;
  return std::clamp(covariance / ((1 + n / m) * variance), 0.0, 1.0);
}

void Check(const VectorXd& y, const VectorXd& f, const VectorXd& f_without,
           const PpiOptions& options) {
  const auto fits = [](const VectorXd& w, Index n) {
    return w.size() == 0 || (w.size() == n && (w.array() >= 0).all() && w.sum() > 0);
  };
  const bool good = y.size() > 0 && y.size() == f.size() && f_without.size() > 0 && y.allFinite() &&
                    f.allFinite() && f_without.allFinite() && fits(options.weights, y.size()) &&
                    fits(options.weights_without, f_without.size());
  if (good) return;
  throw Error({"prediction-powered mean",
               fmt::format("found {} answers, {} predictions beside them, {} without, or a value "
                           "that is not finite",
                           y.size(), f.size(), f_without.size()),
               "expected a finite prediction for every answer, and weights >= 0 or none",
               "pass the samples as they were scored"});
}

}  // namespace

PpiMean PredictionPoweredMean(const VectorXd& y, const VectorXd& f, const VectorXd& f_without,
                              const PpiOptions& options) {
  Check(y, f, f_without, options);
  const ArrayXd w = Scaled(options.weights, y.size());
  const ArrayXd w_without = Scaled(options.weights_without, f_without.size());
  const auto estimate = [&](double lambda) {
    return lambda * (w_without * f_without.array()).mean() +
           (w * (y.array() - lambda * f.array())).mean();
  };
  PpiMean mean;
  mean.lambda = options.lambda
                    ? *options.lambda
                    : Tuned(y.array(), f.array(), f_without.array(), estimate(1), w, w_without);
  mean.value = estimate(mean.lambda);
  const double predicted =
      Variance(mean.lambda * w_without * f_without.array()) / static_cast<double>(f_without.size());
  const double corrected =
      Variance(w * (y.array() - mean.lambda * f.array())) / static_cast<double>(y.size());
  mean.standard_error = std::sqrt(predicted + corrected);
  const double half = NormalQuantile((1 + options.level) / 2) * mean.standard_error;
  mean.interval = {mean.value - half, mean.value + half};
  return mean;
}

}  // namespace arcsat
