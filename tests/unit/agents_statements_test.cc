#include "insight/agents/statements.h"

#include <gtest/gtest.h>

#include <cmath>

#include "insight/agents/mixed_model.h"
#include "insight/agents/nelder_mead.h"

namespace arcsat {
namespace {

TEST(NelderMead, FindsRosenbrocksValley) {
  const auto function = [](const std::vector<double>& x) {
    return 100 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(1 - x[0], 2);
  };
  const std::vector<double> found = NelderMead(function, {-1.2, 1}, {});
  EXPECT_NEAR(found[0], 1, 1e-4);
  EXPECT_NEAR(found[1], 1, 1e-4);
}

TEST(NelderMead, StaysAwayFromInfinity) {
  const auto function = [](const std::vector<double>& x) { return x[0] < 0.5 ? INFINITY : x[0]; };
  EXPECT_NEAR(NelderMead(function, {1}, {})[0], 0.5, 1e-4);
}

TEST(NewtonFrom, TakesAPointToItsLastDigits) {
  const auto function = [](const std::vector<double>& x) {
    return 1000 + std::cosh(x[0] - 0.3) + std::pow(x[0] - 0.3 + 2 * (x[1] + 0.7), 2);
  };
  const std::vector<double> found = NewtonFrom(function, {0.30002, -0.70001});
  EXPECT_NEAR(found[0], 0.3, 1e-9);
  EXPECT_NEAR(found[1], -0.7, 1e-9);
}

TEST(NewtonFrom, StaysWhereThereIsNoMinimumNear) {
  const auto far = [](const std::vector<double>& x) { return x[0] * x[0]; };
  EXPECT_EQ(NewtonFrom(far, {1}), std::vector<double>{1});
  const auto saddle = [](const std::vector<double>& x) { return x[0] * x[0] - x[1] * x[1]; };
  EXPECT_EQ(NewtonFrom(saddle, {0, 0}), (std::vector<double>{0, 0}));
  const auto edge = [](const std::vector<double>& x) { return x[0] < 0 ? INFINITY : x[0]; };
  EXPECT_EQ(NewtonFrom(edge, {0}), std::vector<double>{0});
}

TEST(Standing, ByHand) {
  AgentsOptions options;
  options.margin = 0.1;
  const Standing standing = MakeStanding({-0.3, 0.1}, 0.04, 12, 8, options);
  EXPECT_EQ(standing.n, 12);
  EXPECT_NEAR(standing.interval.low, -0.3 - 0.1959964, 1e-6);
  EXPECT_NEAR(standing.p_above, 0.0013499, 1e-6);
  EXPECT_NEAR(standing.p_gap, 0.9772499, 1e-6);
  EXPECT_NEAR(standing.p_strength, 0.0000317, 1e-6);
  // 0.04 of prior and 0.01 left: noise 0.01 * 0.04 / 0.03, distance -0.3 / 0.75.
  EXPECT_NEAR(standing.p_value_gap, NormalCdf(-0.4 / std::sqrt(0.04 / 3)), 1e-9);
  EXPECT_NEAR(standing.p_value_gap + standing.p_value_strength, 1, 1e-12);
  EXPECT_EQ(standing.statement, Statement::kNone);
  EXPECT_EQ(MakeStanding({-0.3, 0.1}, 0.04, 7, 8, options).statement, Statement::kTooFew);
}

/// Standings whose chance of a gap is as given.
std::vector<Statement> Stated(const std::vector<double>& chances, double fdr, double certainty) {
  AgentsOptions options;
  options.fdr = fdr;
  options.certainty = certainty;
  std::vector<Standing> standings;
  for (const double chance : chances) {
    standings.emplace_back();
    standings.back().p_gap = chance;
    standings.back().statement = Statement::kNone;
  }
  std::vector<Standing*> all;
  for (Standing& standing : standings) all.push_back(&standing);
  StateAll(all, options);
  std::vector<Statement> out;
  for (const Standing& standing : standings) out.push_back(standing.statement);
  return out;
}

TEST(Statements, StopWhereTheMeanChanceOfErrorPassesTheRate) {
  constexpr Statement kGap = Statement::kGap, kNone = Statement::kNone;
  // Means of 0.01, 0.05, 0.1: of 0.01, 0.03, 0.0533.
  EXPECT_EQ(Stated({0.95, 0.99, 0.9}, 0.05, 0.5), (std::vector{kGap, kGap, kNone}));
  EXPECT_EQ(Stated({0.95, 0.99, 0.9}, 0.06, 0.5), (std::vector{kGap, kGap, kGap}));
  EXPECT_EQ(Stated({0.95, 0.99, 0.9}, 0.06, 0.92), (std::vector{kGap, kGap, kNone}));
  EXPECT_EQ(Stated({0.5, 0.6}, 0.1, 0.5), (std::vector{kNone, kNone}));
}

TEST(Statements, NeedBenjaminiAndHochbergToo) {
  AgentsOptions options;
  std::vector<Standing> standings(5);
  const double p_values[] = {0.001, 0.05, 0.03, 0.7,
                             0.9};  // allowed at 0.1: up to 0.02, 0.04, 0.06
  std::vector<Standing*> all;
  for (std::size_t i = 0; i < standings.size(); ++i) {
    standings[i].p_gap = i == 4 ? 0.99 : i == 3 ? 0.1 : 0.97;
    standings[i].p_value_gap = p_values[i];
    standings[i].statement = Statement::kNone;
    all.push_back(&standings[i]);
  }
  StateAll(all, options);
  EXPECT_EQ(standings[0].statement, Statement::kGap);
  EXPECT_EQ(standings[1].statement, Statement::kGap);
  EXPECT_EQ(standings[2].statement, Statement::kGap);
  EXPECT_EQ(standings[3].statement, Statement::kNone);
  EXPECT_EQ(standings[4].statement, Statement::kNone);  // sure by its prior alone
}

TEST(Statements, NothingIsSaidOnTooFew) {
  AgentsOptions options;
  Standing sure = MakeStanding({-0.5, 0.01}, 1, 3, 8, options);
  Standing* all[] = {&sure};
  StateAll(all, options);
  EXPECT_EQ(sure.statement, Statement::kTooFew);
}

/// 3 agents, 1 problem, 4 observations each, means 1, 3, 5.
MixedData Balanced() {
  MixedData data;
  data.agents = 3;
  data.problems = 1;
  data.y.resize(12);
  data.x.resize(12, 0);
  const double rest[] = {-1, 1, -0.5, 0.5};
  for (int i = 0; i < 12; ++i) {
    data.agent.push_back(i / 4);
    data.problem.push_back(0);
    data.y(i) = 1 + 2 * (i / 4) + rest[i % 4];
  }
  return data;
}

TEST(MixedModel, EqualsTheAnalysisOfVarianceWhereItIsBalanced) {
  // Within agents 2.5 / 3 * ... : residual = 3 * 2.5 / 9; between: (4 * 4 - residual) / 4.
  const double residual = 7.5 / 9, between = (16 - residual) / 4;
  const MixedFit fit(SumPairs(Balanced()), {});
  const VarianceComponents& found = fit.variances();
  EXPECT_NEAR(found.residual, residual, 1e-4);
  EXPECT_NEAR(found.agent + found.pair, between, 1e-3)
      << "with one problem only their sum is known";
  EXPECT_NEAR(fit.coefficients()(0), 3, 1e-9);
  const double shrink = between / (between + residual / 4);
  EXPECT_NEAR(fit.AgentAt(0).value, -2 * shrink, 1e-4);
  EXPECT_NEAR(fit.AgentAt(2).value, 2 * shrink, 1e-4);
}

TEST(MixedModel, FewObservationsAreShrunkenMore) {
  MixedData data = Balanced();
  data.agent.resize(9);
  data.problem.resize(9);
  data.y.conservativeResize(9);
  data.x.resize(9, 0);
  data.y(8) = 5;
  const VarianceComponents variances{1, 0, 0, 1};
  const MixedFit fit(SumPairs(data), {}, &variances);
  EXPECT_GT(fit.Agent(2).error, fit.Agent(0).error);
  EXPECT_LT(fit.Agent(2).error, std::sqrt(1 + 1)) << "one observation tells something";
}

}  // namespace
}  // namespace arcsat
