#include "eval/delong.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "data/error.h"
#include "eval/special.h"

namespace arcsat {
namespace {

// Ranks from 1; those of equal values are their mean.
std::vector<double> Midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double mean = static_cast<double>(begin + end + 1) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = mean;
  }
  return ranks;
}

// Each positive's share of negatives below it, and each negative's share of positives above it.
struct Placements {
  std::vector<double> positive, negative;
};

Placements Place(Values p, Labels y) {
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < p.size(); ++i) (y[i] == 1 ? positives : negatives).push_back(p[i]);
  std::vector<double> all = positives;
  all.insert(all.end(), negatives.begin(), negatives.end());
  const std::vector<double> among_all = Midranks(all), among_positives = Midranks(positives),
                            among_negatives = Midranks(negatives);
  const double m = static_cast<double>(positives.size()), n = static_cast<double>(negatives.size());
  Placements places;
  for (std::size_t i = 0; i < positives.size(); ++i) {
    places.positive.push_back((among_all[i] - among_positives[i]) / n);
  }
  for (std::size_t j = 0; j < negatives.size(); ++j) {
    places.negative.push_back(1 - (among_all[positives.size() + j] - among_negatives[j]) / m);
  }
  return places;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Variance of the mean of b - a. Of the differences rather than by the four covariances: then
// versions that rank alike have exactly none.
double VarianceOfMean(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = b[i] - a[i];
  const double mean = Mean(differences), size = static_cast<double>(a.size());
  double squares = 0;
  for (const double d : differences) squares += (d - mean) * (d - mean);
  return squares / (size - 1) / size;
}

void Check(Values first, Values other, Labels y) {
  if (first.size() != y.size() || other.size() != y.size()) {
    throw Error(
        {"DeLong's test",
         fmt::format("found {} labels, {} and {} chances", y.size(), first.size(), other.size()),
         "expected the same number", "compare versions on the same conversations"});
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::isnan(first[i]) || std::isnan(other[i]) || (y[i] != 0 && y[i] != 1)) {
      throw Error({fmt::format("DeLong's test: item {}", i),
                   fmt::format("found {}, {} and label {}", first[i], other[i], y[i]),
                   "expected numbers and a label of 0 or 1", "score the conversations again"});
    }
  }
}

}  // namespace

DeLongTest DeLong(Values first, Values other, Labels y, double level) {
  Check(first, other, y);
  DeLongTest test{kNaN, kNaN, kNaN, kNaN, {}, kNaN, kNaN};
  const auto positives = std::count(y.begin(), y.end(), 1);
  if (positives < 2 || static_cast<std::ptrdiff_t>(y.size()) - positives < 2) return test;
  const Placements a = Place(first, y), b = Place(other, y);
  test.auc_first = Mean(a.positive);
  test.auc_other = Mean(b.positive);
  test.difference = test.auc_other - test.auc_first;
  test.standard_error =
      std::sqrt(VarianceOfMean(a.positive, b.positive) + VarianceOfMean(a.negative, b.negative));
  // Shares of whole pairs: a smaller error than this is rounding.
  constexpr double kRounding = 1e-12;
  if (test.standard_error > kRounding) {
    test.z = test.difference / test.standard_error;
    test.p_value = std::erfc(std::abs(test.z) / std::numbers::sqrt2);
    const double half = NormalQuantile((1 + level) / 2) * test.standard_error;
    test.interval = Interval{test.difference - half, test.difference + half};
  } else if (std::abs(test.difference) <= kRounding) {
    test.z = 0;
    test.p_value = 1;
    test.interval = Interval{test.difference, test.difference};
  }
  return test;
}

}  // namespace arcsat
