#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "eval/calibration.h"
#include "eval/calibration_field.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr const char* kCalibrationFormat = "arcsat-calibration";
constexpr int kCalibrationVersion = 2;

template <class Matrix>
Json Rows(const Matrix& matrix) {
  Json rows = Json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    Json row = Json::array();
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) row.push_back(matrix(i, j));
    rows.push_back(row);
  }
  return rows;
}

Json List(const Eigen::VectorXd& vector) {
  return std::vector<double>(vector.data(), vector.data() + vector.size());
}

Json OutlookJson(const OutlookMap& map) {
  return {{"method", map.method},
          {"coefficients", List(map.coefficients)},
          {"covariance", Rows(map.covariance)},
          {"knots", map.knots},
          {"chances", map.chances}};
}

Json CsatJson(const CsatMap& map) {
  Json boxes;
  if (map.boxes.fitted()) {
    boxes = {{"answers", map.boxes.answers},
             {"thresholds", List(map.boxes.thresholds)},
             {"slope", map.boxes.slope},
             {"slope_error", map.boxes.slope_error}};
  }
  return {{"fitted", map.fitted}, {"c0", map.c0},
          {"c1", map.c1},         {"scale", {map.low, map.high}},
          {"boxes", boxes},       {"mean_answer", NumberJson(map.mean_answer)}};
}

Json ClassesJson(const TurnClasses& classes) {
  return {{"rule", classes.rule},
          {"low", classes.low},
          {"high", classes.high},
          {"sign", classes.sign},
          {"turns", classes.turns}};
}

int CheckVersion(const Field& root) {
  root.At("format").OneOf({kCalibrationFormat});
  const int version = root.At("version").Integer(1);
  if (version > kCalibrationVersion) {
    throw Error(
        {"calibration: version", fmt::format("found {}", version),
         fmt::format("expected {} or lower", kCalibrationVersion),
         "the file was written by a newer arcsat: score with that one, or calibrate again"});
  }
  return version;
}

NestedTest ParseTest(const Field& field) {
  NestedTest test;
  test.name = field.At("name").Text();
  test.n = field.At("n").Integer(0);
  test.coefficient = field.At("coefficient").NumberOrNull();
  test.standard_error = field.At("standard_error").NumberOrNull();
  const Field interval = field.At("interval");
  if (interval.Length() != 2) interval.Refuse("found another length", "expected [low, high]");
  test.interval = {interval.At(std::size_t{0}).NumberOrNull(), interval.At(1).NumberOrNull()};
  test.chi_squared = field.At("chi_squared").NumberOrNull();
  test.degrees = field.At("degrees").Integer(1);
  test.p_value = field.At("p_value").NumberOrNull();
  test.gain = field.At("gain").NumberOrNull();
  test.warning = field.At("warning").Text();
  return test;
}

// Version 1 knew affine maps only, as "a" and "b".
OutlookMap ParseFirstOutlook(const Field& field) {
  OutlookMap map;
  map.method = field.At("method").OneOf({"identity", "temperature", "platt"});
  map.coefficients = Eigen::Vector2d(field.At("b").Number(), field.At("a").Number());
  map.covariance = field.At("covariance").Square<2>();
  return map;
}

