#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/delta_table.h"

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

/// As in calibration.json.
Json ToJson(const NestedTest& test);

struct ClaimOptions {
  int folds = 10;          ///< of the cross-fitting, stratified; >= 2, fewer where a class is small
  std::uint64_t seed = 1;  ///< of the folds
  double significance = 0.05;  ///< of the verdict, after Holm's correction; in (0, 1)
  BootstrapOptions bootstrap;  ///< of the changes
  DeltaTableOptions table;
};

/// What the added columns of a NestedTest bring to conversations that the fit never saw.
struct ClaimChange {
  std::string name;     ///< as the test's
  double auc = 0;       ///< larger model's less smaller one's: above 0 is better
  double log_loss = 0;  ///< the same, in nats a conversation: below 0 is better
  std::optional<Interval> auc_interval, log_loss_interval;  ///< paired bootstrap
};

/// The changes of TestClaim's four comparisons, out of sample: every conversation's chance comes
/// from models fitted on the other folds. The AUC compares within folds only and weighs folds by
/// their pairs of classes, since chances of two fits do not rank against each other (Forman and
/// Scholz 2010). Intervals resample conversations, both models' chances along; the fits stay as
/// they are. Empty where a class has fewer than two conversations.
std::vector<ClaimChange> MeasureChanges(const std::vector<double>& entry,
                                        const std::vector<double>& exit,
                                        const std::vector<double>& outlook_logit,
                                        const std::vector<int>& satisfied,
                                        const ClaimOptions& options = {});

/// Whether the transition is a measure of its own, in plain words.
struct ClaimVerdict {
  bool supported = false;
  std::string text;
};

/// Supported only where delta, beyond exit, has a positive coefficient, p below `significance`
/// after Holm's correction over the tests, and a change of log loss whose interval lies below 0.
/// Where it has not, the text says what the data do support.
ClaimVerdict JudgeClaim(const std::vector<NestedTest>& tests,
                        const std::vector<ClaimChange>& changes, double significance = 0.05);

/// Everything the evaluation says of the claim.
struct Claim {
  std::vector<NestedTest> tests;
  std::vector<ClaimChange> changes;
  DeltaTable table;
  ClaimVerdict verdict;
};

/// All of the above for one set of answered conversations (see TestClaim). UsageError on options
/// out of range.
Claim ExamineClaim(const std::vector<double>& entry, const std::vector<double>& exit,
                   const std::vector<double>& outlook_logit, const std::vector<int>& satisfied,
                   const ClaimOptions& options = {});

/// The object "claim" of evaluation.json.
Json ToJson(const Claim& claim);

}  // namespace arcsat
