#pragma once

#include <optional>
#include <vector>

#include "eval/bootstrap.h"

namespace arcsat {

/// What a weighted mean may become where the response model misses something.
///
/// The marginal sensitivity model (Tan 2006): the odds of answering that a customer truly has are
/// the modelled ones times something between 1 / gamma and gamma, whatever it depends on, the
/// answer included. It holds in particular where, among customers who look alike, the odds of the
/// satisfied and of the dissatisfied differ by no more than the factor gamma.
struct TiltedRange {
  double low = 0, high = 0;
  std::vector<double> low_tilt, high_tilt;  ///< each item's factor z there, 1 / gamma or gamma
};

/// The least and the greatest of sum y (1 + z odds) / sum (1 + z odds) over all z within
/// [1 / gamma, gamma]: a linear-fractional programme, solved exactly by sorting and one scan (Zhao,
/// Small, Bhattacharya 2019). `y` are the answers, `odds` those of silence, (1 - chance) / chance,
/// >= 0. Error on no items, lengths that differ, or gamma < 1.
TiltedRange WeightedMeanRange(const std::vector<double>& y, const std::vector<double>& odds,
                              double gamma);

/// The least gamma whose range holds `value`; empty where it is above `greatest`.
std::optional<double> GammaToReach(const std::vector<double>& y, const std::vector<double>& odds,
                                   double value, double greatest = 100);

}  // namespace arcsat
