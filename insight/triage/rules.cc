#include "insight/triage/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/json.h"

namespace arcsat {
namespace {

constexpr double kSmallestFall = 0.02;  // of the state; less is noise of the model
constexpr double kDigits = 1e4;         // figures of an alert are given to so many parts

double Round(double value) { return std::round(value * kDigits) / kDigits; }

/// Falls at the customer's turns up to `last`, largest first; of equal ones the later first.
std::vector<Fall> Falls(const Score& score, std::size_t last, int most) {
  std::vector<Fall> falls;
  for (std::size_t k = 1; k <= last; ++k) {
    const double by = score.turns[k - 1].state - score.turns[k].state;
    if (by >= kSmallestFall) falls.push_back({score.turns[k].index, by, score.turns[k].state});
  }
  std::stable_sort(falls.begin(), falls.end(), [](const Fall& a, const Fall& b) {
    return Round(a.by) != Round(b.by) ? a.by > b.by : a.place > b.place;
  });
  if (falls.size() > static_cast<std::size_t>(most)) falls.resize(static_cast<std::size_t>(most));
  return falls;
}

}  // namespace

const char* Name(AlertReason reason) {
  switch (reason) {
    case AlertReason::kFall:
      return "fall";
    case AlertReason::kOutlook:
      return "outlook";
    case AlertReason::kEnded:
      return "ended";
  }
  return "";
}

std::vector<RuleFinding> Judge(const Score& score, bool ended, const TriageOptions& options) {
  std::vector<RuleFinding> findings;
  const std::size_t n = score.turns.size(), from = static_cast<std::size_t>(options.from_turn) - 1;
  if (n == 0) return findings;
  const double low = score.turns.front().state - options.fall;
  for (std::size_t k = std::max<std::size_t>(from, 1); k < n; ++k) {
    if (score.turns[k].state > low) continue;
    findings.push_back({AlertReason::kFall, k});
    break;
  }
  for (std::size_t k = from; k < n; ++k) {
    if (score.turns[k].outlook > options.outlook) continue;
    findings.push_back({AlertReason::kOutlook, k});
    break;
  }
  if (ended && score.p_satisfied <= options.outlook) {
    findings.push_back({AlertReason::kEnded, n - 1});
  }
  return findings;
}

std::optional<double> LowestChance(const Score& score, const TriageOptions& options) {
  if (score.turns.empty()) return std::nullopt;
  double lowest = score.p_satisfied;
  for (std::size_t k = static_cast<std::size_t>(options.from_turn) - 1; k < score.turns.size();
       ++k) {
    lowest = std::min(lowest, score.turns[k].outlook);
  }
  return lowest;
}

Alert MakeAlert(const RuleFinding& finding, const Score& score, const Conversation& facts,
                std::optional<double> at, const TriageOptions& options) {
  const ScoredTurn& turn = score.turns.at(finding.turn);
  Alert alert;
  alert.conversation = facts.id;
  alert.reason = finding.reason;
  alert.place = turn.index;
  alert.at = at;
  alert.chance = 1 - turn.outlook;
  alert.entry = score.turns.front().state;
  alert.state = turn.state;
  alert.outlook = turn.outlook;
  if (finding.reason == AlertReason::kEnded) {
    alert.chance = 1 - score.p_satisfied;
    if (score.interval) {
      alert.interval = {1 - score.interval->second, 1 - score.interval->first};
    }
  }
  alert.why = Falls(score, finding.turn, options.why_turns);
  alert.channel = facts.channel;
  alert.agent_id = facts.agent_id;
  alert.problem_type = facts.problem_type;
  alert.team = facts.team;
  alert.model = score.model;
  return alert;
}

std::string Sentence(const Alert& alert) {
  std::string text;
  switch (alert.reason) {
    case AlertReason::kFall:
      text = fmt::format("The state fell from {:.2f} to {:.2f}", alert.entry, alert.state);
      break;
    case AlertReason::kOutlook:
      text = fmt::format("The chance of a satisfied end fell to {:.0f}%", 100 * alert.outlook);
      break;
    case AlertReason::kEnded:
      text = fmt::format("Ended with a chance of {:.0f}% that the customer is unsatisfied",
                         100 * alert.chance);
      break;
  }
  if (alert.why.empty()) return text + ".";
  text += alert.reason == AlertReason::kFall ? ": by " : ": the state fell by ";
  for (std::size_t i = 0; i < alert.why.size(); ++i) {
    text += fmt::format("{}{:.2f} at turn {}", i == 0 ? "" : ", ", alert.why[i].by,
                        alert.why[i].place + 1);
  }
  return text + ".";
}

Json ToJson(const Alert& alert) {
  Json why = Json::array();
  for (const Fall& fall : alert.why) {
    why.push_back(Json{{"i", fall.place}, {"fall", Round(fall.by)}, {"state", Round(fall.state)}});
  }
  Json out = {{"alert", alert.conversation + "/" + Name(alert.reason)},
              {"conversation", alert.conversation},
              {"reason", Name(alert.reason)},
              {"i", alert.place}};
  if (alert.at) AppendField(&out, "at", NumberToJson(*alert.at));
  AppendField(&out, "chance", Round(alert.chance));
  if (alert.interval) {
    AppendField(&out, "interval",
                Json::array({Round(alert.interval->first), Round(alert.interval->second)}));
  }
  AppendField(&out, "entry", Round(alert.entry));
  AppendField(&out, "state", Round(alert.state));
  AppendField(&out, "outlook", Round(alert.outlook));
  AppendField(&out, "why", std::move(why));
  AppendField(&out, "says", Sentence(alert));
  if (alert.channel) AppendField(&out, "channel", Name(*alert.channel));
  const auto text = [&out](const char* key, const std::string& value) {
    if (!value.empty()) AppendField(&out, key, value);
  };
  text("agent_id", alert.agent_id);
  text("problem_type", alert.problem_type);
  text("team", alert.team);
  text("model", alert.model);
  return out;
}

}  // namespace arcsat
