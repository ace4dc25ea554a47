#include "insight/triage/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/error.h"
#include "eval/alarm_threshold.h"
#include "eval/response.h"
#include "insight/triage/rules.h"

namespace arcsat {
namespace {

constexpr double kSecondsOfDay = 86'400;

/// Conversations a day: as told, or by the days from the first to the last; 0 where not known.
double Volume(const std::vector<FinishedConversation>& finished, const TriageFitOptions& fit) {
  if (fit.conversations_day > 0) return fit.conversations_day;
  double first = std::numeric_limits<double>::infinity(), last = -first;
  for (const FinishedConversation& one : finished) {
    if (!one.started) return 0;
    first = std::min(first, std::floor(*one.started / kSecondsOfDay));
    last = std::max(last, std::floor(*one.started / kSecondsOfDay));
  }
  return finished.empty() ? 0 : static_cast<double>(finished.size()) / (last - first + 1);
}

struct Weights {
  std::vector<double> weight;  // one a conversation
  bool fitted = false;
};

/// 1 / chance of an answer, or 1 each where everybody answered or nothing can be learned of who
/// did.
Weights ResponseWeights(const std::vector<FinishedConversation>& finished,
                        const TriageFitOptions& fit, std::vector<std::string>* notes) {
  Weights out{std::vector<double>(finished.size(), 1.0), false};
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  for (const FinishedConversation& one : finished) {
    contexts.push_back(one.context);
    answered.push_back(one.satisfied ? 1 : 0);
  }
  const auto silent = std::count(answered.begin(), answered.end(), 0);
  if (!fit.weighted || silent == 0) {
    if (silent > 0) notes->push_back("not weighted: figures are of customers who answer");
    return out;
  }
  const auto model = FitResponse(contexts, answered);
  if (!model) {
    notes->push_back(
        "too few answers or silences for a response model: figures are of customers "
        "who answer");
    return out;
  }
  for (std::size_t i = 0; i < finished.size(); ++i) {
    out.weight[i] = 1 / model->Propensity(contexts[i]);
  }
  out.fitted = true;
  return out;
}

bool Falls(const Score& score, const TriageOptions& rules) {
  for (const RuleFinding& finding : Judge(score, true, rules)) {
    if (finding.reason == AlertReason::kFall) return true;
  }
  return false;
}

Json BasisJson(const PromiseBasis& basis) {
  return {{"answers", basis.answers},
          {"allowed", basis.allowed},
          {"missed", basis.missed},
          {"limit", basis.limit},
          {"threshold", basis.threshold}};
}

double ByPromise(const std::vector<FinishedConversation>& finished, const TriageOptions& rules,
                 const TriageFitOptions& fit, Json* basis) {
  std::vector<std::string> notes;
  const Weights weights = ResponseWeights(finished, fit, &notes);
  std::vector<AlarmItem> items;
  for (std::size_t i = 0; i < finished.size(); ++i) {
    const FinishedConversation& one = finished[i];
    if (!one.satisfied) continue;
    // Where no customer spoke no threshold raises an alert: a miss at every one.
    const double chance =
        LowestChance(one.score, rules).value_or(std::numeric_limits<double>::infinity());
    items.push_back({chance, !*one.satisfied, weights.weight[i]});
  }
  const PromisedThreshold kept = KeepPromise(items, {fit.miss, fit.confidence});
  if (!(kept.threshold <= 1)) {
    throw Error({"the calibration answers",
                 "too many are of conversations without a customer's turn",
                 "expected conversations that an alert can be raised in", "give other data"});
  }
  (*basis)["promise"] = {{"miss", fit.miss},
                         {"confidence", fit.confidence},
                         {"answers", kept.answers},
                         {"unsatisfied", kept.unsatisfied},
                         {"answered", BasisJson(kept.answered)},
                         {"everyone", kept.everyone ? BasisJson(*kept.everyone) : Json(nullptr)}};
  notes.push_back(fmt::format(
      "at most {:g}% of the unsatisfied customers who answer stay without an alert, with {:g}% "
      "confidence over calibration samples: exact for conversations exchangeable with these that "
      "neither the model nor its calibration learned from",
      100 * fit.miss, 100 * fit.confidence));
  if (kept.everyone) {
    notes.push_back(
        "the same for everybody, as far as the response model is right: customers alike "
        "in channel, problem, length, entry, exit and escalation answer alike, however "
        "satisfied they are; an approximation at the effective number of answers");
  }
  (*basis)["assumptions"] = notes;
  return kept.threshold;
}

double ByBudget(const std::vector<FinishedConversation>& finished, const TriageOptions& rules,
                const TriageFitOptions& fit, Json* basis) {
  const double volume = Volume(finished, fit);
  if (volume <= 0) {
    throw Error({"the conversations", "not all say when they began",
                 "expected started_at, which tells how many there are a day",
                 "add it, or give --budget.conversations_per_day"});
  }
  std::vector<double> chances;
  int forced = 0;
  for (const FinishedConversation& one : finished) {
    const auto chance = LowestChance(one.score, rules);
    if (!chance) continue;
    if (Falls(one.score, rules)) {
      ++forced;
    } else {
      chances.push_back(*chance);
    }
  }
  const double days = static_cast<double>(finished.size()) / volume;
  const auto threshold = KeepBudget(chances, forced, fit.per_day * days);
  if (!threshold) {
    throw Error(
        {"the budget", fmt::format("{:.1f} alerts a day come from falls alone", forced / days),
         fmt::format("expected at most {:g}", fit.per_day), "raise --triage.fall or the budget"});
  }
  int alarms = forced;
  for (const double chance : chances) alarms += chance <= *threshold ? 1 : 0;
  (*basis)["budget"] = {{"per_day", fit.per_day},
                        {"conversations_per_day", volume},
                        {"days", days},
                        {"alerts_per_day", alarms / days}};
  (*basis)["assumptions"] = {
      "an average day: the budget is kept over these days together, a single "
      "day can bring more",
      "days to come are like these"};
  return std::clamp(*threshold, 0.0, 1.0);
}

/// The first alert, in time; of several at one turn the first reason.
AlarmCase CaseOf(const FinishedConversation& one, const TriageOptions& rules) {
  AlarmCase out;
  out.group = one.context.channel;
  if (one.satisfied) out.unsatisfied = !*one.satisfied;
  const RuleFinding* first = nullptr;
  const std::vector<RuleFinding> findings = Judge(one.score, true, rules);
  const auto when = [&](const RuleFinding& f) {
    return f.reason == AlertReason::kEnded
               ? one.at.size()
               : static_cast<std::size_t>(one.score.turns[f.turn].index);
  };
  for (const RuleFinding& finding : findings) {
    if (first == nullptr || when(finding) < when(*first)) first = &finding;
  }
  if (first == nullptr) return out;
  out.alarmed = true;
  out.reason = Name(first->reason);
  const std::size_t last = one.at.size() - 1, turn = std::min(when(*first), last);
  out.lead_turns = static_cast<int>(last - turn);
  if (one.at[last] && one.at[turn]) out.lead_seconds = *one.at[last] - *one.at[turn];
  return out;
}

}  // namespace

Thresholds FitThresholds(const std::vector<FinishedConversation>& finished,
                         const TriageOptions& rules, const TriageFitOptions& fit) {
  Thresholds out;
  out.fall = rules.fall;
  out.from_turn = rules.from_turn;
  out.basis = {{"by", fit.per_day > 0 ? "budget" : "promise"}};
  int answered = 0;
  for (const FinishedConversation& one : finished) {
    answered += one.satisfied ? 1 : 0;
    out.model = one.score.model;
  }
  out.outlook = fit.per_day > 0 ? ByBudget(finished, rules, fit, &out.basis)
                                : ByPromise(finished, rules, fit, &out.basis);
  out.basis["data"] = {{"conversations", finished.size()}, {"answered", answered}};
  return out;
}

TriageMeasure MeasureTriage(const std::vector<FinishedConversation>& finished,
                            const TriageOptions& rules, const TriageFitOptions& fit) {
  TriageMeasure out;
  const Weights weights = ResponseWeights(finished, fit, &out.notes);
  out.weighted = weights.fitted;
  out.conversations_day = Volume(finished, fit);
  std::vector<AlarmCase> cases;
  for (std::size_t i = 0; i < finished.size(); ++i) {
    cases.push_back(CaseOf(finished[i], rules));
    cases.back().weight = weights.weight[i];
  }
  AlarmMeasureOptions options;
  if (out.conversations_day > 0) options.conversations_day = out.conversations_day;
  out.groups = MeasureAlarms(cases, options);
  if (out.conversations_day <= 0) {
    out.notes.push_back(
        "call-backs a day: not all conversations say when they began, and "
        "--budget.conversations_per_day is not given");
  }
  return out;
}

Json ToJson(const TriageMeasure& measure, const TriageOptions& rules) {
  Json groups = Json::array();
  for (const AlarmFigures& figures : measure.groups) groups.push_back(ToJson(figures));
  return {
      {"rules", {{"outlook", rules.outlook}, {"fall", rules.fall}, {"from_turn", rules.from_turn}}},
      {"conversations_per_day",
       measure.conversations_day > 0 ? Json(measure.conversations_day) : Json(nullptr)},
      {"groups", std::move(groups)},
      {"notes", measure.notes}};
}

}  // namespace arcsat
