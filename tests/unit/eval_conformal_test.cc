#include "eval/conformal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>

#include "data/error.h"
#include "data/random.h"
#include "eval/special.h"
#include "tests/unit/broken_file.h"

namespace arcsat {
namespace {

using Boxes = std::vector<int>;

ConformalSets At(double score, int boxes, const std::string& shape) {
  ConformalSets sets;
  sets.boxes = boxes;
  sets.shape = shape;
  sets.everyone = {100, 100, 1, {{score, 1}}};
  return sets;
}

// Two boxes and a wrong answer: the score is the chance of the box that was named.
ConformalItems Wrong(const std::vector<double>& p) {
  ConformalItems items;
  items.chances = TwoBoxes(p);
  items.answer.assign(p.size(), 0);
  return items;
}

TEST(Conformal, SetsTakeTheLikeliestBoxes) {
  const std::vector<double> chances = {0.1, 0.5, 0.4};
  EXPECT_EQ(PredictBoxes(At(0, 3, "set"), chances), (Boxes{1}));
  EXPECT_EQ(PredictBoxes(At(0.49, 3, "set"), chances), (Boxes{1}));
  EXPECT_EQ(PredictBoxes(At(0.5, 3, "set"), chances), (Boxes{1, 2}));
  EXPECT_EQ(PredictBoxes(At(0.9, 3, "set"), chances), (Boxes{0, 1, 2}));
  const std::vector<double> tied = {0.4, 0.2, 0.4};
  EXPECT_EQ(PredictBoxes(At(0, 3, "set"), tied), (Boxes{0}));
}

TEST(Conformal, IntervalsStaySideBySide) {
  const std::vector<double> chances = {0.4, 0.1, 0.5};
  EXPECT_EQ(PredictBoxes(At(0.55, 3, "set"), chances), (Boxes{0, 2}));
  EXPECT_EQ(PredictBoxes(At(0.55, 3, "interval"), chances), (Boxes{1, 2}));
  EXPECT_EQ(PredictBoxes(At(0.61, 3, "interval"), chances), (Boxes{0, 1, 2}));
  const std::vector<double> middle = {0.05, 0.2, 0.5, 0.2, 0.05};
  EXPECT_EQ(PredictBoxes(At(0.5, 5, "interval"), middle), (Boxes{1, 2}));  // ties to the lower box
  EXPECT_EQ(PredictBoxes(At(0.7, 5, "interval"), middle), (Boxes{1, 2, 3}));
}

TEST(Conformal, ThresholdIsTheFiniteSampleQuantile) {
  std::vector<double> p;
  for (int i = 1; i <= 19; ++i) p.push_back(0.5 + 0.01 * i);
  // ceil(20 * 0.9) = 18th of 19.
  const ConformalSets sets = FitConformal(Wrong(p));
  ASSERT_EQ(sets.everyone.steps.size(), 1u);
  EXPECT_DOUBLE_EQ(sets.everyone.steps[0].score, 0.68);
  EXPECT_EQ(sets.everyone.n, 19);
  EXPECT_TRUE(sets.notes.empty());
  // ceil(10 * 0.9) = 9 of 9: the largest. Of 8 it would be the 9th: every box.
  p.resize(9);
  EXPECT_DOUBLE_EQ(FitConformal(Wrong(p)).everyone.steps[0].score, 0.59);
  p.resize(8);
  const ConformalSets none = FitConformal(Wrong(p));
  EXPECT_TRUE(none.everyone.steps.empty());
  ASSERT_EQ(none.notes.size(), 1u);
  EXPECT_NE(none.notes[0].find("8 answers are too few"), std::string::npos);
  EXPECT_EQ(PredictBoxes(none, std::vector<double>{0.0, 1.0}), (Boxes{0, 1}));
}

TEST(Conformal, RightAnswersScoreNothing) {
  ConformalItems items = Wrong(std::vector<double>(19, 0.8));
  items.answer.assign(19, 1);
  const ConformalSets sets = FitConformal(items);
  EXPECT_EQ(sets.everyone.steps[0].score, 0);
  EXPECT_EQ(PredictBoxes(sets, std::vector<double>{0.45, 0.55}), (Boxes{1}));  // never empty
}

TEST(Conformal, WeightsMoveTheThreshold) {
  ConformalItems items = Wrong({0.9, 0.6, 0.8, 0.7});
  items.weight = {4, 1, 3, 2};
  ConformalOptions options;
  options.level = 0.5;
  const ConformalSets sets = FitConformal(items, options);
  // Mass up to 0.6, 0.7, 0.8, 0.9 is 1, 3, 6, 10: half of 10 + w is reached at 0.8 for w <= 2, at
  // 0.9 for w <= 10.
  ASSERT_EQ(sets.everyone.steps.size(), 2u);
  EXPECT_EQ(sets.everyone.steps[0].score, 0.8);
  EXPECT_NEAR(sets.everyone.steps[0].heaviest, 2, 1e-7);
  EXPECT_EQ(sets.everyone.steps[1].score, 0.9);
  EXPECT_NEAR(sets.everyone.steps[1].heaviest, 10, 1e-7);
  EXPECT_EQ(sets.everyone.largest_weight, 4);
  EXPECT_NEAR(sets.everyone.effective, 100.0 / 30, 1e-12);
  const auto boxes = [&](double p, std::optional<double> weight) {
    return PredictBoxes(sets, std::vector<double>{1 - p, p}, {"", weight, {}}).size();
  };
  EXPECT_EQ(boxes(0.8, 2), 2u);
  EXPECT_EQ(boxes(0.85, 2), 1u);
  EXPECT_EQ(boxes(0.85, 2.1), 2u);
  EXPECT_EQ(boxes(0.95, 10), 1u);
  EXPECT_EQ(boxes(0.95, 11), 2u);  // beyond all evidence: every box
  EXPECT_EQ(boxes(0.85, {}), 2u);  // unknown: as the heaviest, 4
}

TEST(Conformal, EqualWeightsChangeNothing) {
  std::vector<double> p;
  for (int i = 0; i < 57; ++i) p.push_back(0.5 + 0.008 * i);
  const ConformalSets plain = FitConformal(Wrong(p));
  ConformalItems items = Wrong(p);
  items.weight.assign(57, 3.7);
  const ConformalSets weighted = FitConformal(items);
  for (double q = 0.5; q < 0.99; q += 0.004) {
    const std::vector<double> row = {1 - q, q};
    EXPECT_EQ(PredictBoxes(plain, row), PredictBoxes(weighted, row)) << q;
  }
}

TEST(Conformal, RandomisedScoresAreThoseOfRomano) {
  ConformalItems items = Wrong(std::vector<double>(19, 0.8));
  items.answer.assign(19, 1);
  items.uniform.assign(19, 0.25);  // each score: (1 - 0.25) * 0.8
  const ConformalSets sets = FitConformal(items);
  EXPECT_TRUE(sets.randomised);
  EXPECT_NEAR(sets.everyone.steps[0].score, 0.6, 1e-12);
  const std::vector<double> row = {0.1, 0.9};
  EXPECT_EQ(PredictBoxes(sets, row, {"", {}, 0.5}), (Boxes{1}));  // 0.5 * 0.9 is within 0.6
  EXPECT_EQ(PredictBoxes(sets, row, {"", {}, 0.2}), (Boxes{}));   // 0.8 * 0.9 is not
  EXPECT_THROW(PredictBoxes(sets, row), Error);
}

// Answers on five boxes: the model takes them for spread evenly about a middle that x moves; in
// truth they are spread wider where x is low.
struct ConformalWorld {
  double widen = 1;  // truth's spread at x = 0, in the model's
  bool randomised = false;
  double slope = 0;  // log-odds of answering: slope * (x - 0.5)
};

std::vector<double> ConformalChances(double middle, double spread) {
  std::vector<double> chances;
  double sum = 0;
  for (int b = 0; b < 5; ++b) {
    chances.push_back(std::exp(-(b - middle) * (b - middle) / (2 * spread * spread)));
    sum += chances.back();
  }
  for (double& chance : chances) chance /= sum;
  return chances;
}

ConformalItems ConformalDraw(const ConformalWorld& world, int n, bool answered_only,
                             Random* random) {
  ConformalItems items;
  items.chances.resize(n, 5);
  for (int i = 0; i < n;) {
    const double x = random->Uniform();
    const double propensity = Sigmoid(world.slope * (x - 0.5));
    if (answered_only && !random->Chance(propensity)) continue;
    const double middle = 4 * random->Uniform();
    const auto model = ConformalChances(middle, 0.8);
    const auto truth = ConformalChances(middle, 0.8 * (1 + (world.widen - 1) * (1 - x)));
    for (int b = 0; b < 5; ++b) items.chances(i, b) = model[static_cast<std::size_t>(b)];
    double u = random->Uniform();
    int box = 0;
    while (box < 4 && u >= truth[static_cast<std::size_t>(box)]) {
      u -= truth[static_cast<std::size_t>(box++)];
    }
    items.answer.push_back(box);
    items.group.push_back(x < 0.5 ? "low" : "high");
    items.weight.push_back(1 / propensity);
    items.uniform.push_back(random->Uniform());
    ++i;
  }
  if (!world.randomised) items.uniform.clear();
  return items;
}

// Mean coverage of each group over many draws of calibration and test.
std::map<std::string, double> Coverage(const ConformalWorld& world, bool grouped, bool weighted,
                                       int draws, const std::string& shape = "set", int n = 199) {
  Random random(17);
  std::map<std::string, double> mean;
  for (int d = 0; d < draws; ++d) {
    ConformalItems fit = ConformalDraw(world, n, true, &random);
    ConformalItems test = ConformalDraw(world, 200, false, &random);
    if (!grouped) fit.group.clear();
    if (!weighted) fit.weight.clear();
    ConformalOptions options;
    options.shape = shape;
    const ConformalSets sets = FitConformal(fit, options);
    // Everyone counts the same: the test conversations are all there are, answered or not.
    std::map<std::string, std::pair<double, double>> held;
    for (std::size_t i = 0; i < test.answer.size(); ++i) {
      std::vector<double> row;
      for (int b = 0; b < 5; ++b) row.push_back(test.chances(static_cast<Eigen::Index>(i), b));
      ConformalCase conversation{test.group[i], test.weight[i], {}};
      if (world.randomised) conversation.uniform = test.uniform[i];
      const Boxes boxes = PredictBoxes(sets, row, conversation);
      const bool in = std::find(boxes.begin(), boxes.end(), test.answer[i]) != boxes.end();
      for (const std::string& group : {std::string("all"), test.group[i]}) {
        held[group].first += in;
        held[group].second += 1;
      }
    }
    for (const auto& [group, count] : held) mean[group] += count.first / count.second / draws;
  }
  return mean;
}

TEST(Conformal, CoverageIsAtLeastTheLevel) {
  // The model is wrong (its spread too small), the sets are not. Mean over 500 draws; its standard
  // error is 0.0015.
  ConformalWorld world;
  world.widen = 2;
  for (const char* shape : {"set", "interval"}) {
    const double coverage = Coverage(world, false, false, 500, shape)["all"];
    EXPECT_GE(coverage, 0.9 - 0.006) << shape;
    EXPECT_LE(coverage, 0.95) << shape;
  }
  // Randomised, scores have no ties: exactly ceil(200 * 0.9) / 200.
  world.randomised = true;
  EXPECT_NEAR(Coverage(world, false, false, 500)["all"], 0.9, 0.006);
}

TEST(Conformal, SmallSamplesHoldToo) {
  ConformalWorld world;
  world.randomised = true;
  // ceil(13 * 0.9) = 12 of 12: coverage 12 / 13.
  EXPECT_NEAR(Coverage(world, false, false, 1500, "set", 12)["all"], 12.0 / 13, 0.01);
}

TEST(Conformal, GroupsHoldTheLevelEach) {
  ConformalWorld world;
  world.widen = 3;
  world.randomised = true;
  const auto pooled = Coverage(world, false, false, 300);
  EXPECT_LT(pooled.at("low"), 0.88);
  EXPECT_GT(pooled.at("high"), 0.92);
  const auto own = Coverage(world, true, false, 300);
  EXPECT_NEAR(own.at("low"), 0.905, 0.012);  // about 100 answers: up to 1 / 101 above the level
  EXPECT_NEAR(own.at("high"), 0.905, 0.012);
}

TEST(Conformal, WeightsHoldTheLevelForThoseWhoDidNotAnswer) {
  // Who has a high x answers more often, and is easier to predict.
  ConformalWorld world;
  world.widen = 3;
  world.slope = 6;
  world.randomised = true;
  EXPECT_LT(Coverage(world, false, false, 300)["all"], 0.87);
  const double weighted = Coverage(world, false, true, 300)["all"];
  EXPECT_GE(weighted, 0.9 - 0.006);
  EXPECT_LE(weighted, 0.93);
}

TEST(Conformal, SmallGroupsTakeEveryones) {
  Random random(2);
  ConformalItems items = ConformalDraw({}, 300, false, &random);
  items.weight.clear();
  for (std::size_t i = 0; i < 300; ++i) items.group[i] = i < 49 ? "voice" : "chat";
  const ConformalSets sets = FitConformal(items);
  EXPECT_EQ(sets.groups.count("chat"), 1u);
  EXPECT_EQ(sets.groups.count("voice"), 0u);
  ASSERT_EQ(sets.notes.size(), 1u);
  EXPECT_NE(sets.notes[0].find("\"voice\": 49 answers, fewer than 50"), std::string::npos);
  items.group[49] = "voice";
  EXPECT_EQ(FitConformal(items).groups.count("voice"), 1u);
  // With weights the effective number counts.
  items.weight.assign(300, 1);
  items.weight[0] = 30;
  const ConformalSets weighted = FitConformal(items);
  EXPECT_EQ(weighted.groups.count("voice"), 0u);
  EXPECT_NE(weighted.notes[0].find("effectively 6.6"), std::string::npos) << weighted.notes[0];
}

TEST(Conformal, CoverageReport) {
  ConformalSets sets = At(0.75, 2, "set");
  sets.groups["chat"] = {60, 60, 1, {{0.95, 1}}};
  ConformalItems items = Wrong({0.7, 0.8, 0.9, 0.6});
  items.group = {"voice", "voice", "chat", "chat"};
  const ConformalReport report = MeasureCoverage(sets, items);
  ASSERT_EQ(report.groups.size(), 3u);
  EXPECT_EQ(report.groups[0].group, "all");
  EXPECT_EQ(report.groups[0].n, 4);
  EXPECT_EQ(report.groups[0].coverage, 0.75);
  EXPECT_EQ(report.groups[0].mean_size, 1.75);
  EXPECT_NEAR(report.groups[0].interval->low, 0.30064184258240184, 1e-12);
  EXPECT_EQ(report.groups[1].group, "chat");
  EXPECT_EQ(report.groups[1].coverage, 1);
  EXPECT_TRUE(report.groups[1].own);
  EXPECT_EQ(report.groups[2].coverage, 0.5);
  EXPECT_FALSE(report.groups[2].own);
  // Weighted: for whom each stands.
  items.weight = {1, 3, 1, 1};
  const ConformalReport weighted = MeasureCoverage(sets, items);
  EXPECT_EQ(weighted.groups[0].coverage, 0.5);
  EXPECT_NEAR(weighted.groups[0].interval->high, WilsonInterval(1.5, 3)->high, 1e-12);
  const Json json = ToJson(report);
  EXPECT_EQ(json["level"], 0.9);
  for (const char* key : {"group", "n", "coverage", "interval", "mean_size"}) {
    EXPECT_TRUE(json["groups"][2].contains(key)) << key;
  }
}

TEST(Conformal, FileReadsBackExactly) {
  ConformalWorld world;
  world.slope = 3;
  Random random(4);
  const ConformalItems items = ConformalDraw(world, 400, true, &random);
  ConformalOptions options;
  options.shape = "interval";
  options.level = 0.8;
  const ConformalSets sets = FitConformal(items, options);
  const auto path = std::filesystem::path(testing::TempDir()) / "conformal.json";
  SaveConformal(sets, path);
  const ConformalSets again = LoadConformal(path);
  std::filesystem::remove(path);
  EXPECT_EQ(ToJson(again).dump(), ToJson(sets).dump());
  EXPECT_EQ(again.groups.size(), 2u);
  EXPECT_GT(again.everyone.steps.size(), 1u);
  const auto row = ConformalChances(1.7, 1);
  EXPECT_EQ(PredictBoxes(again, row, {"low", 1.5, {}}), PredictBoxes(sets, row, {"low", 1.5, {}}));
}

TEST(Conformal, BrokenFilesNameTheField) {
  Random random(5);
  ConformalItems items = ConformalDraw({}, 200, false, &random);
  const Json good = ToJson(FitConformal(items));
  const auto message = [&](const std::function<void(Json*)>& damage) {
    return MessageAfter(
        good, [](const std::string& text) { ParseConformal(text, "runs/a/conformal.json"); },
        damage);
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_EQ(message([](Json*) {}), "accepted");
  EXPECT_TRUE(has(message([](Json* j) { (*j)["format"] = "x"; }), "a/conformal.json: format"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["version"] = 2; }), "newer arcsat"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["level"] = 1; }), "level"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["level"] = nullptr; }), "level"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["shape"] = "round"; }), "one of set, interval"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["boxes"] = 2.5; }), "whole number"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["weighted"] = 1; }), "weighted"));
  EXPECT_TRUE(has(message([](Json* j) { j->erase("everyone"); }), "everyone: found no such field"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["everyone"]["steps"][0] = {0.5}; }), "steps[0]"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["everyone"]["steps"][0][0] = 7; }), "steps[0][0]"));
  EXPECT_TRUE(has(message([](Json* j) {
                    (*j)["everyone"]["steps"].push_back({0.0, 1.0});
                  }),
                  "a step above"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["everyone"]["largest_weight"] = 0; }), "largest"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["groups"] = 3; }), "groups"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["groups"]["low"]["n"] = -1; }), "groups.low.n"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["notes"] = "none"; }), "notes"));
  EXPECT_THROW(ParseConformal("{\"format\":", "x"), Error);
  EXPECT_THROW(ParseConformal("[]", "x"), Error);
}

TEST(Conformal, WhatMakesNoSenseIsAnError) {
  const ConformalItems good = Wrong({0.7, 0.8});
  const auto refused = [&](const std::function<void(ConformalItems*)>& damage) {
    ConformalItems items = good;
    damage(&items);
    try {
      FitConformal(items);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refused([](ConformalItems*) {}));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->answer = {}; }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->answer = {0, 2}; }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->chances(0, 0) = 0.9; }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->chances(0, 0) = std::nan(""); }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->chances = Eigen::MatrixXd::Ones(2, 1); }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->group = {"chat"}; }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->weight = {1, 0}; }));
  EXPECT_TRUE(refused([](ConformalItems* i) { i->uniform = {0.5, 1.5}; }));
  ConformalOptions options;
  options.level = 1;
  EXPECT_THROW(FitConformal(good, options), UsageError);
  options = {};
  options.shape = "round";
  EXPECT_THROW(FitConformal(good, options), UsageError);
  EXPECT_THROW(PredictBoxes(At(0.5, 3, "set"), std::vector<double>{0.5, 0.5}), Error);
}

}  // namespace
}  // namespace arcsat
