#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "data/error.h"
#include "eval/calibration.h"
#include "tests/unit/broken_file.h"
#include "tests/unit/calibration_test_support.h"

namespace arcsat {
namespace {

TEST(CalibrationFile, ReadsBackExactly) {
  const Calibration calibration = FitCalibration(Simulate({}));
  const std::string text = ToJson(calibration).dump(2);
  const Calibration again = ParseCalibration(text, "calibration.json");
  EXPECT_EQ(ToJson(again).dump(2), text);
  const RawScore raw = Simulate({})[5].raw;
  EXPECT_EQ(Apply(again, raw).p_satisfied, Apply(calibration, raw).p_satisfied);
  EXPECT_EQ(FitCalibration(Simulate({})).log_loss, calibration.log_loss);  // the seed decides
}

TEST(CalibrationFile, FilesWithoutTheMeanAnswerAreRead) {
  Json json = ToJson(FitCalibration(Simulate({})));
  EXPECT_TRUE(ParseCalibration(json.dump(), "new").csat.mean_answer);
  json["csat"]["mean_answer"] = nullptr;
  EXPECT_FALSE(ParseCalibration(json.dump(), "null").csat.mean_answer);
  json["csat"].erase("mean_answer");
  EXPECT_FALSE(ParseCalibration(json.dump(), "old").csat.mean_answer);
}

TEST(CalibrationFile, FilesOfVersionOneAreRead) {
  Json json = ToJson(FitCalibration(Simulate({})));
  json["version"] = 1;
  json["chosen"] = "outlook";
  json["outlook"] = {
      {"method", "platt"}, {"a", 0.5}, {"b", -1}, {"covariance", {{0.04, 0}, {0, 0.01}}}};
  json["csat"].erase("boxes");
  json["csat"]["c0"] = 1.5;
  json["csat"]["c1"] = 3;
  const Calibration calibration = ParseCalibration(json.dump(), "old");
  RawScore raw;
  raw.outlook_logit = 4;
  const Score score = Apply(calibration, raw);
  const double p = 1 / (1 + std::exp(-1.0));
  EXPECT_NEAR(score.p_satisfied, p, 1e-15);
  EXPECT_NEAR(*score.csat, 1.5 + 3 * p, 1e-14);
  EXPECT_TRUE(score.boxes.empty());
  const double half = 1.959963984540054 * std::sqrt(0.04 + 16 * 0.01);
  EXPECT_NEAR(score.interval->first, 1 / (1 + std::exp(-(1 - half))), 1e-12);
  json["outlook"]["method"] = "beta";
  EXPECT_THROW(ParseCalibration(json.dump(), "old"), Error);
}

TEST(CalibrationFile, BrokenFilesNameTheField) {
  const Json good = ToJson(FitCalibration(Simulate({})));
  const auto message = [&](const std::function<void(Json*)>& damage) {
    return MessageAfter(
        good, [](const std::string& text) { ParseCalibration(text, "runs/a/calibration.json"); },
        damage);
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_EQ(message([](Json*) {}), "accepted");
  EXPECT_TRUE(has(message([](Json* j) { (*j)["version"] = 3; }), "newer arcsat"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["format"] = "x"; }), "format"));
  EXPECT_TRUE(has(message([](Json* j) { j->erase("arc"); }), "calibration.json: arc: found no"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["outlook"]["coefficients"][0] = "1"; }),
                  "outlook.coefficients[0]: found \"1\""));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["outlook"]["coefficients"] = nullptr; }),
                  "outlook.coefficients"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["outlook"]["method"] = "spline"; }), "outlook.knots"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["state"]["a"] = -1; }), "state.a: found -1"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["threshold"] = 1.5; }), "threshold"));
  EXPECT_TRUE(
      has(message([](Json* j) { (*j)["turn_classes"]["rule"] = "best"; }), "turn_classes.rule"));
  EXPECT_TRUE(has(message([](Json* j) {
                    (*j)["turn_classes"]["low"] = 0.9;
                    (*j)["turn_classes"]["high"] = 0.2;
                  }),
                  "turn_classes.high: found 0.2"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["chosen"] = "best"; }), "outlook, arc"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["arc"]["coefficients"].erase(0); }), "4 numbers"));
  EXPECT_TRUE(
      has(message([](Json* j) { (*j)["arc"]["covariance"][1][2] = "x"; }), "arc.covariance[1][2]"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["csat"]["scale"] = {5, 1}; }), "csat.scale"));
  EXPECT_TRUE(
      has(message([](Json* j) { (*j)["csat"]["mean_answer"] = 6; }), "csat.mean_answer: found 6"));
  EXPECT_TRUE(has(message([](Json* j) { j->at("csat").erase("boxes"); }), "csat.boxes"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["csat"]["boxes"]["slope"] = -1; }), "boxes.slope"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["csat"]["boxes"]["answers"][1] = 1; }),
                  "boxes.answers[1]: found 1"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["csat"]["boxes"]["thresholds"].erase(0); }),
                  "boxes.thresholds"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["csat"]["scale"] = {0.5, 5}; }), "boxes.answers"));
  EXPECT_TRUE(has(message([](Json* j) { (*j)["tests"] = 4; }), "tests"));
  EXPECT_THROW(ParseCalibration("{\"format\":", "x"), Error);
  EXPECT_THROW(ParseCalibration("[]", "x"), Error);
}

}  // namespace
}  // namespace arcsat