OutlookMap ParseOutlook(const Field& field, int version) {
  if (version == 1) return ParseFirstOutlook(field);
  std::vector<std::string> methods = {"identity"};
  methods.insert(methods.end(), kOutlookMethods.begin(), kOutlookMethods.end());
  OutlookMap map;
  map.method = field.At("method").OneOf(methods);
  const bool isotonic = map.method == "isotonic", spline = map.method == "spline";
  const Field knots = field.At("knots");
  map.knots = knots.Numbers(/*rising=*/true);
  if (map.knots.empty() == (isotonic || spline)) {
    knots.Refuse(
        fmt::format("found {}", map.knots.size()),
        fmt::format("expected {} for {}", map.knots.empty() ? "some" : "none", map.method));
  }
  const std::size_t size =
      isotonic ? 0 : (spline ? map.knots.size() + 2 : (map.method == "beta" ? 3 : 2));
  const Field coefficients = field.At("coefficients");
  map.coefficients = coefficients.List(size);
  for (std::size_t i = 1; i < size && (spline || map.method == "beta"); ++i) {
    coefficients.At(i).Number(0);
  }
  const Field covariance = field.At("covariance");
  if (covariance.Length() != size) {
    covariance.Refuse(fmt::format("found {} rows", covariance.Length()),
                      fmt::format("expected {}", size));
  }
  map.covariance.resize(map.coefficients.size(), map.coefficients.size());
  for (std::size_t i = 0; i < size; ++i) {
    map.covariance.row(static_cast<Eigen::Index>(i)) = covariance.At(i).List(size).transpose();
  }
  const Field chances = field.At("chances");
  map.chances.assign(isotonic ? map.knots.size() : 0, 0);
  const Eigen::VectorXd read = chances.List(map.chances.size());
  for (std::size_t i = 0; i < map.chances.size(); ++i) {
    map.chances[i] = chances.At(i).Number(i == 0 ? 1e-12 : map.chances[i - 1], 1 - 1e-12);
  }
  return map;
}

OrdinalMap ParseBoxes(const Field& field, const CsatMap& csat) {
  OrdinalMap map;
  const Field answers = field.At("answers");
  answers.Numbers(/*rising=*/true);
  for (std::size_t i = 0; i < answers.Length(); ++i) {
    answers.At(i).Number(csat.low, csat.high);
    map.answers.push_back(answers.At(i).Integer(std::numeric_limits<int>::lowest()));
  }
  if (map.answers.size() < 3 || !IsBoxScale(csat.low, csat.high)) {
    answers.Refuse(
        fmt::format("found {} answers on a scale from {} to {}", map.answers.size(), csat.low,
                    csat.high),
        fmt::format("expected 3 or more, and a scale of at most {} whole numbers", kMostBoxes));
  }
  map.thresholds = field.At("thresholds").List(map.answers.size() - 1, /*rising=*/true);
  map.slope = field.At("slope").Number(0);
  map.slope_error = field.At("slope_error").Number(0);
  return map;
}

CsatMap ParseCsat(const Field& field, int version) {
  CsatMap map;
  map.fitted = field.At("fitted").Boolean();
  map.c0 = field.At("c0").Number();
  map.c1 = field.At("c1").Number(0);
  const auto scale = field.At("scale").Vector<2>();
  if (!(scale(0) < scale(1))) {
    field.At("scale").Refuse(fmt::format("found [{}, {}]", scale(0), scale(1)),
                             "expected the lower end first");
  }
  map.low = scale(0);
  map.high = scale(1);
  if (version > 1 && !field.At("boxes").json().is_null()) {
    if (!map.fitted)
      field.At("boxes").Refuse("found chances of boxes", "expected \"fitted\": true");
    map.boxes = ParseBoxes(field.At("boxes"), map);
  }
  // Absent from calibrations that were written before it was asked for.
  if (field.json().contains("mean_answer") && !field.At("mean_answer").json().is_null()) {
    map.mean_answer = field.At("mean_answer").Number(map.low, map.high);
  }
  return map;
}

// Absent from calibrations that were written before turns had classes.
TurnClasses ParseClasses(const Field& root) {
  if (!root.json().contains("turn_classes")) return {};
  const Field field = root.At("turn_classes");
  TurnClasses classes;
  classes.rule = field.At("rule").OneOf(kRatingRules);
  classes.low = field.At("low").Number(0, 1);
  classes.high = field.At("high").Number(classes.low, 1);
  classes.sign = field.At("sign").Number(0, 1);
  classes.turns = field.At("turns").Integer(0);
  return classes;
}

