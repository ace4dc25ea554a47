#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "data/conversation.h"
#include "eval/bootstrap.h"

namespace arcsat {

/// A figure as evaluation.json holds it: {"value": …, "interval": [low, high] or null}.
struct Estimate {
  std::optional<double> value;
  std::optional<Interval> interval;
};

/// The value at a path of keys, or null where a step is missing or not an object.
const Json* Find(const Json& json, std::initializer_list<const char*> path);

std::optional<double> FindNumber(const Json& json, std::initializer_list<const char*> path);

/// Empty where it is missing or no text.
std::string FindText(const Json& json, std::initializer_list<const char*> path);

/// [low, high]; empty where it is anything else.
std::optional<Interval> FindInterval(const Json& json, std::initializer_list<const char*> path);

/// {"value", "interval"}.
Estimate FindEstimate(const Json& json, std::initializer_list<const char*> path);

/// The elements of an array; none where it is missing or no array.
const Json& FindArray(const Json& json, std::initializer_list<const char*> path);

/// The first survey slice (everything), or an empty object.
const Json& Overall(const Json& evaluation, const char* slices);

/// "89.2%", "85.7 to 92.0%".
std::string Percent(double share);
std::string Percent(const Interval& interval);

/// "5,000".
std::string Count(double number);

}  // namespace arcsat
