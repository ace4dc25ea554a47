#pragma once

#include <Eigen/Dense>
#include <vector>

namespace arcsat {

/// Observations of a mixed model. y = x b + problem + u(agent) + v(agent, problem) + e.
struct MixedData {
  Eigen::MatrixXd x;         ///< (observations, columns), no intercept
  Eigen::VectorXd y;         ///< (observations)
  std::vector<int> agent;    ///< code of each observation, 0..agents-1
  std::vector<int> problem;  ///< 0..problems-1
  int agents = 0, problems = 0;
};

/// All that the fit needs of the observations: sums over each pair that occurs, and cross products.
struct PairSums {
  struct Pair {
    int agent = 0, problem = 0;
    double n = 0;
  };
  std::vector<Pair> pairs;  ///< sorted by agent, then problem
  Eigen::MatrixXd sums;     ///< (columns + 1, pairs): of x, and of y in the last row
  Eigen::MatrixXd cross;    ///< (columns + 1, columns + 1): sum of [x y]' [x y]
  double n = 0;
  int agents = 0, problems = 0, columns = 0;
};
PairSums SumPairs(const MixedData& data);

struct VarianceComponents {
  double agent = 0;     ///< of u
  double pair = 0;      ///< of v
  double problem = 0;   ///< where problems are random; else 0
  double residual = 0;  ///< of e
};

struct MixedOptions {
  bool problem_random = false;  ///< else every problem has a coefficient of its own
};

/// A random effect as predicted: the best linear unbiased predictor and the root of its prediction
/// error variance, which has the uncertainty of the coefficients in it.
struct Predicted {
  double value = 0, error = 0;
};

/// A fitted model. Restricted maximum likelihood (Patterson and Thompson 1971) on Henderson's
/// mixed-model equations (1950): within an agent the covariance is compound symmetric twice over,
/// so agents and pairs are absorbed in closed form, and what is left is one dense system of
/// columns + problems. An evaluation costs pairs * columns^2, whatever the number of observations.
class MixedFit {
 public:
  /// `variances` fixed beforehand skip the search. Error where there are fewer observations than
  /// coefficients, or where they do not vary.
  MixedFit(PairSums sums, const MixedOptions& options,
           const VarianceComponents* variances = nullptr);

  const VarianceComponents& variances() const { return variances_; }
  double log_likelihood() const { return log_likelihood_; }  ///< restricted
  const PairSums& sums() const { return sums_; }
  /// (columns + problems): of the columns, after them one a problem; with random problems an
  /// intercept stands before the problems' effects.
  const Eigen::VectorXd& coefficients() const { return coefficients_; }
  Eigen::VectorXd coefficient_errors() const;
  /// What the coefficients say of one observation: `x` has the columns.
  double Expected(const Eigen::Ref<const Eigen::VectorXd>& x, int problem) const;

  Predicted Agent(int agent) const;           ///< u
  Predicted Pair(std::size_t pair) const;     ///< v of sums().pairs[pair]
  Predicted AgentAt(std::size_t pair) const;  ///< u + v: the agent at that problem
  Predicted AgentAtUnseen(int agent) const;   ///< u + v at a problem they never had
  /// u + sum of weight * v, `weights` one a problem.
  Predicted AgentOver(int agent, const std::vector<double>& weights) const;

 private:
  struct System;
  void AbsorbPairs(double agent_ratio, double pair_ratio, Eigen::MatrixXd* all,
                   Eigen::MatrixXd* rows, double* log_determinant) const;
  void AddIntercept(Eigen::MatrixXd* all) const;
  System Absorb(double agent_ratio, double pair_ratio, double problem_ratio) const;
  double Deviance(const std::vector<double>& roots) const;
  void Solve(const VarianceComponents& variances);
  /// agent_weight * u + v of the pair.
  Predicted AtPair(std::size_t pair, double agent_weight) const;
  Predicted Combine(int agent, const std::vector<double>& weights, double agent_weight) const;
  Eigen::VectorXd PairRow(std::size_t pair) const;
  double degrees() const;

  PairSums sums_;
  MixedOptions options_;
  VarianceComponents variances_;
  double log_likelihood_ = 0;
  int size_ = 0;  ///< of the dense system: columns, intercept where random, problems
  Eigen::VectorXd coefficients_;
  Eigen::MatrixXd covariance_;      ///< (size_, size_), of the coefficients' errors
  std::vector<std::size_t> first_;  ///< an agent's first pair; agents + 1 entries
  Eigen::MatrixXd agent_rows_;      ///< (size_ + 1, agents): t of docs/agents.md
  Eigen::VectorXd agent_factor_;    ///< (agents): f
};

}  // namespace arcsat
