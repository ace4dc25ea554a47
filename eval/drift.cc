#include "eval/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/error.h"
#include "data/json.h"
#include "eval/evaluation.h"
#include "eval/paired_tests.h"
#include "eval/special.h"

namespace arcsat {
namespace {

constexpr const char* kNoName = "(none)";
constexpr double kLeastExpected = 5;

double Sum(const std::vector<double>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

void Check(const std::string& name, const std::vector<std::string>& values,
           const std::vector<double>& before, const std::vector<double>& after) {
  if (before.size() != values.size() || after.size() != values.size()) {
    throw Error({"drift of " + name,
                 fmt::format("found {} categories with {} and {} counts", values.size(),
                             before.size(), after.size()),
                 "expected a count of either side for each", "count the categories again"});
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(before[i] >= 0 && after[i] >= 0 && std::isfinite(before[i] + after[i]))) {
      throw Error({fmt::format("drift of {}: {}", name, values[i]),
                   fmt::format("found counts {} and {}", before[i], after[i]),
                   "expected finite numbers from 0 up", "count the categories again"});
    }
  }
}

// Only categories that either side has.
std::vector<DriftCategory> Present(const std::vector<std::string>& values,
                                   const std::vector<double>& before,
                                   const std::vector<double>& after) {
  std::vector<DriftCategory> present;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (before[i] + after[i] > 0) present.push_back({values[i], before[i], after[i]});
  }
  return present;
}

double StabilityIndex(const std::vector<DriftCategory>& categories, double n, double m) {
  const bool empty = std::any_of(categories.begin(), categories.end(),
                                 [](const auto& c) { return !(c.before > 0) || !(c.after > 0); });
  const double more = empty ? 0.5 : 0;
  const double all = more * static_cast<double>(categories.size());
  double index = 0;
  for (const DriftCategory& c : categories) {
    const double p = (c.before + more) / (n + all), q = (c.after + more) / (m + all);
    index += (q - p) * std::log(q / p);
  }
  return std::max(0.0, index);
}

// Categories that expect too few on the smaller side become one; the next rarest join it while it
// expects too few itself.
std::vector<DriftCategory> Merged(std::vector<DriftCategory> categories, double n, double m) {
  const double share = std::min(n, m) / (n + m);
  const auto total = [](const DriftCategory& c) { return c.before + c.after; };
  std::sort(categories.begin(), categories.end(), [&](const auto& a, const auto& b) {
    return total(a) != total(b) ? total(a) < total(b) : a.value < b.value;
  });
  DriftCategory rare;
  std::size_t taken = 0;
  while (taken < categories.size() && (share * total(categories[taken]) < kLeastExpected ||
                                       (taken > 0 && share * total(rare) < kLeastExpected))) {
    rare.before += categories[taken].before;
    rare.after += categories[taken].after;
    ++taken;
  }
  std::vector<DriftCategory> merged(categories.begin() + static_cast<std::ptrdiff_t>(taken),
                                    categories.end());
  if (taken > 0) merged.push_back(rare);
  return merged;
}

void TestHomogeneity(double n, double m, ColumnDrift* drift) {
  const std::vector<DriftCategory> merged = Merged(drift->categories, n, m);
  if (merged.size() < 2) return;
  for (const DriftCategory& c : merged) {
    const double both = c.before + c.after;
    const double expected_before = both * n / (n + m), expected_after = both * m / (n + m);
    drift->chi_squared +=
        (c.before - expected_before) * (c.before - expected_before) / expected_before +
        (c.after - expected_after) * (c.after - expected_after) / expected_after;
  }
  drift->degrees = static_cast<int>(merged.size()) - 1;
  drift->p = ChiSquareSurvival(drift->chi_squared, drift->degrees);
}

ColumnDrift OfMaps(const std::string& name, const std::map<std::string, std::int64_t>& before,
                   const std::map<std::string, std::int64_t>& after) {
  std::map<std::string, std::pair<double, double>> both;
  for (const auto& [value, count] : before) both[value].first = static_cast<double>(count);
  for (const auto& [value, count] : after) both[value].second = static_cast<double>(count);
  std::vector<std::string> values;
  std::vector<double> first, second;
  for (const auto& [value, counts] : both) {
    values.push_back(value);
    first.push_back(counts.first);
    second.push_back(counts.second);
  }
  return MeasureDrift(name, values, first, second);
}

ColumnDrift OfShare(const std::string& name, std::int64_t yes_before, std::int64_t all_before,
                    std::int64_t yes_after, std::int64_t all_after) {
  const auto real = [](std::int64_t count) { return static_cast<double>(count); };
  return MeasureDrift(name, {"yes", "no"}, {real(yes_before), real(all_before - yes_before)},
                      {real(yes_after), real(all_after - yes_after)});
}

bool Named(const std::map<std::string, std::int64_t>& counts) {
  return std::any_of(counts.begin(), counts.end(),
                     [](const auto& entry) { return entry.first != kNoName; });
}

}  // namespace

