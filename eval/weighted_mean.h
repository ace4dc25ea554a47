#pragma once

#include <Eigen/Dense>
#include <optional>
#include <vector>

#include "eval/response.h"

namespace arcsat {

/// A corrected figure.
struct WeightedFigure {
  double value = 0;
  double standard_error = 0;
  double degrees = 1;  ///< of freedom, for Student's distribution
  std::optional<double> lambda;
};

/// Means over all conversations, or over a part of them, from the answers of a few, with weights
/// 1 / chance of an answer.
///
/// Errors are by linearisation, the response model's coefficients being among what is estimated
/// (Stefanski and Boos 2002): in effect the residuals of a regression of the answers on the model's
/// columns. Residuals are made up for what the fit took from them (divided by 1 - leverage, as HC3
/// of MacKinnon and White 1985). Conversations are taken for independent draws, so the errors are
/// of a mean over all customers whom they are drawn from.
class WeightedMeans {
 public:
  /// `answered` is 0 or 1 for each of `contexts`, the conversations that `model` was fitted to.
  WeightedMeans(const ResponseModel& model, const std::vector<SurveyContext>& contexts,
                const std::vector<int>& answered);

  const Eigen::VectorXd& weights() const { return weights_; }  ///< >= 1; of the silent as well
  int trimmed() const { return trimmed_; }                     ///< answers with a trimmed weight
  int below_floor() const { return below_floor_; }             ///< conversations, answered or not

  /// Hajek's estimate: sum of w y / sum of w over the members who answered. `members` are indices,
  /// `y` has a value for every conversation (only those who answered count). Somebody among them
  /// must have answered.
  WeightedFigure Reweighted(const std::vector<int>& members, const Eigen::VectorXd& y) const;

  /// lambda * mean of f over all members + Hajek's estimate of y - lambda f. Without `lambda` it is
  /// the one of least estimated variance, within 0..1 (power tuning of PPI++; Angelopoulos, Duchi,
  /// Zrnic 2023). `f` is a prediction of y for every conversation.
  WeightedFigure PredictionPowered(const std::vector<int>& members, const Eigen::VectorXd& y,
                                   const Eigen::VectorXd& f,
                                   std::optional<double> lambda = {}) const;

  /// Hajek's estimate with weights 1 + z (1 / chance - 1): the odds of silence of each conversation
  /// times a z > 0 of its own (sensitivity.h).
  WeightedFigure Tilted(const std::vector<int>& members, const Eigen::VectorXd& y,
                        const Eigen::VectorXd& z) const;

 private:
  // To first order the mean is its value and a sum over all conversations of their parts.
  struct Linear {
    double value = 0;
    Eigen::VectorXd parts;
  };
  Linear Hajek(const std::vector<int>& members, const Eigen::VectorXd& y,
               const Eigen::VectorXd& z) const;
  WeightedFigure Finish(const std::vector<int>& members, const Linear& mean) const;

  Eigen::VectorXd answered_, weights_;
  Eigen::VectorXd untrimmed_;  // of answers: weights as the coefficients were fitted with; else 0
  Eigen::VectorXd moves_;      // 1, or 0 where the weight was trimmed: no coefficient moves it
  Eigen::VectorXd spread_;     // 1 / (1 - leverage) of those who answered
  Eigen::MatrixXd design_;     // (conversations, 1 + columns), ones in front
  Eigen::MatrixXd inverse_;    // of the coefficients' information
  int trimmed_ = 0, below_floor_ = 0;
};

}  // namespace arcsat
