#include "eval/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "data/error.h"
#include "eval/bootstrap.h"

namespace arcsat {
namespace {

constexpr int kBins = 20;
constexpr int kPlaces = 11;

// Items called satisfied at each distinct threshold, from the strictest on.
struct Called {
  double threshold = 0, positive = 0, negative = 0;
};

std::vector<Called> Thresholds(Values p, Labels y) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
  std::vector<Called> called;
  double positive = 0, negative = 0;
  for (const std::size_t i : order) {
    (y[i] == 1 ? positive : negative) += 1;
    if (called.empty() || called.back().threshold != p[i]) called.emplace_back();
    called.back() = {p[i], positive, negative};
  }
  return called;
}

// Counts are whole numbers, so whether three points lie on a line is exact.
std::vector<CurvePoint> RocPoints(const std::vector<Called>& called) {
  const double positives = called.back().positive, negatives = called.back().negative;
  std::vector<CurvePoint> points = {{0, 0, {}}};
  Called before;
  for (std::size_t i = 0; i < called.size(); ++i) {
    const Called& here = called[i];
    if (i + 1 < called.size()) {
      const Called& next = called[i + 1];
      const double turn = (here.negative - before.negative) * (next.positive - here.positive) -
                          (here.positive - before.positive) * (next.negative - here.negative);
      if (turn == 0) continue;
    }
    points.push_back({here.negative / negatives, here.positive / positives, here.threshold});
    before = here;
  }
  return points;
}

std::vector<CurvePoint> PrPoints(const std::vector<Called>& called) {
  const double positives = called.back().positive;
  std::vector<CurvePoint> points = {{0, 1, {}}};
  for (std::size_t i = 0; i < called.size(); ++i) {
    const bool inside = i > 0 && i + 1 < called.size() &&
                        called[i - 1].positive == called[i].positive &&
                        called[i].positive == called[i + 1].positive;
    if (inside) continue;
    points.push_back({called[i].positive / positives,
                      called[i].positive / (called[i].positive + called[i].negative),
                      called[i].threshold});
  }
  return points;
}

// At most `most` of the points, evenly along the way between the ends.
std::vector<CurvePoint> Thin(const std::vector<CurvePoint>& points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<double> way = {0};
  for (std::size_t i = 1; i < points.size(); ++i) {
    way.push_back(way.back() + std::abs(points[i].x - points[i - 1].x) +
                  std::abs(points[i].y - points[i - 1].y));
  }
  std::vector<CurvePoint> kept = {points.front()};
  const double step = way.back() / static_cast<double>(most - 1);
  for (std::size_t i = 1; i + 1 < points.size() && kept.size() + 1 < most; ++i) {
    if (way[i] >= step * static_cast<double>(kept.size())) kept.push_back(points[i]);
  }
  kept.push_back(points.back());
  return kept;
}

Json PointsJson(const std::vector<CurvePoint>& points) {
  Json array = Json::array();
  for (const CurvePoint& point : points) {
    array.push_back(
        Json::array({point.x, point.y, point.threshold ? Json(*point.threshold) : Json(nullptr)}));
  }
  return array;
}

Histogram EmptyHistogram(double low) {
  Histogram histogram;
  for (int b = 0; b <= kBins; ++b) {
    // Divided last: 0.15, not 0.15000000000000002.
    histogram.edges.push_back(low < 0 ? (2 * b - kBins) / double{kBins} : b / double{kBins});
  }
  histogram.satisfied.assign(kBins, 0);
  histogram.dissatisfied = histogram.no_answer = histogram.satisfied;
  return histogram;
}

void Count(double value, const std::optional<bool>& satisfied, Histogram* histogram) {
  const auto& edges = histogram->edges;
  const auto above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin() - 1;
  const auto bin = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(above, 0, kBins - 1));
  std::vector<int>& counts = !satisfied   ? histogram->no_answer
                             : *satisfied ? histogram->satisfied
                                          : histogram->dissatisfied;
  ++counts[bin];
}

Json HistogramJson(const Histogram& histogram) {
  return {{"edges", Json(histogram.edges)},
          {"satisfied", Json(histogram.satisfied)},
          {"dissatisfied", Json(histogram.dissatisfied)},
          {"no_answer", Json(histogram.no_answer)}};
}

