#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What a set of conversations is made of, counted while it streams by.
struct DataSummary {
  std::int64_t conversations = 0;
  std::int64_t answered = 0;                                          ///< with an answer
  std::int64_t satisfied = 0;                                         ///< of those
  std::map<std::string, std::int64_t> channel, problem_type, length;  ///< "(none)": not known

  /// `turns` are everyone's; `answer` is empty where nobody answered.
  void Add(const std::string& channel_name, const std::string& problem, int turns,
           std::optional<bool> answer);
  void Add(const DataSummary& other);
};

/// A category's conversations in both sets.
struct DriftCategory {
  std::string value;
  double before = 0, after = 0;
};

/// How one column's distribution moved from one set of conversations to another.
struct ColumnDrift {
  std::string name;  ///< "channel", "problem_type", "length", "answered", "satisfied"
  std::vector<DriftCategory> categories;
  double psi = 0;              ///< population stability index, >= 0
  double psi_by_chance = 0;    ///< what samples of these sizes show without drift, on average
  double total_variation = 0;  ///< half the summed differences of shares, 0..1
  double chi_squared = 0;
  int degrees = 0;
  std::optional<double> p;       ///< of the same distribution; empty where it cannot be tested
  std::optional<double> p_holm;  ///< over the columns of one MeasureDrift()
  std::string size;              ///< "small", "moderate", "large": psi from 0.1, from 0.25
};

/// Two distributions given as counts >= 0 of the same categories.
/// - psi: sum of (q - p) ln(q / p). Where a category is empty on either side, all counts of both
///   sides get 0.5 more, for the shares of psi alone.
/// - psi_by_chance: (k - 1)(1/n + 1/m), the mean of its large-sample distribution under no drift
///   (Yurdakul 2018: psi is then chi-square with k - 1 degrees, times 1/n + 1/m).
/// - p: Pearson's chi-square of homogeneity; categories that expect fewer than 5 conversations on
///   either side are merged for it, the rarest first (Cochran 1954). Empty where fewer than two
///   categories are left, or a side has no conversation.
/// Error on lengths that differ or a negative count.
ColumnDrift MeasureDrift(const std::string& name, const std::vector<std::string>& values,
                         const std::vector<double>& before, const std::vector<double>& after);

/// Every column that either set has, "answered" (yes, no) of all conversations and "satisfied" of
/// the answered ones; p adjusted by Holm over them. Empty where a set is empty.
std::vector<ColumnDrift> MeasureDrift(const DataSummary& before, const DataSummary& after);

/// How one named set of conversations differs from another.
struct DriftReport {
  std::string from, to;                ///< "A's training data", "the data compared on"
  std::int64_t before = 0, after = 0;  ///< conversations
  std::vector<ColumnDrift> columns;
};

Json ToJson(const ColumnDrift& drift);
Json ToJson(const DriftReport& report);

}  // namespace arcsat
