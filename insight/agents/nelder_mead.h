#pragma once

#include <functional>
#include <vector>

namespace arcsat {

struct NelderMeadOptions {
  double step = 0.1;        ///< of the first simplex, in every direction
  double tolerance = 1e-9;  ///< between the simplex' best and worst value, and its width
  int evaluations = 2000;   ///< at most, restarts included
};

/// A point near `start` where `function` is smallest (Nelder and Mead 1965, with the coefficients
/// 1, 2, 1/2, 1/2), started again from what it finds until that changes no more. Infinity is
/// allowed. For few dimensions.
std::vector<double> NelderMead(const std::function<double(const std::vector<double>&)>& function,
                               const std::vector<double>& start, const NelderMeadOptions& options);

/// Newton's steps from near a smooth minimum, where a simplex has half of the point's digits: it
/// stops where values differ no more. Derivatives are differences over 0.004, so wide that the
/// rounding of `function` does not matter. `start` where it is not curved upwards, or the minimum
/// is not near.
std::vector<double> NewtonFrom(const std::function<double(const std::vector<double>&)>& function,
                               const std::vector<double>& start);

}  // namespace arcsat
