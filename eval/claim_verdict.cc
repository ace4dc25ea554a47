#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "eval/claim.h"
#include "eval/paired_tests.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

std::string P(double p) {
  return p < 0.001 ? "Holm-corrected p < 0.001" : fmt::format("Holm-corrected p = {:.3f}", p);
}

// "2.31, 95% interval 1.20 to 3.42"; zero is never shown as "-0.00".
std::string Effect(const NestedTest& test) {
  return fmt::format("coefficient {:.2f}, 95% interval {:.2f} to {:.2f}", test.coefficient + 0.0,
                     test.interval.low, test.interval.high);
}

// A test by name, with its p after the correction.
struct Finding {
  const NestedTest* test = nullptr;
  double p = std::nan("");
};

Finding Find(const std::vector<NestedTest>& tests, const std::vector<double>& corrected,
             const std::string& name) {
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if (tests[i].name == name) return {&tests[i], corrected[i]};
  }
  throw Error({"claim verdict", fmt::format("found no test \"{}\"", name),
               "expected the tests of TestClaim", "pass all of them"});
}

// What carries the answer, where delta beyond exit does not.
std::string WhatCarries(const Finding& entry, const Finding& exit, double significance) {
  if (!std::isnan(entry.p) && entry.p < significance && entry.test->coefficient > 0) {
    return fmt::format(
        "The state at exit carries it: delta tells much beyond entry ({}; {}) because it holds the "
        "exit, but nothing measurable beyond exit ({}; {}).",
        Effect(*entry.test), P(entry.p), Effect(*exit.test), P(exit.p));
  }
  return fmt::format(
      "Delta tells nothing measurable of the answer, neither beyond entry ({}) nor beyond exit "
      "({}; {}).",
      Effect(*entry.test), Effect(*exit.test), P(exit.p));
}

Json ChangeJson(const ClaimChange& change) {
  return {{"name", change.name},
          {"auc", NumberJson(change.auc)},
          {"auc_interval", IntervalJson(change.auc_interval)},
          {"log_loss", NumberJson(change.log_loss)},
          {"log_loss_interval", IntervalJson(change.log_loss_interval)}};
}

}  // namespace

ClaimVerdict JudgeClaim(const std::vector<NestedTest>& tests,
                        const std::vector<ClaimChange>& changes, double significance) {
  std::vector<double> p(tests.size());
  std::transform(tests.begin(), tests.end(), p.begin(),
                 [](const NestedTest& test) { return test.p_value; });
  const std::vector<double> corrected = Holm(p);
  const Finding entry = Find(tests, corrected, "delta beyond entry");
  const Finding exit = Find(tests, corrected, "delta beyond exit");
  if (std::isnan(exit.p)) {
    return {false, fmt::format("The data cannot tell whether the transition matters beyond the "
                               "state at exit: {}.",
                               exit.test->warning)};
  }
  const std::string no = "The data do not support the transition as a measure of its own. ";
  if (exit.p >= significance) return {false, no + WhatCarries(entry, exit, significance)};
  if (exit.test->coefficient <= 0) {
    return {false,
            no + fmt::format("Of two customers who leave in the same state, the one who gained "
                             "more on the way is satisfied less often ({}; {}): it is the level of "
                             "entry and exit that carries the answer, not the gain.",
                             Effect(*exit.test), P(exit.p))};
  }
  const auto change = std::find_if(changes.begin(), changes.end(), [](const ClaimChange& c) {
    return c.name == "delta beyond exit";
  });
  const bool measured = change != changes.end() && change->log_loss_interval;
  if (!measured || !(change->log_loss_interval->high < 0)) {
    const std::string loss =
        measured
            ? fmt::format(
                  "the change of held-out log loss, {:.4f} ({:.4f} to {:.4f}), does "
                  "not lie clearly below 0",
                  change->log_loss, change->log_loss_interval->low, change->log_loss_interval->high)
            : "held-out log loss could not be measured";
    return {false, no + fmt::format("Delta passes the test beyond exit ({}; {}), but {}.",
                                    Effect(*exit.test), P(exit.p), loss)};
  }
  return {true,
          fmt::format("The data support the transition as a measure: beyond the state a customer "
                      "leaves in, delta tells more of the answer ({}; {}). "
                      "Held-out log loss changes by {:.4f} ({:.4f} to {:.4f}).",
                      Effect(*exit.test), P(exit.p), change->log_loss,
                      change->log_loss_interval->low, change->log_loss_interval->high)};
}

Claim ExamineClaim(const std::vector<double>& entry, const std::vector<double>& exit,
                   const std::vector<double>& outlook_logit, const std::vector<int>& satisfied,
                   const ClaimOptions& options) {
  if (!(options.significance > 0 && options.significance < 1)) {
    throw UsageError({"claim options", fmt::format("found significance {}", options.significance),
                      "expected a number between 0 and 1", "0.05 is usual"});
  }
  Claim claim;
  claim.tests = TestClaim(entry, exit, outlook_logit, satisfied);
  claim.changes = MeasureChanges(entry, exit, outlook_logit, satisfied, options);
  std::vector<double> delta;
  for (std::size_t i = 0; i < entry.size(); ++i) delta.push_back(exit[i] - entry[i]);
  claim.table = MakeDeltaTable(delta, satisfied, options.table);
  claim.verdict = JudgeClaim(claim.tests, claim.changes, options.significance);
  return claim;
}

Json ToJson(const NestedTest& test) {
  return {{"name", test.name},
          {"n", test.n},
          {"coefficient", NumberJson(test.coefficient)},
          {"standard_error", NumberJson(test.standard_error)},
          {"interval", IntervalJson(test.interval)},
          {"chi_squared", NumberJson(test.chi_squared)},
          {"degrees", test.degrees},
          {"p_value", NumberJson(test.p_value)},
          {"gain", NumberJson(test.gain)},
          {"warning", test.warning}};
}

Json ToJson(const Claim& claim) {
  Json tests = Json::array(), changes = Json::array();
  for (const NestedTest& test : claim.tests) tests.push_back(ToJson(test));
  for (const ClaimChange& change : claim.changes) changes.push_back(ChangeJson(change));
  return {{"tests", tests},
          {"changes", changes},
          {"delta_table", ToJson(claim.table)},
          {"delta_table_monotone", claim.table.monotone},
          {"verdict", {{"supported", claim.verdict.supported}, {"text", claim.verdict.text}}}};
}

}  // namespace arcsat
