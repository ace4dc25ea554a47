#include "eval/paired_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"

namespace arcsat {
namespace {

// Chances of k heads in n throws of a fair coin. Those too small to matter are left out, so that
// their number grows with the root of n.
std::vector<std::pair<std::int64_t, double>> FairCoin(std::int64_t n) {
  constexpr double kNegligible = 1e-18;
  std::vector<std::pair<std::int64_t, double>> chances;
  const double size = static_cast<double>(n);
  for (std::int64_t k = 0; k <= n; ++k) {
    const double heads = static_cast<double>(k);
    const double chance = std::exp(std::lgamma(size + 1) - std::lgamma(heads + 1) -
                                   std::lgamma(size - heads + 1) - size * std::log(2.0));
    if (chance >= kNegligible) chances.emplace_back(k, chance);
  }
  return chances;
}

double ExactTwoSided(std::int64_t fewer, std::int64_t all) {
  double tail = 0;
  for (const auto& [k, chance] : FairCoin(all)) tail += k <= fewer ? chance : 0;
  return std::min(1.0, 2 * tail);
}

BinaryCounts Counts(const PairedDecisions& d, const std::int64_t (&right_alone)[2]) {
  const auto right = [&](int label) { return d.both_right[label] + right_alone[label]; };
  const auto all = [&](int label) {
    return d.both_right[label] + d.only_first[label] + d.only_other[label] + d.both_wrong[label];
  };
  BinaryCounts counts;
  counts.true_positive = static_cast<double>(right(1));
  counts.false_negative = static_cast<double>(all(1) - right(1));
  counts.true_negative = static_cast<double>(right(0));
  counts.false_positive = static_cast<double>(all(0) - right(0));
  return counts;
}

}  // namespace

McNemarTest McNemar(std::int64_t only_first, std::int64_t only_other) {
  if (only_first < 0 || only_other < 0) {
    throw Error({"McNemar's test", fmt::format("found counts {} and {}", only_first, only_other),
                 "expected counts from 0 up", "count the discordant conversations again"});
  }
  McNemarTest test{only_first, only_other, "exact", 0, 1};
  const std::int64_t all = only_first + only_other, fewer = std::min(only_first, only_other);
  if (all < kExactMcNemarBelow) {
    test.statistic = static_cast<double>(fewer);
    test.p_value = ExactTwoSided(fewer, all);
    return test;
  }
  test.method = "chi-square";
  const double apart = std::max(0.0, std::abs(static_cast<double>(only_first - only_other)) - 1);
  test.statistic = apart * apart / static_cast<double>(all);
  test.p_value = ChiSquareSurvival(test.statistic, 1);
  return test;
}

std::vector<double> Holm(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size(), kNaN);
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, static_cast<double>(order.size() - rank) * p[order[rank]]);
    adjusted[order[rank]] = std::min(1.0, largest);
  }
  return adjusted;
}

double LargestRejected(std::vector<double> p, double rate) {
  std::sort(p.begin(), p.end());
  double largest = -1;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(p.size());
    if (p[i] <= rate * share) largest = p[i];
  }
  return largest;
}

BinaryCounts PairedDecisions::First() const { return Counts(*this, only_first); }
BinaryCounts PairedDecisions::Other() const { return Counts(*this, only_other); }

PairedDecisions CountDecisions(Labels y, Values first, double first_threshold, Values other,
                               double other_threshold) {
  if (first.size() != y.size() || other.size() != y.size()) {
    throw Error(
        {"paired decisions",
         fmt::format("found {} labels, {} and {} chances", y.size(), first.size(), other.size()),
         "expected the same number", "compare versions on the same conversations"});
  }
  PairedDecisions decisions;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const int label = y[i] == 1 ? 1 : 0;
    const bool first_right = (first[i] >= first_threshold) == (label == 1);
    const bool other_right = (other[i] >= other_threshold) == (label == 1);
    std::int64_t(&cell)[2] = first_right
                                 ? (other_right ? decisions.both_right : decisions.only_first)
                                 : (other_right ? decisions.only_other : decisions.both_wrong);
    ++cell[label];
  }
  return decisions;
}

double SwapTest(const PairedDecisions& decisions,
                const std::function<double(const BinaryCounts&)>& figure) {
  const double observed = std::abs(figure(decisions.Other()) - figure(decisions.First()));
  if (std::isnan(observed)) return kNaN;
  constexpr double kRounding = 1e-12;
  const std::int64_t discordant[2] = {decisions.only_first[0] + decisions.only_other[0],
                                      decisions.only_first[1] + decisions.only_other[1]};
  const auto negatives = FairCoin(discordant[0]), positives = FairCoin(discordant[1]);
  PairedDecisions swapped = decisions;
  double p = 0;
  for (const auto& [k0, chance0] : negatives) {
    for (const auto& [k1, chance1] : positives) {
      swapped.only_first[0] = k0;
      swapped.only_other[0] = discordant[0] - k0;
      swapped.only_first[1] = k1;
      swapped.only_other[1] = discordant[1] - k1;
      const double difference = std::abs(figure(swapped.Other()) - figure(swapped.First()));
      // A figure that this arrangement does not define counts against the finding.
      if (!(difference < observed - kRounding)) p += chance0 * chance1;
    }
  }
  return std::min(1.0, p);
}

double SignFlipTest(Values differences, int resamples, std::uint64_t seed) {
  if (differences.empty()) return kNaN;
  const double observed = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  double whole = 0;
  for (const double difference : differences) whole += std::abs(difference);
  const double least = observed - 1e-12 * whole;
  Random random(seed);
  int as_far = 0;
  for (int r = 0; r < resamples; ++r) {
    double sum = 0;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      bits = i % 64 == 0 ? random.Next() : bits >> 1;
      sum += (bits & 1) != 0 ? differences[i] : -differences[i];
    }
    as_far += std::abs(sum) >= least ? 1 : 0;
  }
  return (1.0 + as_far) / (1.0 + resamples);
}

}  // namespace arcsat