void Check(const std::vector<ArcItem>& items) {
  const auto good = [](double value) { return value >= 0 && value <= 1; };
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& states = items[i].states;
    if (good(items[i].p) && std::all_of(states.begin(), states.end(), good)) continue;
    throw Error({fmt::format("charts: conversation number {}", i),
                 "found a chance or a state outside 0..1", "expected numbers from 0 to 1",
                 "score the conversations again"});
  }
}

// The state at a place 0..1 between the first and the last customer turn.
double StateAt(const std::vector<double>& states, double place) {
  const double at = place * static_cast<double>(states.size() - 1);
  const auto before = std::min(static_cast<std::size_t>(at), states.size() - 1);
  const std::size_t after = std::min(before + 1, states.size() - 1);
  const double share = at - static_cast<double>(before);
  return (1 - share) * states[before] + share * states[after];
}

std::string Outcome(const std::optional<bool>& satisfied) {
  return !satisfied ? "no_answer" : *satisfied ? "satisfied" : "dissatisfied";
}

}  // namespace

Curves MakeCurves(Values p, Labels y, const CurveOptions& options) {
  const BinarySample checked(p, y);  // lengths and ranges
  if (options.points < 2) {
    throw UsageError({"curve options", fmt::format("found points {}", options.points),
                      "expected 2 or more", "mend the option"});
  }
  Curves curves;
  const std::vector<Called> called = Thresholds(p, y);
  if (called.empty() || called.back().positive == 0) return curves;
  const auto most = static_cast<std::size_t>(options.points);
  if (called.back().negative > 0) curves.roc = Thin(RocPoints(called), most);
  curves.pr = Thin(PrPoints(called), most);
  return curves;
}

Json ToJson(const Curves& curves) {
  return {{"roc", PointsJson(curves.roc)}, {"pr", PointsJson(curves.pr)}};
}

Histograms MakeHistograms(const std::vector<ArcItem>& items) {
  Check(items);
  Histograms histograms{EmptyHistogram(0), EmptyHistogram(-1), EmptyHistogram(0),
                        EmptyHistogram(0)};
  for (const ArcItem& item : items) {
    Count(item.p, item.satisfied, &histograms.score);
    if (item.states.empty()) continue;
    Count(item.states.back() - item.states.front(), item.satisfied, &histograms.delta);
    Count(item.states.front(), item.satisfied, &histograms.entry);
    Count(item.states.back(), item.satisfied, &histograms.exit);
  }
  return histograms;
}

Json ToJson(const Histograms& histograms) {
  return {{"score", HistogramJson(histograms.score)},
          {"delta", HistogramJson(histograms.delta)},
          {"entry", HistogramJson(histograms.entry)},
          {"exit", HistogramJson(histograms.exit)}};
}

Arcs MakeArcs(const std::vector<ArcItem>& items) {
  Check(items);
  Arcs arcs;
  for (int g = 0; g < kPlaces; ++g) arcs.grid.push_back(g / double{kPlaces - 1});
  for (const char* outcome : {"satisfied", "dissatisfied", "no_answer"}) {
    std::array<std::vector<double>, kPlaces> columns;
    for (const ArcItem& item : items) {
      if (item.states.empty() || Outcome(item.satisfied) != outcome) continue;
      for (std::size_t g = 0; g < columns.size(); ++g) {
        columns[g].push_back(StateAt(item.states, arcs.grid[g]));
      }
    }
    if (columns[0].empty()) continue;
    ArcGroup group{outcome, static_cast<int>(columns[0].size()), {}, {}, {}};
    for (std::vector<double>& column : columns) {
      std::sort(column.begin(), column.end());
      group.median.push_back(Quantile(column, 0.5));
      group.q25.push_back(Quantile(column, 0.25));
      group.q75.push_back(Quantile(column, 0.75));
    }
    arcs.groups.push_back(std::move(group));
  }
  return arcs;
}

Json ToJson(const Arcs& arcs) {
  Json groups = Json::array();
  for (const ArcGroup& group : arcs.groups) {
    groups.push_back({{"outcome", group.outcome},
                      {"n", group.n},
                      {"median", Json(group.median)},
                      {"q25", Json(group.q25)},
                      {"q75", Json(group.q75)}});
  }
  return {{"grid", Json(arcs.grid)}, {"groups", groups}};
}

}  // namespace arcsat
