#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/metrics.h"

namespace arcsat {

/// McNemar's test (1947): whether two versions err equally often on the same conversations. Only
/// those count that one of them got right and the other did not.
struct McNemarTest {
  std::int64_t only_first = 0;  ///< right in the first version alone
  std::int64_t only_other = 0;  ///< right in the other alone
  std::string method;           ///< "exact" or "chi-square"
  double statistic = 0;         ///< the smaller count, or chi-square with one degree of freedom
  double p_value = 1;           ///< two-sided
};

/// Fewer discordant pairs than this are tested exactly.
inline constexpr std::int64_t kExactMcNemarBelow = 25;

/// Below kExactMcNemarBelow discordant pairs the exact binomial test at one half; from there on
/// chi-square with Edwards's continuity correction, (|b - c| - 1)^2 / (b + c), and 0 where b = c.
/// p is 1 where nothing is discordant. Error on a negative count.
McNemarTest McNemar(std::int64_t only_first, std::int64_t only_other);

/// Holm's step-down adjustment (1979): where a p so adjusted is below alpha, the chance of one
/// false finding or more among all is below alpha, however the tests depend on each other. NaN (a
/// test that could not be made) stays NaN and does not count among them.
std::vector<double> Holm(std::span<const double> p);

/// The largest of the p-values that Benjamini and Hochberg's step-up rule (1995) rejects, so that
/// the expected share of false ones among them is at most `rate`; below 0 where it rejects none.
double LargestRejected(std::vector<double> p, double rate);

/// How two versions decided, by the label: [0] dissatisfied, [1] satisfied.
struct PairedDecisions {
  std::int64_t both_right[2] = {0, 0};
  std::int64_t only_first[2] = {0, 0};  ///< right in the first version alone
  std::int64_t only_other[2] = {0, 0};
  std::int64_t both_wrong[2] = {0, 0};

  BinaryCounts First() const;
  BinaryCounts Other() const;
};

/// All of one length: labels, and each version's chances with the threshold it decides by.
PairedDecisions CountDecisions(Labels y, Values first, double first_threshold, Values other,
                               double other_threshold);

/// The paired permutation test of any figure of decisions (approximate randomisation: Yeh 2000),
/// exact: were the versions alike, either could have been the one that was right in each discordant
/// conversation, so their number on the first side is binomial within each class, and all of its
/// values are gone through. Two-sided. NaN where the figure is not defined; 1 where the versions
/// never differ.
double SwapTest(const PairedDecisions& decisions,
                const std::function<double(const BinaryCounts&)>& figure);

/// The paired permutation test of a mean: signs of the conversations' differences are flipped at
/// random `resamples` times; (1 + as far from 0 or farther) / (1 + resamples), two-sided. The same
/// seed gives the same p. NaN without items.
double SignFlipTest(Values differences, int resamples, std::uint64_t seed);

}  // namespace arcsat
