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

}  // namespace arcsat
