#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "eval/calibration.h"

namespace arcsat {
namespace {

constexpr const char* kFormat = "arcsat-calibration";
constexpr int kVersion = 1;
constexpr const char* kRemedy = "run arcsat calibrate again to write the file anew";

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

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

Json TestJson(const NestedTest& test) {
  return {{"name", test.name},
          {"n", test.n},
          {"coefficient", Number(test.coefficient)},
          {"standard_error", Number(test.standard_error)},
          {"interval", {Number(test.interval.low), Number(test.interval.high)}},
          {"chi_squared", Number(test.chi_squared)},
          {"degrees", test.degrees},
          {"p_value", Number(test.p_value)},
          {"gain", Number(test.gain)},
          {"warning", test.warning}};
}

// One place in the file, with what to say when it is not as it should be.
class Field {
 public:
  Field(const Json& json, std::string place, std::string path)
      : json_(json), place_(std::move(place)), path_(std::move(path)) {}

  Field At(const std::string& key) const {
    if (!json_.is_object()) Refuse(Shown(), "expected an object");
    const std::string path = path_.empty() ? key : path_ + "." + key;
    const auto found = json_.find(key);
    if (found == json_.end()) {
      Field(json_, place_, path).Refuse("found no such field", "expected one");
    }
    return {*found, place_, path};
  }
  Field At(std::size_t i) const { return {json_.at(i), place_, fmt::format("{}[{}]", path_, i)}; }

  std::size_t Length() const {
    if (!json_.is_array()) Refuse(Shown(), "expected an array");
    return json_.size();
  }
  double Number(double low = std::numeric_limits<double>::lowest(),
                double high = std::numeric_limits<double>::max()) const {
    if (!json_.is_number()) Refuse(Shown(), "expected a finite number");
    const double value = json_.get<double>();
    if (!(value >= low && value <= high)) {
      Refuse(Shown(), fmt::format("expected a finite number from {} to {}", low, high));
    }
    return value;
  }
  // null stands for a figure that could not be had.
  double NumberOrNull() const {
    return json_.is_null() ? std::numeric_limits<double>::quiet_NaN() : Number();
  }
  int Integer(int low) const {
    if (!json_.is_number_integer()) Refuse(Shown(), "expected a whole number");
    return static_cast<int>(Number(low, std::numeric_limits<int>::max()));
  }
  bool Boolean() const {
    if (!json_.is_boolean()) Refuse(Shown(), "expected true or false");
    return json_.get<bool>();
  }
  std::string Text() const {
    if (!json_.is_string()) Refuse(Shown(), "expected text");
    return json_.get<std::string>();
  }
  std::string OneOf(const std::vector<std::string>& choices) const {
    const std::string text = Text();
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      Refuse(Shown(), fmt::format("expected one of {}", fmt::join(choices, ", ")));
    }
    return text;
  }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < Length(); ++i) texts.push_back(At(i).Text());
    return texts;
  }
  template <int N>
  Eigen::Matrix<double, N, 1> Vector() const {
    if (Length() != N) Refuse(Shown(), fmt::format("expected {} numbers", N));
    Eigen::Matrix<double, N, 1> vector;
    for (int i = 0; i < N; ++i) vector(i) = At(static_cast<std::size_t>(i)).Number();
    return vector;
  }
  template <int N>
  Eigen::Matrix<double, N, N> Square() const {
    if (Length() != N) Refuse(Shown(), fmt::format("expected {} rows", N));
    Eigen::Matrix<double, N, N> square;
    for (int i = 0; i < N; ++i) {
      square.row(i) = At(static_cast<std::size_t>(i)).Vector<N>().transpose();
    }
    return square;
  }
  [[noreturn]] void Refuse(const std::string& found, const std::string& expected) const {
    throw Error({path_.empty() ? place_ : place_ + ": " + path_, found, expected, kRemedy});
  }
  const Json& json() const { return json_; }
  const std::string& place() const { return place_; }

 private:
  std::string Shown() const {
    std::string text = json_.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return "found " + text;
  }
  const Json& json_;
  std::string place_, path_;
};

