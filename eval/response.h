#pragma once

#include <Eigen/Dense>
#include <optional>
#include <string>
#include <vector>

#include "eval/balancing.h"
#include "eval/logistic.h"
#include "eval/response_columns.h"

namespace arcsat {

struct ResponseOptions {
  double ridge = 0.1;    ///< on standardised columns (LogisticOptions), > 0
  int kinks = 4;         ///< in the lines of length, entry and exit, 0..10
  int per_column = 5;    ///< answers, and silences, that a column needs: fewer give fewer columns
  double trim = 20;      ///< no weight above this many times all / answered, >= 1
  int min_answers = 20;  ///< fewer answers, or silences, give no model; >= 2
};

/// The chance of an answered survey by what is known before it: a logistic model with a ridge, of
/// all conversations, answered or not. Its coefficients are estimated twice: by maximum likelihood,
/// to say who answers; and so that the weights balance (balancing.h), to weight.
///
/// Not cross-fitted: a few dozen columns cannot follow single conversations; only a fit to the very
/// conversations that are weighted balances them; and the errors of weighted_mean.h allow for it.
struct ResponseModel {
  ResponseOptions options;
  ResponseColumns columns;
  LogisticFit fit;         ///< maximum likelihood
  BalancingFit balancing;  ///< gives the weights
  double floor = 0;        ///< (answered / all) / trim: chances below are raised to it
  double auc = 0;          ///< of `fit` against who answered, on the conversations fitted

  /// Chance of an answer by `balancing`, `floor`..1, of any conversation, of these or not.
  double Propensity(const SurveyContext& context) const;
};

/// Empty where fewer than options.min_answers answered, or as few did not. `answered` is 0 or 1 a
/// conversation. Error where the lengths differ or a state is not within 0..1; UsageError on an
/// option out of range.
std::optional<ResponseModel> FitResponse(const std::vector<SurveyContext>& contexts,
                                         const std::vector<int>& answered,
                                         const ResponseOptions& options = {});

/// (sum of w)^2 / sum of w^2 (Kish 1965): as many unweighted answers would say as much. 0 for none.
double KishEffectiveSize(const Eigen::VectorXd& weights);

/// How far those who answered are from everybody in one covariate: (their mean - mean of all) /
/// standard deviation of all (divided by n - 1); 0 where that is 0.
struct BalanceLine {
  std::string name;   ///< "channel[voice]", "turns", "exit"
  double before = 0;  ///< every answer counts alike
  double after = 0;   ///< weighted
};

/// Of every value of channel, problem type and escalation (fields that tell conversations apart),
/// of turns, entry and exit. The absolute values are the ASMD of Meta's `balance`. `weights` has
/// one a conversation; those of the silent do not count. Empty where nobody answered.
std::vector<BalanceLine> Balance(const std::vector<SurveyContext>& contexts,
                                 const std::vector<int>& answered, const Eigen::VectorXd& weights);

/// Mean of the absolute differences; the values of a field count as one together, as in `balance`.
struct MeanBalance {
  double before = 0, after = 0;
};
MeanBalance MeanOf(const std::vector<BalanceLine>& lines);

}  // namespace arcsat
