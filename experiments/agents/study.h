#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "data/random.h"
#include "data/simulator/simulate.h"
#include "data/timestamp.h"
#include "insight/agents/analysis.h"

namespace arcsat {

/// Conversations `first` to `first + n - 1` of a simulated world as records whose states are the
/// true ones with normal noise of deviation `noise` added to each: no model, no text.
/// Agent and problem codes are the simulator's own.
inline AgentRecords SimulatedRecords(const SimulateOptions& world, std::int64_t first,
                                     std::int64_t n, double noise, const std::string& outcome) {
  AgentRecords records;
  const Json known = WorldTruth(world);
  for (const Json& name : known.at("problem_types")) {
    records.problems.push_back(name.get<std::string>());
  }
  for (const Json& agent : known.at("agents")) {
    records.agents.push_back(agent.at("id").get<std::string>());
  }
  const auto code = [](const std::vector<std::string>& names, const std::string& name) {
    return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (std::int64_t i = first; i < first + n; ++i) {
    const Conversation conversation = Simulate(world, i);
    Random random(MixSeed(world.seed, 77, static_cast<std::uint64_t>(i)));
    const Json& truth = conversation.attributes.at("truth");
    const auto noisy = [&](double state) {
      return std::clamp(state + noise * random.Normal(), 0.0, 1.0);
    };
    Score score;
    for (const Json& state : truth.at("states")) {
      score.turns.push_back({0, Speaker::kCustomer, noisy(state.get<double>()), 0});
    }
    score.entry = score.turns.front().state;
    score.exit = score.turns.back().state;
    score.delta = score.exit - score.entry;
    records.AddId(conversation.id);
    records.agent.push_back(code(records.agents, conversation.agent_id));
    records.problem.push_back(code(records.problems, conversation.problem_type));
    records.channel.push_back(static_cast<std::int8_t>(*conversation.channel));
    records.started.push_back(*ParseTimestamp(conversation.started_at));
    records.entry.push_back(score.entry);
    records.outcome.push_back(OutcomeOf(score, outcome));
    records.satisfied.push_back(score.exit);
    records.behaviour.push_back({});
  }
  records.conversations = n;
  return records;
}

}  // namespace arcsat