void CheckVersion(const Field& root) {
  root.At("format").OneOf({kFormat});
  const int version = root.At("version").Integer(1);
  if (version > kVersion) {
    throw Error(
        {"calibration: version", fmt::format("found {}", version),
         fmt::format("expected {} or lower", kVersion),
         "the file was written by a newer arcsat: score with that one, or calibrate again"});
  }
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

void ParseMaps(const Field& root, Calibration* calibration) {
  const Field state = root.At("state");
  calibration->state.method = state.At("method").OneOf({"identity", "affine"});
  calibration->state.target = state.At("target").OneOf({"none", "turn_ratings", "survey"});
  calibration->state.a = state.At("a").Number(0);
  calibration->state.b = state.At("b").Number();
  const Field outlook = root.At("outlook");
  calibration->outlook.method = outlook.At("method").OneOf({"identity", "temperature", "platt"});
  calibration->outlook.a = outlook.At("a").Number();
  calibration->outlook.b = outlook.At("b").Number();
  calibration->outlook.covariance = outlook.At("covariance").Square<2>();
  const Field arc = root.At("arc");
  calibration->arc.fitted = arc.At("fitted").Boolean();
  calibration->arc.coefficients = arc.At("coefficients").Vector<4>();
  calibration->arc.covariance = arc.At("covariance").Square<4>();
  calibration->arc.ridge = arc.At("ridge").Number(0);
  const Field csat = root.At("csat");
  calibration->csat.fitted = csat.At("fitted").Boolean();
  calibration->csat.c0 = csat.At("c0").Number();
  calibration->csat.c1 = csat.At("c1").Number(0);
  const auto scale = csat.At("scale").Vector<2>();
  if (!(scale(0) < scale(1))) {
    csat.At("scale").Refuse(fmt::format("found [{}, {}]", scale(0), scale(1)),
                            "expected the lower end first");
  }
  calibration->csat.low = scale(0);
  calibration->csat.high = scale(1);
}

}  // namespace

Json ToJson(const Calibration& c) {
  Json log_loss = Json::object(), tests = Json::array();
  for (const auto& [method, loss] : c.log_loss) log_loss[method] = Number(loss);
  for (const NestedTest& test : c.tests) tests.push_back(TestJson(test));
  const Eigen::Vector4d errors = c.arc.covariance.diagonal().cwiseMax(0).cwiseSqrt();
  return {{"format", kFormat},
          {"version", kVersion},
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
          {"outlook",
           {{"method", c.outlook.method},
            {"a", c.outlook.a},
            {"b", c.outlook.b},
            {"covariance", Rows(c.outlook.covariance)}}},
          {"arc",
           {{"fitted", c.arc.fitted},
            {"columns", {"intercept", "entry", "delta", "outlook_logit"}},
            {"coefficients",
             Json(std::vector<double>(c.arc.coefficients.data(), c.arc.coefficients.data() + 4))},
            {"standard_errors", Json(std::vector<double>(errors.data(), errors.data() + 4))},
            {"covariance", Rows(c.arc.covariance)},
            {"ridge", c.arc.ridge}}},
          {"csat",
           {{"fitted", c.csat.fitted},
            {"c0", c.csat.c0},
            {"c1", c.csat.c1},
            {"scale", Json(std::vector<double>{c.csat.low, c.csat.high})}}},
          {"log_loss", log_loss},
          {"tests", tests},
          {"warnings", Json(c.warnings)}};
}

Calibration ParseCalibration(std::string_view text, const std::string& place) {
  const Json json = ParseJson(text, {place, kRemedy});
  const Field root(json, place, "");
  CheckVersion(root);
  Calibration calibration;
  calibration.labels = root.At("labels").Integer(0);
  calibration.base_rate = root.At("base_rate").Number(0, 1);
  calibration.chosen = root.At("chosen").OneOf({"outlook", "arc"});
  calibration.threshold = root.At("threshold").Number(0, 1);
  calibration.threshold_rule = root.At("threshold_rule").OneOf({"half", "accuracy", "balanced"});
  ParseMaps(root, &calibration);
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

}  // namespace arcsat
