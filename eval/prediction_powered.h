#pragma once

#include <Eigen/Dense>
#include <optional>

#include "eval/bootstrap.h"

namespace arcsat {

struct PpiOptions {
  double level = 0.95;              ///< of the interval, in (0, 1)
  std::optional<double> lambda;     ///< 1: PPI; 0: the answers alone; empty: tuned (PPI++)
  Eigen::VectorXd weights;          ///< of the labelled, >= 0, scaled to mean 1; empty: 1 each
  Eigen::VectorXd weights_without;  ///< of the unlabelled, likewise
};

struct PpiMean {
  double value = 0;
  double standard_error = 0;
  double lambda = 0;
  Interval interval;  ///< normal
};

/// Prediction-powered mean of y (Angelopoulos, Bates, Fannjiang, Jordan, Zrnic 2023; tuned lambda:
/// Angelopoulos, Duchi, Zrnic 2023), as published and as the package `ppi_py` computes it: two
/// independent samples, one with answers `y` and predictions `f`, one with predictions `f_without`
/// only, and weights taken for known constants. Where those with answers are part of all, and their
/// weights come from a fitted response model, WeightedMeans::PredictionPowered has the right error.
/// Error where lengths differ, a sample is empty, or a value is not finite.
PpiMean PredictionPoweredMean(const Eigen::VectorXd& y, const Eigen::VectorXd& f,
                              const Eigen::VectorXd& f_without, const PpiOptions& options = {});

}  // namespace arcsat
