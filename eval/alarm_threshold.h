#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace arcsat {

/// P(X <= k) of X binomial with n >= 0 trials of chance p in 0..1: the sum of its terms. 0 for
/// k < 0, 1 for k >= n.
double BinomialCdf(int k, int n, double p);

/// Clopper and Pearson's (1934) one-sided upper limit of a chance: `confidence` of such limits lie
/// at or above it. 1 where k >= n.
double BinomialUpperLimit(int k, int n, double confidence);

/// A conversation whose customer answered. An alarm is raised where `chance` <= the threshold.
struct AlarmItem {
  double chance = 0;         ///< the lowest chance of a satisfied end that the alarm looks at
  bool unsatisfied = false;  ///< how it ended
  double weight = 1;         ///< conversations that it stands for, > 0
};

/// "Miss at most `miss` of the unsatisfied, with this confidence."
struct MissPromise {
  double miss = 0.10;        ///< share of unsatisfied conversations without an alarm, in (0, 1)
  double confidence = 0.95;  ///< share of calibration samples whose threshold keeps that, in (0, 1)
};

/// What a promise rests on.
struct PromiseBasis {
  double threshold = 1;
  double answers = 0;  ///< unsatisfied ones; with weights their effective number
  int allowed = 0;     ///< misses of so many that still show it
  double missed = 0;   ///< share of them that the threshold misses
  double limit = 1;    ///< upper limit of the share missed, at the promise's confidence
};

/// The lowest threshold of which the sample shows that it keeps the promise.
struct PromisedThreshold {
  double threshold = 1;  ///< the higher one of the two below
  int answers = 0, unsatisfied = 0;
  PromiseBasis answered;                 ///< for customers who answer
  std::optional<PromiseBasis> everyone;  ///< for all, where weights differ
};

/// Learn then test (Angelopoulos, Bates, Candes, Jordan, Lei 2021) along one line: thresholds from
/// the highest down, each hypothesis "it misses more than `miss`" rejected where the binomial
/// chance of so few misses is at most 1 - confidence, up to the first that is not. The share missed
/// never grows with the threshold, so this is the order statistic: with n unsatisfied answers, k is
/// the largest number with BinomialCdf(k, n, miss) <= 1 - confidence, and the threshold the
/// (k + 1)-th highest chance among them (Wilks 1941). Exact for conversations exchangeable with
/// these, whatever the model.
///
/// With weights the same is done once more on weighted shares, at the number of unweighted answers
/// that would say as much of them (the share's variance by linearisation, at most Kish's number;
/// rounded down): Korn and Graubard's (1998) limits of surveys. A good approximation where the
/// weights are right, no guarantee.
///
/// Error where there are too few unsatisfied answers (29 for 10% and 95%), naming their number;
/// UsageError on a promise out of range.
PromisedThreshold KeepPromise(std::span<const AlarmItem> items, const MissPromise& promise);

/// The highest threshold with at most `budget` alarms among `chances`, `forced` of which are raised
/// whatever the threshold is (their chances are left out of `chances`). Nothing where `forced`
/// alone are more; -1, which no chance is at or below, where not one more fits.
std::optional<double> KeepBudget(std::vector<double> chances, int forced, double budget);

}  // namespace arcsat
