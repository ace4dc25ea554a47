#include "insight/agents/statements.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "eval/paired_tests.h"
#include "eval/special.h"

namespace arcsat {
namespace {

void StateSide(std::span<Standing*> standings, double Standing::*chance, double Standing::*p_value,
               Statement statement, const AgentsOptions& options) {
  std::vector<Standing*> order;
  for (Standing* standing : standings) {
    if (standing->statement != Statement::kTooFew) order.push_back(standing);
  }
  std::vector<double> p_values;
  for (const Standing* standing : order) p_values.push_back(standing->*p_value);
  const double allowed = LargestRejected(std::move(p_values), options.fdr);
  std::erase_if(order, [&](const Standing* s) { return s->*p_value > allowed; });
  std::stable_sort(order.begin(), order.end(),
                   [&](const Standing* a, const Standing* b) { return a->*chance > b->*chance; });
  double wrong = 0;
  int stated = 0;
  for (Standing* standing : order) {
    wrong += 1 - standing->*chance;
    ++stated;
    // Both only grow, so nothing behind the first that fails can pass.
    if (standing->*chance < options.certainty || wrong / stated > options.fdr) return;
    standing->statement = statement;
  }
}

}  // namespace

const char* Name(Statement statement) {
  switch (statement) {
    case Statement::kTooFew:
      return "too few";
    case Statement::kNone:
      return "none";
    case Statement::kGap:
      return "gap";
    case Statement::kStrength:
      return "strength";
  }
  return "";
}

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

Standing MakeStanding(const Predicted& predicted, double prior, int n, int enough,
                      const AgentsOptions& options) {
  Standing standing;
  standing.n = n;
  standing.effect = predicted.value;
  standing.error = predicted.error;
  const double reach = NormalQuantile(0.5 + options.level / 2) * predicted.error;
  standing.interval = {predicted.value - reach, predicted.value + reach};
  if (predicted.error > 0) {
    standing.p_above = NormalCdf(predicted.value / predicted.error);
    standing.p_gap = NormalCdf((-options.margin - predicted.value) / predicted.error);
    standing.p_strength = NormalCdf((predicted.value - options.margin) / predicted.error);
  }
  const double variance = predicted.error * predicted.error;
  const bool told = predicted.error > 0 && prior > variance;
  const double z =
      told ? predicted.value / predicted.error * std::sqrt(prior / (prior - variance)) : 0;
  standing.p_value_gap = NormalCdf(z);
  standing.p_value_strength = NormalCdf(-z);
  standing.statement = n >= enough ? Statement::kNone : Statement::kTooFew;
  return standing;
}

void StateAll(std::span<Standing*> standings, const AgentsOptions& options) {
  StateSide(standings, &Standing::p_gap, &Standing::p_value_gap, Statement::kGap, options);
  StateSide(standings, &Standing::p_strength, &Standing::p_value_strength, Statement::kStrength,
            options);
}

}  // namespace arcsat