void ParseMaps(const Field& root, int version, Calibration* calibration) {
  const Field state = root.At("state");
  calibration->state.method = state.At("method").OneOf({"identity", "affine"});
  calibration->state.target = state.At("target").OneOf({"none", "turn_ratings", "survey"});
  calibration->state.a = state.At("a").Number(0);
  calibration->state.b = state.At("b").Number();
  calibration->classes = ParseClasses(root);
  calibration->outlook = ParseOutlook(root.At("outlook"), version);
  const Field arc = root.At("arc");
  calibration->arc.fitted = arc.At("fitted").Boolean();
  calibration->arc.coefficients = arc.At("coefficients").Vector<4>();
  calibration->arc.covariance = arc.At("covariance").Square<4>();
  calibration->arc.ridge = arc.At("ridge").Number(0);
  calibration->csat = ParseCsat(root.At("csat"), version);
}

}  // namespace

Json ToJson(const Calibration& c) {
  Json log_loss = Json::object(), tests = Json::array();
  for (const auto& [method, loss] : c.log_loss) log_loss[method] = NumberJson(loss);
  for (const NestedTest& test : c.tests) tests.push_back(ToJson(test));
  const Eigen::Vector4d errors = c.arc.covariance.diagonal().cwiseMax(0).cwiseSqrt();
  return {{"format", kCalibrationFormat},
          {"version", kCalibrationVersion},
          {"labels", c.labels},
          {"base_rate", c.base_rate},
          {"chosen", c.chosen},
          {"threshold", c.threshold},
          {"threshold_rule", c.threshold_rule},
          {"state",
           {{"method", c.state.method},
            {"target", c.state.target},
            {"a", c.state.a},
            {"b", c.state.b}}},
          {"turn_classes", ClassesJson(c.classes)},
          {"outlook", OutlookJson(c.outlook)},
          {"arc",
           {{"fitted", c.arc.fitted},
            {"columns", {"intercept", "entry", "delta", "outlook_logit"}},
            {"coefficients",
             Json(std::vector<double>(c.arc.coefficients.data(), c.arc.coefficients.data() + 4))},
            {"standard_errors", Json(std::vector<double>(errors.data(), errors.data() + 4))},
            {"covariance", Rows(c.arc.covariance)},
            {"ridge", c.arc.ridge}}},
          {"csat", CsatJson(c.csat)},
          {"log_loss", log_loss},
          {"tests", tests},
          {"warnings", Json(c.warnings)}};
}

Calibration ParseCalibration(std::string_view text, const std::string& place) {
  const Json json = ParseJson(text, {place, Field::kRemedy});
  const Field root(json, place, "");
  const int version = CheckVersion(root);
  Calibration calibration;
  calibration.labels = root.At("labels").Integer(0);
  calibration.base_rate = root.At("base_rate").Number(0, 1);
  calibration.chosen = root.At("chosen").OneOf({"outlook", "arc"});
  calibration.threshold = root.At("threshold").Number(0, 1);
  calibration.threshold_rule = root.At("threshold_rule").OneOf({"half", "accuracy", "balanced"});
  ParseMaps(root, version, &calibration);
  if (calibration.chosen == "arc" && !calibration.arc.fitted) {
    root.At("chosen").Refuse("found \"arc\", which was not fitted", "expected \"outlook\"");
  }
  const Field log_loss = root.At("log_loss");
  if (!log_loss.json().is_object()) log_loss.Refuse("found no object", "expected an object");
  for (const auto& [method, value] : log_loss.json().items()) {
    const double loss = Field(value, place, "log_loss." + method).NumberOrNull();
    calibration.log_loss.emplace_back(method, loss);
  }
  const Field tests = root.At("tests");
  for (std::size_t i = 0; i < tests.Length(); ++i) {
    calibration.tests.push_back(ParseTest(tests.At(i)));
  }
  calibration.warnings = root.At("warnings").Texts();
  return calibration;
}

void SaveCalibration(const Calibration& calibration, const std::filesystem::path& path) {
  WriteFile(path, ToJson(calibration).dump(2) + "\n");
}

Calibration LoadCalibration(const std::filesystem::path& path) {
  return ParseCalibration(ReadFile(path, std::uintmax_t{1} << 20), path.string());
}

std::optional<Calibration> FindCalibration(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "calibration.json";
  if (!std::filesystem::exists(path)) return std::nullopt;
  return LoadCalibration(path);
}

}  // namespace arcsat
