#include "eval/curves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

void ExpectPoint(const CurvePoint& point, double x, double y, std::optional<double> threshold) {
  EXPECT_DOUBLE_EQ(point.x, x);
  EXPECT_DOUBLE_EQ(point.y, y);
  EXPECT_EQ(point.threshold, threshold);
}

TEST(Curves, ForKnownAnswers) {
  const std::vector<double> p = {0.9, 0.8, 0.7, 0.6};
  const std::vector<int> y = {1, 0, 1, 0};
  const Curves curves = MakeCurves(p, y);
  ASSERT_EQ(curves.roc.size(), 5u);
  ExpectPoint(curves.roc[0], 0, 0, {});
  ExpectPoint(curves.roc[1], 0, 0.5, 0.9);
  ExpectPoint(curves.roc[2], 0.5, 0.5, 0.8);
  ExpectPoint(curves.roc[3], 0.5, 1, 0.7);
  ExpectPoint(curves.roc[4], 1, 1, 0.6);
  ASSERT_EQ(curves.pr.size(), 5u);
  ExpectPoint(curves.pr[0], 0, 1, {});
  ExpectPoint(curves.pr[1], 0.5, 1, 0.9);
  ExpectPoint(curves.pr[2], 0.5, 0.5, 0.8);
  ExpectPoint(curves.pr[3], 1, 2.0 / 3, 0.7);
  ExpectPoint(curves.pr[4], 1, 0.5, 0.6);
}

TEST(Curves, OnlyCornersAreKept) {
  // All satisfied ones first: up, then right.
  const std::vector<double> p = {0.9, 0.8, 0.7, 0.4, 0.3, 0.2};
  const std::vector<int> y = {1, 1, 1, 0, 0, 0};
  const Curves curves = MakeCurves(p, y);
  ASSERT_EQ(curves.roc.size(), 3u);
  ExpectPoint(curves.roc[1], 0, 1, 0.7);
  // Ties move both ways at once: the diagonal of one step.
  const std::vector<double> same(6, 0.5);
  ASSERT_EQ(MakeCurves(same, y).roc.size(), 2u);
  ASSERT_EQ(MakeCurves(same, y).pr.size(), 2u);
  ExpectPoint(MakeCurves(same, y).pr[1], 1, 0.5, 0.5);
}

double Area(const std::vector<CurvePoint>& points) {
  double area = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    area += (points[i].x - points[i - 1].x) * (points[i].y + points[i - 1].y) / 2;
  }
  return area;
}

double StepArea(const std::vector<CurvePoint>& points) {
  double area = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    area += (points[i].x - points[i - 1].x) * points[i].y;
  }
  return area;
}

TEST(Curves, ManyPointsAreThinnedAlongTheCurve) {
  Random random(3);
  std::vector<double> p;
  std::vector<int> y;
  for (int i = 0; i < 20000; ++i) {
    p.push_back(random.Uniform());
    y.push_back(random.Chance(p.back()) ? 1 : 0);
  }
  CurveOptions all;
  all.points = 1000000;
  const Curves exact = MakeCurves(p, y, all), thin = MakeCurves(p, y);
  EXPECT_NEAR(Area(exact.roc), RocAuc(p, y), 1e-12);
  EXPECT_NEAR(StepArea(exact.pr), PrAuc(p, y), 1e-12);
  for (const auto& [many, few] : {std::pair{exact.roc, thin.roc}, std::pair{exact.pr, thin.pr}}) {
    EXPECT_GT(many.size(), 5000u);
    EXPECT_LE(few.size(), 400u);
    EXPECT_GT(few.size(), 200u);
    std::set<std::pair<double, double>> places;
    for (const CurvePoint& point : many) places.insert({point.x, point.y});
    for (const CurvePoint& point : few) EXPECT_TRUE(places.count({point.x, point.y}));
    EXPECT_EQ(few.front().x, many.front().x);
    EXPECT_EQ(few.back().x, 1);
    EXPECT_EQ(few.back().y, many.back().y);
    EXPECT_TRUE(std::is_sorted(few.begin(), few.end(),
                               [](const auto& a, const auto& b) { return a.x < b.x; }));
  }
  // The way from (0, 0) to (1, 1) is 2 long: a gap is an even step of it and one corner at most.
  const auto longest = [](const std::vector<CurvePoint>& points) {
    double most = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
      most = std::max(most, points[i].x - points[i - 1].x + points[i].y - points[i - 1].y);
    }
    return most;
  };
  EXPECT_LT(longest(thin.roc), 2.0 / 399 + longest(exact.roc));
  EXPECT_NEAR(Area(thin.roc), RocAuc(p, y), 0.003);
  EXPECT_NEAR(StepArea(thin.pr), PrAuc(p, y), 0.01);
}

TEST(Curves, OneClassAndBadInput) {
  const std::vector<double> p = {0.2, 0.4};
  const std::vector<int> none = {0, 0}, every = {1, 1}, short_one = {1};
  EXPECT_TRUE(MakeCurves(p, none).roc.empty());
  EXPECT_TRUE(MakeCurves(p, none).pr.empty());
  EXPECT_TRUE(MakeCurves(p, every).roc.empty());
  EXPECT_FALSE(MakeCurves(p, every).pr.empty());
  EXPECT_TRUE(MakeCurves({}, {}).roc.empty());
  EXPECT_THROW(MakeCurves(p, short_one), Error);
  CurveOptions options;
  options.points = 1;
  EXPECT_THROW(MakeCurves(p, every, options), UsageError);
}

