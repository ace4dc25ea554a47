#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <set>
#include <tuple>

#include "data/files.h"
#include "eval/ledger.h"

namespace arcsat {
namespace {

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// 1, or -1 where less is better.
double Sign(std::string_view figure) { return LowerIsBetter(figure) ? -1 : 1; }

/// The worse end of the interval, the larger the better; -infinity without one.
double WorseEnd(const LedgerFigure& figure) {
  if (!figure.interval) return -std::numeric_limits<double>::infinity();
  return LowerIsBetter(figure.name) ? -figure.interval->high : figure.interval->low;
}

bool Better(const LedgerFigure& a, const LedgerFigure& b) {
  const double sign = Sign(a.name);
  if (a.value != b.value) return sign * a.value > sign * b.value;
  return WorseEnd(a) > WorseEnd(b);
}

/// Whether the side's data, or a file of them, have the fingerprint that was asked for.
bool MeasuredOn(const LedgerEntry& entry, const LedgerQuery& query) {
  if (query.data.empty() || entry.DataFingerprint(query.side).starts_with(query.data)) return true;
  return std::any_of(entry.data.begin(), entry.data.end(), [&](const LedgerData& one) {
    return one.side == query.side && one.sha256.starts_with(query.data);
  });
}

/// What makes one group come before another: the more.
auto GroupRank(const LedgerGroup& group) {
  std::string newest;  // ISO 8601 in UTC sorts as text
  for (const LedgerEntry& entry : group.entries) newest = std::max(newest, entry.date);
  return std::make_tuple(!group.ground.data.empty(), group.entries.size(), newest);
}

}  // namespace

std::string LedgerEntry::DataFingerprint(std::string_view side) const {
  std::set<std::string> sums;
  for (const LedgerData& one : data) {
    if (one.side == side) sums.insert(one.sha256);
  }
  if (sums.empty() || sums.contains("")) return "";
  if (sums.size() == 1) return *sums.begin();
  std::string joined;
  for (const std::string& sum : sums) joined += sum;
  return Sha256(joined);
}

LedgerGround GroundOf(const LedgerEntry& entry, const LedgerFigure& figure) {
  return {entry.target, entry.DataFingerprint(figure.side), figure.n};
}

std::vector<LedgerGroup> GroupByGround(const std::vector<LedgerEntry>& entries,
                                       const LedgerQuery& query) {
  std::vector<LedgerGroup> groups;
  for (const LedgerEntry& entry : entries) {
    const LedgerFigure* figure = entry.Find(query.side, query.figure);
    if (figure == nullptr || entry.status == LedgerStatus::kFailed) continue;
    const LedgerGround ground = GroundOf(entry, *figure);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const LedgerGroup& group) {
      return group.ground == ground;
    });
    if (same == groups.end()) {
      groups.push_back({ground, {entry}});
    } else {
      same->entries.push_back(entry);
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const LedgerGroup& a, const LedgerGroup& b) {
    return GroupRank(a) > GroupRank(b);
  });
  return groups;
}

std::vector<LedgerEntry> Select(std::vector<LedgerEntry> entries, const LedgerQuery& query) {
  const std::string part = LowerCase(query.name);
  std::erase_if(entries, [&](const LedgerEntry& entry) {
    return (!query.target.empty() && entry.target != query.target) || !MeasuredOn(entry, query) ||
           LowerCase(entry.name).find(part) == std::string::npos;
  });
  return entries;
}

bool LowerIsBetter(std::string_view figure) {
  constexpr std::array<std::string_view, 9> kLosses = {
      "log_loss",    "brier", "ece",  "ece_debiased", "calibration_error_debiased",
      "state_error", "mae",   "rmse", "rps"};
  const std::size_t dot = figure.rfind('.');
  if (dot != std::string_view::npos) figure.remove_prefix(dot + 1);
  return std::find(kLosses.begin(), kLosses.end(), figure) != kLosses.end();
}

const LedgerEntry* Best(const std::vector<LedgerEntry>& entries, const LedgerQuery& query) {
  const LedgerEntry* best = nullptr;
  for (const LedgerEntry& entry : entries) {
    const LedgerFigure* figure = entry.Find(query.side, query.figure);
    if (figure == nullptr || entry.status == LedgerStatus::kFailed) continue;
    if (best == nullptr || Better(*figure, *best->Find(query.side, query.figure))) best = &entry;
  }
  return best;
}

LedgerStanding Compare(const LedgerFigure& figure, double baseline, double goal) {
  const double sign = Sign(figure.name);
  LedgerStanding standing{.over_baseline = sign * (figure.value - baseline),
                          .over_goal = sign * (figure.value - goal)};
  standing.beats_baseline = WorseEnd(figure) > sign * baseline;
  standing.reaches_goal = standing.over_goal >= 0;
  standing.surely_at_goal = WorseEnd(figure) >= sign * goal;
  return standing;
}

}  // namespace arcsat
