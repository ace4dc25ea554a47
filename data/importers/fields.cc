#include "data/importers/fields.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "data/error.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

const Json kEmptyList = Json::array();
const Json kEmptyObject = Json::object();

}  // namespace

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> EpochSeconds(double number) {
  for (const double unit : {1.0, 1e3, 1e6}) {
    if (number >= 1e8 * unit && number < 1e11 * unit) return number / unit;
  }
  return std::nullopt;
}

Fields::Fields(const Json& object, const JsonSource& source, FieldPath path)
    : object_(object), source_(source), path_(path) {
  if (!object.is_object()) Refuse("", object, "an object");
}

std::string Fields::NameOf(const char* name) const {
  if (*path_.list == '\0') return name;
  const char* const dot = *name != '\0' ? "." : "";
  if (path_.index < 0) return fmt::format("{}{}{}", path_.list, dot, name);
  return fmt::format("{}[{}]{}{}", path_.list, path_.index, dot, name);
}

void Fields::Refuse(const char* name, const Json& found, const std::string& expected) const {
  const std::string field = NameOf(name);
  RefuseField(source_, {field}, found, expected);
}

void Fields::Missing(const char* name, const std::string& expected) const {
  const std::string field = NameOf(name);
  RefuseMissing(source_, {field}, expected);
}

const Json* Fields::Find(Names names) const {
  for (const char* name : names) {
    const auto found = object_.find(name);
    if (found != object_.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

std::string Fields::Text(Names names) const {
  const Json* found = Find(names);
  if (found == nullptr) return "";
  if (found->is_string()) return found->get_ref<const std::string&>();
  if (found->is_number() || found->is_boolean()) return found->dump();
  Refuse(*names.begin(), *found, "a string");
}

std::string Fields::NeedText(Names names) const {
  if (!Has(names)) Missing(*names.begin(), "a string");
  return Text(names);
}

std::optional<double> Fields::Number(Names names) const {
  const Json* found = Find(names);
  if (found == nullptr) return std::nullopt;
  if (found->is_number()) {
    const double number = found->get<double>();
    if (std::isfinite(number)) return number;
  } else if (found->is_string()) {
    const std::string& text = found->get_ref<const std::string&>();
    if (text.empty()) return std::nullopt;
    if (const auto number = NumberOf(text)) return number;
  }
  Refuse(*names.begin(), *found, "a number");
}

double Fields::NeedNumber(Names names) const {
  const auto number = Number(names);
  if (!number) Missing(*names.begin(), "a number");
  return *number;
}

std::optional<bool> Fields::Bool(Names names) const {
  const Json* found = Find(names);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) Refuse(*names.begin(), *found, "true or false");
  return found->get<bool>();
}

const Json& Fields::List(Names names) const {
  const Json* found = Find(names);
  if (found == nullptr) return kEmptyList;
  if (!found->is_array()) Refuse(*names.begin(), *found, "a list");
  return *found;
}

const Json& Fields::NeedList(Names names) const {
  if (!Has(names)) Missing(*names.begin(), "a list");
  return List(names);
}

Fields Fields::Object(Names names) const {
  const Json* found = Find(names);
  if (found != nullptr && !found->is_object()) Refuse(*names.begin(), *found, "an object");
  return Fields(found != nullptr ? *found : kEmptyObject, source_, {*names.begin(), -1});
}

std::optional<double> Fields::Time(Names names) const {
  const Json* found = Find(names);
  if (found == nullptr) return std::nullopt;
  if (found->is_string()) {
    const std::string& text = found->get_ref<const std::string&>();
    if (text.empty()) return std::nullopt;
    if (const auto time = ParseTimestamp(text)) return time;
  }
  const auto number = found->is_string()   ? NumberOf(found->get_ref<const std::string&>())
                      : found->is_number() ? std::optional(found->get<double>())
                                           : std::nullopt;
  const auto time = number ? EpochSeconds(*number) : std::nullopt;
  if (!time) Refuse(*names.begin(), *found, "a time: ISO 8601, or seconds since 1970");
  return time;
}

}  // namespace arcsat
