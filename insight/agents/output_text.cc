#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/csv.h"
#include "insight/agents/output.h"

namespace arcsat {
std::string AgentsCsv(const AgentsAnalysis& analysis, const AgentNames& name) {
  std::vector<std::pair<std::string, const PairStanding*>> rows;
  for (const PairStanding& pair : analysis.pairs) rows.emplace_back(name(pair.agent), &pair);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text =
      "agent,problem_type,conversations,mean,effect,standard_error,low,high,p_above,p_gap,"
      "p_strength,statement,satisfied_lost,satisfied_lost_low,satisfied_lost_high\n";
  for (const auto& [agent, pair] : rows) {
    const Standing& s = pair->standing;
    text += fmt::format(
        "{},{},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{},"
        "{:.6g},{:.6g},{:.6g}\n",
        CsvField(agent),
        CsvField(analysis.design.problems[static_cast<std::size_t>(pair->problem)]), s.n,
        pair->mean, s.effect, s.error, s.interval.low, s.interval.high, s.p_above, s.p_gap,
        s.p_strength, Name(s.statement), pair->cost, pair->cost_interval.low,
        pair->cost_interval.high);
  }
  return text;
}

std::string TraceCsv(const AgentRecords& records, const AgentsAnalysis& analysis,
                     const AgentNames& name) {
  std::map<std::pair<int, int>, Statement> stated;
  for (const PairStanding& pair : analysis.pairs) {
    const Statement statement = pair.standing.statement;
    if (statement == Statement::kGap || statement == Statement::kStrength) {
      stated[{pair.agent, pair.problem}] = statement;
    }
  }
  std::string text = "agent,problem_type,statement,id,entry,outcome,expected,residual\n";
  for (std::size_t i = 0; i < records.size(); ++i) {
    const int problem = analysis.design.data.problem[i];
    const auto found = stated.find({records.agent[i], problem});
    if (found == stated.end()) continue;
    text += fmt::format(
        "{},{},{},{},{:.6g},{:.6g},{:.6g},{:.6g}\n", CsvField(name(records.agent[i])),
        CsvField(analysis.design.problems[static_cast<std::size_t>(problem)]), Name(found->second),
        CsvField(std::string(records.id(i))), records.entry[i], records.outcome[i],
        analysis.expected[i], records.outcome[i] - analysis.expected[i]);
  }
  return text;
}

std::string AgentsText(const Json& agents) {
  std::map<std::string, int> overall, pairs;
  std::string gaps;
  int shown = 0;
  for (const Json& agent : agents.at("agents")) {
    ++overall[agent.at("overall").at("statement").get<std::string>()];
    for (const Json& pair : agent.at("problems")) ++pairs[pair.at("statement").get<std::string>()];
    for (const Json& step : agent.at("path")) {
      if (++shown > 12) continue;
      gaps += fmt::format(
          "  {} at {}: {:+.3f} [{:+.3f}, {:+.3f}], {} conversations, about {:.1f} "
          "satisfied customers fewer\n",
          agent.at("agent").get<std::string>(), step.at("problem_type").get<std::string>(),
          step.at("effect").get<double>(), step.at("interval").at(0).get<double>(),
          step.at("interval").at(1).get<double>(), step.at("n").get<int>(),
          step.at("satisfied_lost").at("value").get<double>());
    }
  }
  const Json& variance = agents.at("model").at("variance");
  const auto part = [&](const char* key) { return variance.at(key).get<double>(); };
  const double all = part("agent") + part("agent_problem") + part("residual");
  std::string text = fmt::format(
      "{} conversations of {} agents\n"
      "  of what differs beyond entry, problem, channel and time: agents {:.1f}%, agents at single "
      "problems {:.1f}%\n"
      "  over all problems: {} above the team, {} below, {} not told apart, {} with too few\n"
      "  at single problems: {} strengths, {} gaps, {} not told apart, {} with too few\n",
      agents.at("data").at("used").get<std::size_t>(), agents.at("agents").size(),
      100 * part("agent") / all, 100 * part("agent_problem") / all, overall["strength"],
      overall["gap"], overall["none"], overall["too few"], pairs["strength"], pairs["gap"],
      pairs["none"], pairs["too few"]);
  if (shown > 0) text += "first steps of learning paths\n" + gaps;
  if (shown > 12) text += fmt::format("  and {} more\n", shown - 12);
  return text;
}

}  // namespace arcsat
