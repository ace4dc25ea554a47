#include "data/error.h"

#include <utility>

namespace arcsat {

std::string Describe(const Problem& problem) {
  std::string text = problem.place;
  const auto append = [&text](const char* separator, const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += separator;
    text += part;
  };
  append(": ", problem.found);
  append("; ", problem.expected);
  append(". To go on: ", problem.remedy);
  return text;
}

Error::Error(Problem problem)
    : std::runtime_error(Describe(problem)), problem_(std::move(problem)) {}

}  // namespace arcsat
