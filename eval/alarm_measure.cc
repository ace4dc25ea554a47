#include "eval/alarm_measure.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "data/json.h"
#include "eval/alarm_threshold.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

using Cases = std::vector<const AlarmCase*>;
using Test = std::function<bool(const AlarmCase&)>;

bool Unsatisfied(const AlarmCase& c) { return c.unsatisfied.value_or(false); }
bool Alarmed(const AlarmCase& c) { return c.alarmed; }

/// Share with `yes` among those `of` the cases.
std::optional<AlarmShare> Share(const Cases& cases, const Test& of, const Test& yes, bool weighted,
                                double level) {
  double sum = 0, squares = 0, hits = 0;
  for (const AlarmCase* c : cases) {
    if (!of(*c)) continue;
    const double weight = weighted ? c->weight : 1;
    sum += weight;
    squares += weight * weight;
    if (yes(*c)) hits += weight;
  }
  if (sum == 0) return std::nullopt;
  const double n = sum * sum / squares, value = hits / sum;
  return AlarmShare{value, n, WilsonInterval(value * n, n, level)};
}

std::optional<LeadTime> Lead(std::vector<double> values, double level) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const int n = static_cast<int>(values.size());
  LeadTime lead{n, Quantile(values, 0.25), Quantile(values, 0.5), Quantile(values, 0.75), {}};
  // The k-th smallest lies above the median with the chance of fewer than k below it.
  int k = 0;
  while (BinomialCdf(k, n, 0.5) <= (1 - level) / 2) ++k;
  if (k > 0) {
    lead.interval =
        Interval{values[static_cast<std::size_t>(k - 1)], values[static_cast<std::size_t>(n - k)]};
  }
  return lead;
}

AlarmFigures FiguresOf(const std::string& group, const Cases& cases,
                       const AlarmMeasureOptions& options, double all) {
  AlarmFigures out;
  out.group = group;
  out.conversations = static_cast<int>(cases.size());
  bool weighted = false;
  std::vector<double> turns, seconds;
  std::set<std::string> reasons;
  for (const AlarmCase* c : cases) {
    out.alarms += c->alarmed ? 1 : 0;
    out.answered += c->unsatisfied ? 1 : 0;
    out.unsatisfied += Unsatisfied(*c) ? 1 : 0;
    weighted = weighted || c->weight != 1;
    if (c->alarmed) reasons.insert(c->reason);
    if (!c->alarmed || !Unsatisfied(*c)) continue;
    turns.push_back(c->lead_turns);
    if (c->lead_seconds) seconds.push_back(*c->lead_seconds);
  }
  const Test any = [](const AlarmCase&) { return true; };
  const Test known = [](const AlarmCase& c) { return c.alarmed && c.unsatisfied.has_value(); };
  const Test right = [](const AlarmCase& c) { return c.alarmed && Unsatisfied(c); };
  const auto share = [&](const Test& of, const Test& yes, bool by_weight = false) {
    return Share(cases, of, yes, by_weight, options.level);
  };
  out.share = share(any, Alarmed);
  out.recall = share(Unsatisfied, Alarmed);
  out.precision = share(known, Unsatisfied);
  out.early = share(right, [](const AlarmCase& c) { return c.lead_turns > 0; });
  if (weighted) {
    out.recall_everyone = share(Unsatisfied, Alarmed, true);
    out.precision_everyone = share(known, Unsatisfied, true);
  }
  if (options.conversations_day && out.share) {
    const double day = *options.conversations_day * static_cast<double>(cases.size()) / all;
    out.per_day =
        AlarmShare{out.share->value * day, out.share->n,
                   Interval{out.share->interval->low * day, out.share->interval->high * day}};
  }
  out.lead_turns = Lead(std::move(turns), options.level);
  out.lead_seconds = Lead(std::move(seconds), options.level);
  for (const std::string& reason : reasons) {
    const auto precision =
        share([&](const AlarmCase& c) { return known(c) && c.reason == reason; }, Unsatisfied);
    if (precision) out.precision_by_reason.emplace_back(reason, *precision);
  }
  return out;
}

Json ShareJson(const std::optional<AlarmShare>& share) {
  if (!share) return nullptr;
  return {{"value", NumberJson(share->value)},
          {"interval", IntervalJson(share->interval)},
          {"n", NumberJson(share->n)}};
}

Json LeadJson(const std::optional<LeadTime>& lead) {
  if (!lead) return nullptr;
  return {{"median", lead->median},
          {"interval", IntervalJson(lead->interval)},
          {"quartiles", Json::array({lead->q25, lead->q75})},
          {"n", lead->n}};
}

}  // namespace

std::vector<AlarmFigures> MeasureAlarms(const std::vector<AlarmCase>& cases,
                                        const AlarmMeasureOptions& options) {
  Cases all;
  std::map<std::string, Cases> groups;
  for (const AlarmCase& c : cases) {
    all.push_back(&c);
    groups[c.group].push_back(&c);
  }
  const double n = static_cast<double>(all.size());
  std::vector<AlarmFigures> out = {FiguresOf("all", all, options, n)};
  for (const auto& [name, members] : groups) {
    if (groups.size() == 1) break;  // the same once more
    out.push_back(FiguresOf(name.empty() ? "(none)" : name, members, options, n));
  }
  return out;
}

Json ToJson(const AlarmFigures& f) {
  Json reasons = Json::object();
  for (const auto& [reason, share] : f.precision_by_reason) {
    AppendField(&reasons, reason, ShareJson(share));
  }
  return {{"group", f.group},
          {"conversations", f.conversations},
          {"alarms", f.alarms},
          {"answered", f.answered},
          {"unsatisfied", f.unsatisfied},
          {"share", ShareJson(f.share)},
          {"recall", ShareJson(f.recall)},
          {"precision", ShareJson(f.precision)},
          {"early", ShareJson(f.early)},
          {"recall_everyone", ShareJson(f.recall_everyone)},
          {"precision_everyone", ShareJson(f.precision_everyone)},
          {"per_day", ShareJson(f.per_day)},
          {"lead_turns", LeadJson(f.lead_turns)},
          {"lead_seconds", LeadJson(f.lead_seconds)},
          {"precision_by_reason", std::move(reasons)}};
}

}  // namespace arcsat
