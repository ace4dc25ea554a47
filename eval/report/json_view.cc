#include "eval/report/json_view.h"

#include <fmt/format.h>

namespace arcsat {

const Json* Find(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const char* key : path) {
    if (!here->is_object()) return nullptr;
    const auto found = here->find(key);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return here;
}

std::optional<double> FindNumber(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = Find(json, path);
  if (!found || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string FindText(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = Find(json, path);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Interval> FindInterval(const Json& json, std::initializer_list<const char*> path) {
  const Json& ends = FindArray(json, path);
  if (ends.size() != 2 || !ends[0].is_number() || !ends[1].is_number()) return std::nullopt;
  return Interval{ends[0].get<double>(), ends[1].get<double>()};
}

Estimate FindEstimate(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = Find(json, path);
  if (!found) return {};
  return {FindNumber(*found, {"value"}), FindInterval(*found, {"interval"})};
}

const Json& FindArray(const Json& json, std::initializer_list<const char*> path) {
  static const Json kNone = Json::array();
  const Json* found = Find(json, path);
  return found && found->is_array() ? *found : kNone;
}

const Json& Overall(const Json& evaluation, const char* slices) {
  static const Json kNone = Json::object();
  const Json& array = FindArray(evaluation, {slices});
  return array.empty() ? kNone : array.front();
}

std::string Percent(double share) { return fmt::format("{:.1f}%", 100 * share); }

std::string Percent(const Interval& interval) {
  return fmt::format("{:.1f} to {:.1f}%", 100 * interval.low, 100 * interval.high);
}

std::string Count(double number) {
  std::string text = fmt::format("{:.0f}", number);
  const std::size_t first = text.front() == '-' ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

}  // namespace arcsat