TEST(Curves, JsonIsTriples) {
  const std::vector<double> p = {0.9, 0.8};
  const std::vector<int> y = {1, 0};
  EXPECT_EQ(ToJson(MakeCurves(p, y)).dump(),
            R"({"roc":[[0.0,0.0,null],[0.0,1.0,0.9],[1.0,1.0,0.8]],)"
            R"("pr":[[0.0,1.0,null],[1.0,1.0,0.9],[1.0,0.5,0.8]]})");
}

const std::vector<ArcItem> kItems = {
    {0.97, {0.0, 0.5}, true}, {0.05, {1.0}, false}, {0.0, {0.25, 0.75, 0.05}, {}}, {1.0, {}, true}};

TEST(Histograms, CountByOutcome) {
  const Histograms h = MakeHistograms(kItems);
  ASSERT_EQ(h.score.edges.size(), 21u);
  EXPECT_EQ(h.score.edges[0], 0);
  EXPECT_EQ(h.score.edges[3], 0.15);
  EXPECT_EQ(h.score.edges[20], 1);
  EXPECT_EQ(h.delta.edges[0], -1);
  EXPECT_EQ(h.delta.edges[10], 0);
  EXPECT_EQ(h.delta.edges[20], 1);
  EXPECT_EQ(h.score.satisfied[19], 2);    // 0.97, and 1 in the last bin
  EXPECT_EQ(h.score.dissatisfied[1], 1);  // 0.05 belongs to the bin that begins there
  EXPECT_EQ(h.score.no_answer[0], 1);
  EXPECT_EQ(h.delta.satisfied[15], 1);     // 0.5
  EXPECT_EQ(h.delta.dissatisfied[10], 1);  // 0: one turn only
  EXPECT_EQ(h.delta.no_answer[8], 1);      // -0.2
  EXPECT_EQ(h.entry.dissatisfied[19], 1);
  EXPECT_EQ(h.exit.satisfied[10], 1);
  const auto sum = [](const std::vector<int>& v) {
    int all = 0;
    for (const int n : v) all += n;
    return all;
  };
  EXPECT_EQ(sum(h.score.satisfied), 2);
  EXPECT_EQ(sum(h.entry.satisfied), 1);  // the one without a customer turn has no states
  const Json json = ToJson(h);
  EXPECT_EQ(json["delta"]["edges"].size(), 21u);
  EXPECT_EQ(json["exit"]["no_answer"].size(), 20u);
}

TEST(Arcs, InterpolatesAndTakesQuartiles) {
  const std::vector<ArcItem> items = {{0.5, {0.0, 1.0}, true},
                                      {0.5, {0.2, 0.2, 0.2}, true},
                                      {0.5, {0.6}, true},
                                      {0.5, {0.0, 0.4, 0.0}, false},
                                      {0.5, {}, false}};
  const Arcs arcs = MakeArcs(items);
  ASSERT_EQ(arcs.grid.size(), 11u);
  EXPECT_EQ(arcs.grid[3], 0.3);
  EXPECT_EQ(arcs.grid[10], 1);
  ASSERT_EQ(arcs.groups.size(), 2u);  // nobody without an answer
  const ArcGroup& satisfied = arcs.groups[0];
  EXPECT_EQ(satisfied.outcome, "satisfied");
  EXPECT_EQ(satisfied.n, 3);
  EXPECT_NEAR(satisfied.median[0], 0.2, 1e-15);   // of 0, 0.2, 0.6
  EXPECT_NEAR(satisfied.median[5], 0.5, 1e-15);   // of 0.5, 0.2, 0.6
  EXPECT_NEAR(satisfied.median[10], 0.6, 1e-15);  // of 1, 0.2, 0.6
  EXPECT_NEAR(satisfied.q25[0], 0.1, 1e-15);
  EXPECT_NEAR(satisfied.q75[10], 0.8, 1e-15);
  const ArcGroup& other = arcs.groups[1];
  EXPECT_EQ(other.outcome, "dissatisfied");
  EXPECT_EQ(other.n, 1);
  EXPECT_NEAR(other.median[2], 0.16, 1e-15);  // 0.4 of the way to the middle turn
  EXPECT_NEAR(other.median[5], 0.4, 1e-15);
  EXPECT_NEAR(other.q25[10], 0, 1e-15);
  const Json json = ToJson(arcs);
  EXPECT_EQ(json["grid"].size(), 11u);
  EXPECT_EQ(json["groups"][1]["q75"].size(), 11u);
  EXPECT_TRUE(MakeArcs({}).groups.empty());
}

TEST(Arcs, OutOfRangeIsAnError) {
  EXPECT_THROW(MakeArcs({{0.5, {0.2, 1.1}, true}}), Error);
  EXPECT_THROW(MakeHistograms({{-0.1, {0.2}, true}}), Error);
  EXPECT_THROW(MakeHistograms({{std::nan(""), {0.2}, true}}), Error);
}

}  // namespace
}  // namespace arcsat
