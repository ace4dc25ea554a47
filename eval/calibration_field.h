#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "data/conversation.h"
#include "data/error.h"

/// For calibration_json.cc and conformal_json.cc alone.
namespace arcsat {

/// One place in calibration.json; whatever is not as it should be is an Error that names it. Refers
/// to the JSON value, which must outlive it.
class Field {
 public:
  static constexpr const char* kRemedy = "run arcsat calibrate again to write the file anew";

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
    std::string text = Text();
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
  /// Numbers, `rising`: each above the one before.
  std::vector<double> Numbers(bool rising = false) const {
    std::vector<double> numbers;
    for (std::size_t i = 0; i < Length(); ++i) {
      numbers.push_back(At(i).Number());
      if (rising && i > 0 && !(numbers[i] > numbers[i - 1])) {
        At(i).Refuse(At(i).Shown(), "expected a number above the one before");
      }
    }
    return numbers;
  }
  Eigen::VectorXd List(std::size_t size, bool rising = false) const {
    const std::vector<double> numbers = Numbers(rising);
    if (numbers.size() != size) Refuse(Shown(), fmt::format("expected {} numbers", size));
    return Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<Eigen::Index>(size));
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

}  // namespace arcsat
