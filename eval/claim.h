#pragma once

#include <string>
#include <vector>

#include "eval/bootstrap.h"

namespace arcsat {

/// Whether columns added to a logistic model tell more: a likelihood-ratio test.
struct NestedTest {
  std::string name;        ///< "delta beyond entry"
  int n = 0;               ///< conversations
  double coefficient = 0;  ///< of delta, log-odds a unit, in the larger model
  double standard_error = 0;
  Interval interval;       ///< Wald, 95%
  double chi_squared = 0;  ///< twice the gain in log likelihood
  int degrees = 1;         ///< columns added
  double p_value = 1;      ///< NaN where a model had no finite maximum: see `warning`
  double gain = 0;         ///< log likelihood gained a conversation, in nats
  std::string warning;
};

/// The project's claim, tested rather than assumed: what the transition from entry to exit tells of
/// the answer. Vectors have one number a conversation: entry, exit in 0..1, the outlook's log-odds,
/// `satisfied` 0 or 1. Four tests:
///   "delta beyond entry"    entry                -> entry + delta
///   "delta beyond exit"     exit                 -> exit + delta
///   "delta beyond outlook"  outlook              -> outlook + delta
///   "arc beyond outlook"    outlook              -> outlook + entry + delta   (2 degrees)
/// Beyond entry and exit together delta tells nothing, by construction: it is their difference.
/// Fitted by maximum likelihood without a ridge.
std::vector<NestedTest> TestClaim(const std::vector<double>& entry, const std::vector<double>& exit,
                                  const std::vector<double>& outlook_logit,
                                  const std::vector<int>& satisfied);

}  // namespace arcsat
