// Fits the mixed model of `arcsat agents` to what stands on standard input as JSON, for
// tests/parity/test_agents.py.
#include "insight/agents/mixed_model.h"
#include "insight/agents/statements.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

MixedData ReadData(const Json& in) {
  MixedData data;
  const auto rows = in.at("x").get<std::vector<Reals>>();
  data.y = Vector(in.at("y"));
  data.x.resize(data.y.size(), rows.empty() ? 0 : static_cast<Eigen::Index>(rows[0].size()));
  for (Eigen::Index i = 0; i < data.x.rows(); ++i) {
    for (Eigen::Index j = 0; j < data.x.cols(); ++j) {
      data.x(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    }
  }
  data.agent = in.at("agent").get<Integers>();
  data.problem = in.at("problem").get<Integers>();
  data.agents = in.at("agents").get<int>();
  data.problems = in.at("problems").get<int>();
  return data;
}

void Add(const Predicted& predicted, Json* list) {
  list->push_back({predicted.value, predicted.error});
}

Json Fit(const Json& in) {
  VarianceComponents given;
  const bool fixed = in.contains("variances");
  if (fixed) {
    const auto values = in.at("variances").get<Reals>();
    given = {values[0], values[1], values[2], values[3]};
  }
  const MixedData data = ReadData(in);
  const MixedFit fit(SumPairs(data), {in.at("random").get<bool>()}, fixed ? &given : nullptr);
  const VarianceComponents& found = fit.variances();
  Json agents = Json::array(), pairs = Json::array(), at = Json::array(), codes = Json::array();
  Json unseen = Json::array(), over = Json::array();
  const std::vector<double> weights(static_cast<std::size_t>(data.problems), 1.0 / data.problems);
  for (int agent = 0; agent < data.agents; ++agent) {
    Add(fit.Agent(agent), &agents);
    Add(fit.AgentAtUnseen(agent), &unseen);
    Add(fit.AgentOver(agent, weights), &over);
  }
  for (std::size_t p = 0; p < fit.sums().pairs.size(); ++p) {
    Add(fit.Pair(p), &pairs);
    Add(fit.AgentAt(p), &at);
    codes.push_back({fit.sums().pairs[p].agent, fit.sums().pairs[p].problem});
  }
  return {{"variances", {found.agent, found.pair, found.problem, found.residual}},
          {"log_likelihood", fit.log_likelihood()},
          {"coefficients", Array(fit.coefficients())},
          {"errors", Array(fit.coefficient_errors())},
          {"agent", agents},
          {"pair", pairs},
          {"at", at},
          {"unseen", unseen},
          {"over", over},
          {"codes", codes}};
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Fit); }
