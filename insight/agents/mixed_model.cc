#include "insight/agents/mixed_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "insight/agents/nelder_mead.h"

namespace arcsat {
namespace {

using Index = Eigen::Index;
constexpr double kLog2Pi = 1.8378770664093453;

Index Signed(std::size_t i) { return static_cast<Index>(i); }

}  // namespace

PairSums SumPairs(const MixedData& data) {
  PairSums out;
  out.agents = data.agents;
  out.problems = data.problems;
  out.columns = static_cast<int>(data.x.cols());
  out.n = static_cast<double>(data.y.size());
  const Index columns = data.x.cols();
  std::vector<std::size_t> order(data.agent.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::pair(data.agent[i], data.problem[i]); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (std::size_t place = 0; place < order.size(); ++place) {
    const auto [agent, problem] = key(order[place]);
    if (place == 0 || key(order[place - 1]) != std::pair(agent, problem)) {
      out.pairs.push_back({agent, problem, 0});
    }
    out.pairs.back().n += 1;
  }
  out.sums = Eigen::MatrixXd::Zero(columns + 1, Signed(out.pairs.size()));
  Index pair = -1;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const std::size_t i = order[place];
    if (place == 0 || key(order[place - 1]) != key(i)) ++pair;
    out.sums.col(pair).head(columns) += data.x.row(Signed(i)).transpose();
    out.sums(columns, pair) += data.y(Signed(i));
  }
  out.cross.resize(columns + 1, columns + 1);
  out.cross.topLeftCorner(columns, columns) = data.x.transpose() * data.x;
  out.cross.col(columns).head(columns) = data.x.transpose() * data.y;
  out.cross.row(columns).head(columns) = out.cross.col(columns).head(columns).transpose();
  out.cross(columns, columns) = data.y.squaredNorm();
  return out;
}

/// The dense equations that are left, with y as their last row and column, times the residual
/// variance. `scale` is what the unknowns are measured in: roots of the problems' ratio.
struct MixedFit::System {
  Eigen::MatrixXd left;        // (size, size)
  Eigen::VectorXd right;       // (size)
  double square = 0;           // y' V^-1 y
  double log_determinant = 0;  // of V
  Eigen::VectorXd scale;       // (size)
};

// The row of a pair in the system: sums of its columns, the intercept, its problem, y.
Eigen::VectorXd MixedFit::PairRow(std::size_t pair) const {
  Eigen::VectorXd row = Eigen::VectorXd::Zero(size_ + 1);
  row.head(sums_.columns) = sums_.sums.col(Signed(pair)).head(sums_.columns);
  const PairSums::Pair& here = sums_.pairs[pair];
  if (options_.problem_random) row(sums_.columns) = here.n;
  row(size_ - sums_.problems + here.problem) = here.n;
  row(size_) = sums_.sums(sums_.columns, Signed(pair));
  return row;
}

// Cross products of [columns, intercept, problems, y] with pairs absorbed, the upper half; the same
// sums an agent in `rows`, ready for the agents to be absorbed too.
void MixedFit::AbsorbPairs(double agent_ratio, double pair_ratio, Eigen::MatrixXd* all,
                           Eigen::MatrixXd* rows, double* log_determinant) const {
  const int columns = sums_.columns, first_problem = size_ - sums_.problems;
  all->topLeftCorner(columns, columns) = sums_.cross.topLeftCorner(columns, columns);
  all->col(size_).head(columns) = sums_.cross.col(columns).head(columns);
  (*all)(size_, size_) = sums_.cross(columns, columns);
  for (int agent = 0; agent < sums_.agents; ++agent) {
    double weight = 0;
    for (std::size_t p = first_[static_cast<std::size_t>(agent)];
         p < first_[static_cast<std::size_t>(agent) + 1]; ++p) {
      const double n = sums_.pairs[p].n, shrink = 1 / (1 + n * pair_ratio);
      const int at = first_problem + sums_.pairs[p].problem;
      const auto sum = sums_.sums.col(Signed(p));
      // A pair's observations, less what its own effect explains.
      const double drop = pair_ratio * shrink;
      all->topLeftCorner(columns, columns).noalias() -=
          drop * sum.head(columns) * sum.head(columns).transpose();
      all->col(size_).head(columns) -= drop * sum(columns) * sum.head(columns);
      (*all)(size_, size_) -= drop * sum(columns) * sum(columns);
      all->col(at).head(columns) += shrink * sum.head(columns);
      (*all)(at, at) += shrink * n;
      (*all)(at, size_) += shrink * sum(columns);
      rows->col(agent).head(columns) += shrink * sum.head(columns);
      (*rows)(at, agent) += shrink * n;
      (*rows)(size_, agent) += shrink * sum(columns);
      weight += shrink * n;
      *log_determinant += -std::log(shrink);
    }
    if (options_.problem_random) (*rows)(columns, agent) = weight;
    rows->col(agent) *= std::sqrt(agent_ratio / (1 + agent_ratio * weight));
    *log_determinant += std::log1p(agent_ratio * weight);
  }
}

// The intercept's row is the sum of the problems' rows.
void MixedFit::AddIntercept(Eigen::MatrixXd* all) const {
  const int columns = sums_.columns, first_problem = size_ - sums_.problems;
  all->col(columns).head(columns) =
      all->block(0, first_problem, columns, sums_.problems).rowwise().sum();
  const Eigen::VectorXd counts = all->diagonal().segment(first_problem, sums_.problems);
  (*all)(columns, columns) = counts.sum();
  all->row(columns).segment(first_problem, sums_.problems) = counts.transpose();
  (*all)(columns, size_) = all->col(size_).segment(first_problem, sums_.problems).sum();
}

MixedFit::System MixedFit::Absorb(double agent_ratio, double pair_ratio,
                                  double problem_ratio) const {
  System system;
  Eigen::MatrixXd half = Eigen::MatrixXd::Zero(size_ + 1, size_ + 1);
  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(size_ + 1, sums_.agents);
  AbsorbPairs(agent_ratio, pair_ratio, &half, &rows, &system.log_determinant);
  if (options_.problem_random) AddIntercept(&half);
  Eigen::MatrixXd all = half.selfadjointView<Eigen::Upper>();
  all.noalias() -= rows * rows.transpose();
  system.scale = Eigen::VectorXd::Ones(size_);
  if (options_.problem_random) {
    system.scale.tail(sums_.problems).setConstant(std::sqrt(problem_ratio));
  }
  system.left =
      system.scale.asDiagonal() * all.topLeftCorner(size_, size_) * system.scale.asDiagonal();
  if (options_.problem_random) system.left.diagonal().tail(sums_.problems).array() += 1;
  system.right = system.scale.cwiseProduct(all.col(size_).head(size_));
  system.square = all(size_, size_);
  return system;
}

double MixedFit::degrees() const {
  return sums_.n - (options_.problem_random ? sums_.columns + 1 : size_);
}

// -2 times the restricted log-likelihood, the residual variance profiled out.
double MixedFit::Deviance(const std::vector<double>& roots) const {
  const System system = Absorb(roots[0] * roots[0], roots[1] * roots[1],
                               options_.problem_random ? roots[2] * roots[2] : 0);
  const Eigen::LLT<Eigen::MatrixXd> factor(system.left);
  if (factor.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
  const double rest = system.square - system.right.dot(factor.solve(system.right));
  if (!(rest > 0)) return std::numeric_limits<double>::infinity();
  const double log_left = 2 * factor.matrixLLT().diagonal().array().log().sum();
  return degrees() * (kLog2Pi + 1 + std::log(rest / degrees())) + system.log_determinant + log_left;
}

MixedFit::MixedFit(PairSums sums, const MixedOptions& options, const VarianceComponents* variances)
    : sums_(std::move(sums)), options_(options) {
  size_ = sums_.columns + (options_.problem_random ? 1 : 0) + sums_.problems;
  first_.assign(static_cast<std::size_t>(sums_.agents) + 1, 0);
  for (const PairSums::Pair& pair : sums_.pairs) ++first_[static_cast<std::size_t>(pair.agent) + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  const auto refuse = [](const char* found) {
    throw Error({"the mixed model", found, "expected more conversations than coefficients",
                 "give more conversations, or pool problem types by --agents.min_problem"});
  };
  if (degrees() < 1) refuse("has too few conversations");
  if (variances != nullptr) {
    Solve(*variances);
    return;
  }
  std::vector<double> start = {0.2, 0.2};
  if (options_.problem_random) start.push_back(0.3);
  const auto deviance = [this](const std::vector<double>& roots) { return Deviance(roots); };
  if (!std::isfinite(deviance(start))) refuse("has conversations that do not vary");
  const std::vector<double> best = NewtonFrom(deviance, NelderMead(deviance, start, {}));
  VarianceComponents found;
  found.residual = 1;
  found.agent = best[0] * best[0];
  found.pair = best[1] * best[1];
  if (options_.problem_random) found.problem = best[2] * best[2];
  const System system = Absorb(found.agent, found.pair, found.problem);
  const Eigen::LLT<Eigen::MatrixXd> factor(system.left);
  const double rest = system.square - system.right.dot(factor.solve(system.right));
  const double residual = rest / degrees();
  found = {found.agent * residual, found.pair * residual, found.problem * residual, residual};
  Solve(found);
}

void MixedFit::Solve(const VarianceComponents& variances) {
  variances_ = variances;
  const double agent_ratio = variances.agent / variances.residual;
  const double pair_ratio = variances.pair / variances.residual;
  const System system = Absorb(agent_ratio, pair_ratio, variances.problem / variances.residual);
  const Eigen::LLT<Eigen::MatrixXd> factor(system.left);
  coefficients_ = system.scale.cwiseProduct(factor.solve(system.right));
  covariance_ = variances.residual * system.scale.asDiagonal() *
                factor.solve(Eigen::MatrixXd::Identity(size_, size_)) * system.scale.asDiagonal();
  const double rest = system.square - system.right.dot(factor.solve(system.right));
  log_likelihood_ =
      -0.5 * (degrees() * (kLog2Pi + std::log(variances.residual)) + rest / variances.residual +
              system.log_determinant + 2 * factor.matrixLLT().diagonal().array().log().sum());
  agent_rows_ = Eigen::MatrixXd::Zero(size_ + 1, sums_.agents);
  agent_factor_ = Eigen::VectorXd::Zero(sums_.agents);
  for (int agent = 0; agent < sums_.agents; ++agent) {
    double weight = 0;
    for (std::size_t p = first_[static_cast<std::size_t>(agent)];
         p < first_[static_cast<std::size_t>(agent) + 1]; ++p) {
      const double shrink = 1 / (1 + sums_.pairs[p].n * pair_ratio);
      agent_rows_.col(agent) += shrink * PairRow(p);
      weight += shrink * sums_.pairs[p].n;
    }
    agent_factor_(agent) = agent_ratio / (1 + agent_ratio * weight);
  }
}

Eigen::VectorXd MixedFit::coefficient_errors() const { return covariance_.diagonal().cwiseSqrt(); }

double MixedFit::Expected(const Eigen::Ref<const Eigen::VectorXd>& x, int problem) const {
  double expected = coefficients_.head(sums_.columns).dot(x);
  if (options_.problem_random) expected += coefficients_(sums_.columns);
  return expected + coefficients_(size_ - sums_.problems + problem);
}

// agent_weight * u + sum of weights * v. Given the coefficients, u and the v of one agent are
// normal with the moments below (v of different problems are tied through u alone); an error in the
// coefficients moves the predictors by `slope`.
Predicted MixedFit::Combine(int agent, const std::vector<double>& weights,
                            double agent_weight) const {
  const double residual = variances_.residual, pair_ratio = variances_.pair / residual;
  const double factor = agent_factor_(agent);
  Eigen::VectorXd known(size_ + 1);  // turns a row with y into its residual
  known.head(size_) = -coefficients_;
  known(size_) = 1;
  Eigen::VectorXd slope = agent_weight * factor * agent_rows_.col(agent);
  double through = agent_weight;  // weight of u, what the v take over from it subtracted
  double variance = 0, seen = 0, all = 0;
  for (const double weight : weights) all += weight * weight;
  for (std::size_t p = first_[static_cast<std::size_t>(agent)];
       p < first_[static_cast<std::size_t>(agent) + 1]; ++p) {
    const double weight = weights[static_cast<std::size_t>(sums_.pairs[p].problem)];
    if (weight == 0) continue;
    const double n = sums_.pairs[p].n, drop = pair_ratio / (1 + n * pair_ratio);
    seen += weight * weight;
    variance += weight * weight * residual * drop;
    through -= weight * drop * n;
    slope += weight * drop * (PairRow(p) - n * factor * agent_rows_.col(agent));
  }
  variance += through * through * residual * factor + variances_.pair * (all - seen);
  const Eigen::VectorXd moved = slope.head(size_);
  variance += moved.dot(covariance_ * moved);
  return {slope.dot(known), std::sqrt(std::max(0.0, variance))};
}

Predicted MixedFit::Agent(int agent) const {
  return Combine(agent, std::vector<double>(static_cast<std::size_t>(sums_.problems), 0.0), 1);
}

Predicted MixedFit::Pair(std::size_t pair) const { return AtPair(pair, 0); }

Predicted MixedFit::AgentAt(std::size_t pair) const { return AtPair(pair, 1); }

Predicted MixedFit::AtPair(std::size_t pair, double agent_weight) const {
  std::vector<double> weights(static_cast<std::size_t>(sums_.problems), 0.0);
  weights[static_cast<std::size_t>(sums_.pairs[pair].problem)] = 1;
  return Combine(sums_.pairs[pair].agent, weights, agent_weight);
}

Predicted MixedFit::AgentAtUnseen(int agent) const {
  const Predicted own = Agent(agent);
  return {own.value, std::sqrt(own.error * own.error + variances_.pair)};
}

Predicted MixedFit::AgentOver(int agent, const std::vector<double>& weights) const {
  return Combine(agent, weights, 1);
}

}  // namespace arcsat
