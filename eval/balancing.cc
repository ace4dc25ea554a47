#include "eval/balancing.h"

#include <cmath>

#include "eval/symmetric.h"

namespace arcsat {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMaxIterations = 100;

// Standardised columns behind a column of ones; coefficients of x = back * coefficients of z.
struct Design {
  MatrixXd z, back, forth;
};

Design Standardise(const MatrixXd& x) {
  const Index k = x.cols();
  Design design{MatrixXd::Ones(x.rows(), k + 1), MatrixXd::Identity(k + 1, k + 1),
                MatrixXd::Identity(k + 1, k + 1)};
  for (Index j = 0; j < k; ++j) {
    const double mean = x.col(j).mean();
    const double deviation = std::sqrt((x.col(j).array() - mean).square().mean());
    const double scale = deviation > 1e-12 * (1 + std::abs(mean)) ? deviation : 1;
    design.z.col(j + 1) = (x.col(j).array() - mean) / scale;
    design.back(j + 1, j + 1) = 1 / scale;
    design.back(0, j + 1) = -mean / scale;
    design.forth(j + 1, j + 1) = scale;
    design.forth(0, j + 1) = mean;
  }
  return design;
}

}  // namespace

BalancingFit FitBalancing(const MatrixXd& x, const VectorXd& answered, double ridge,
                          const VectorXd& start) {
  const Design design = Standardise(x);
  const MatrixXd& z = design.z;
  const double n = static_cast<double>(x.rows());
  VectorXd penalty = VectorXd::Constant(z.cols(), ridge * n / answered.sum());
  penalty(0) = 0;
  const VectorXd silent = 1 - answered.array();
  // exp(-eta) of those who answered, 0 of the others.
  const auto odds = [&](const VectorXd& b) {
    return VectorXd((answered.array() > 0).select((-(z * b).array()).exp(), 0));
  };
  const auto objective = [&](const VectorXd& b) {
    return odds(b).sum() + silent.dot(z * b) + b.cwiseAbs2().dot(penalty) / 2;
  };
  const auto information = [&](const VectorXd& o) {
    MatrixXd sum = WeightedCross(z, o);
    sum.diagonal() += penalty;
    return sum;
  };
  BalancingFit fit;
  VectorXd b = design.forth * start;
  double current = objective(b);
  for (; fit.iterations < kMaxIterations && !fit.converged; ++fit.iterations) {
    const VectorXd o = odds(b);
    const VectorXd gradient = z.transpose() * (o - silent) - penalty.cwiseProduct(b);
    const VectorXd step = SolveSymmetric(information(o), gradient);
    if (!step.allFinite()) break;
    double length = 1;
    double next = objective(b + step);
    while (!(next <= current + 1e-12 * (1 + std::abs(current))) && length > 1e-10) {
      length /= 2;
      next = objective(b + length * step);
    }
    if (!std::isfinite(next)) break;
    b += length * step;
    current = next;
    fit.converged = gradient.dot(step) < 1e-14 * (1 + std::abs(current));
  }
  fit.coefficients = design.back * b;
  fit.inverse = Sandwich(design.back, InverseSymmetric(information(odds(b))));
  return fit;
}

}  // namespace arcsat
