#include "data/data_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "data/error.h"

namespace arcsat {

DataSource ParseDataSource(const std::string& text, const SurveyOptions& survey) {
  DataSource source;
  source.survey = survey;
  std::size_t at = std::string::npos;
  for (const char* key : {",weight=", ",target=", ",scores="}) at = std::min(at, text.find(key));
  source.path = text.substr(0, at);
  while (at != std::string::npos && at < text.size()) {
    const std::size_t next = text.find(',', at + 1);
    const std::string part = text.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "weight") {
      const auto [end, code] =
          std::from_chars(value.data(), value.data() + value.size(), source.weight);
      const bool whole = code == std::errc{} && end == value.data() + value.size();
      if (!whole || !std::isfinite(source.weight) || source.weight < 0) {
        throw UsageError({"command line: data", fmt::format("weight is \"{}\"", value),
                          "expected a number from 0 up", "write PATH,weight=0.5"});
      }
    } else if (key == "target" && !value.empty()) {
      source.survey.target = value;
    } else if (key == "scores" && !value.empty()) {
      source.scores.push_back(value);
    } else {
      throw UsageError({"command line: data", fmt::format("found \"{}\"", part),
                        "expected weight=NUMBER, target=NAME or scores=FILE after the path",
                        "write PATH,weight=0.5,target=attribute:task_done"});
    }
    at = next;
  }
  return source;
}

}  // namespace arcsat