void DataSummary::Add(const std::string& channel_name, const std::string& problem, int turns,
                      std::optional<bool> answer) {
  ++conversations;
  ++channel[channel_name.empty() ? kNoName : channel_name];
  ++problem_type[problem.empty() ? kNoName : problem];
  ++length[LengthGroup(turns)];
  if (!answer) return;
  ++answered;
  satisfied += *answer ? 1 : 0;
}

void DataSummary::Add(const DataSummary& other) {
  conversations += other.conversations;
  answered += other.answered;
  satisfied += other.satisfied;
  for (const auto& [value, count] : other.channel) channel[value] += count;
  for (const auto& [value, count] : other.problem_type) problem_type[value] += count;
  for (const auto& [value, count] : other.length) length[value] += count;
}

ColumnDrift MeasureDrift(const std::string& name, const std::vector<std::string>& values,
                         const std::vector<double>& before, const std::vector<double>& after) {
  Check(name, values, before, after);
  ColumnDrift drift;
  drift.name = name;
  drift.size = "small";
  drift.categories = Present(values, before, after);
  const double n = Sum(before), m = Sum(after);
  if (!(n > 0 && m > 0)) return drift;
  drift.psi = StabilityIndex(drift.categories, n, m);
  drift.psi_by_chance = static_cast<double>(drift.categories.size() - 1) * (1 / n + 1 / m);
  for (const DriftCategory& c : drift.categories) {
    drift.total_variation += std::abs(c.before / n - c.after / m) / 2;
  }
  drift.size = drift.psi < 0.1 ? "small" : drift.psi < 0.25 ? "moderate" : "large";
  TestHomogeneity(n, m, &drift);
  return drift;
}

std::vector<ColumnDrift> MeasureDrift(const DataSummary& before, const DataSummary& after) {
  std::vector<ColumnDrift> columns;
  if (before.conversations == 0 || after.conversations == 0) return columns;
  const auto add = [&](const std::string& name, const auto& first, const auto& second) {
    if (Named(first) || Named(second)) columns.push_back(OfMaps(name, first, second));
  };
  add("channel", before.channel, after.channel);
  add("problem_type", before.problem_type, after.problem_type);
  add("length", before.length, after.length);
  columns.push_back(OfShare("answered", before.answered, before.conversations, after.answered,
                            after.conversations));
  columns.push_back(
      OfShare("satisfied", before.satisfied, before.answered, after.satisfied, after.answered));
  std::vector<double> p;
  p.reserve(columns.size());
  for (const ColumnDrift& column : columns) {
    p.push_back(column.p.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  const std::vector<double> adjusted = Holm(p);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].p) columns[i].p_holm = adjusted[i];
  }
  return columns;
}

Json ToJson(const ColumnDrift& drift) {
  Json categories = Json::array();
  for (const DriftCategory& c : drift.categories) {
    categories.push_back(
        {{"value", c.value}, {"before", NumberToJson(c.before)}, {"after", NumberToJson(c.after)}});
  }
  return {{"name", drift.name},
          {"psi", drift.psi},
          {"psi_by_chance", drift.psi_by_chance},
          {"total_variation", drift.total_variation},
          {"chi_squared", drift.chi_squared},
          {"degrees", drift.degrees},
          {"p", drift.p ? Json(*drift.p) : Json(nullptr)},
          {"p_holm", drift.p_holm ? Json(*drift.p_holm) : Json(nullptr)},
          {"size", drift.size},
          {"categories", std::move(categories)}};
}

Json ToJson(const DriftReport& report) {
  Json columns = Json::array();
  for (const ColumnDrift& column : report.columns) columns.push_back(ToJson(column));
  return {{"from", report.from},
          {"to", report.to},
          {"conversations", {report.before, report.after}},
          {"columns", std::move(columns)}};
}

}  // namespace arcsat
