#include <fmt/format.h>

#include "app/evaluation_sections.h"
#include "app/table.h"

namespace arcsat {
namespace {

/// "0.913 [0.894, 0.930]" of an object with value and interval; "-" where it is not there.
std::string FigureText(const Json& figures, const char* name) {
  const auto found = figures.find(name);
  if (found == figures.end() || !found->is_object() || !(*found)["value"].is_number()) return "-";
  std::string text = fmt::format("{:.3f}", (*found)["value"].get<double>());
  const auto interval = found->find("interval");
  if (interval != found->end() && interval->is_array()) {
    text += fmt::format(" [{:.3f}, {:.3f}]", (*interval)[0].get<double>(),
                        (*interval)[1].get<double>());
  }
  return text;
}

std::string PopulationText(const Json& population) {
  std::vector<std::vector<std::string>> rows = {
      {"satisfied, of everybody", "answered", "measured", "reweighted", "prediction-powered"}};
  const auto add = [&](const std::string& name, const Json& group) {
    rows.push_back({name,
                    fmt::format("{} of {}", group["answered"].get<int>(), group["n"].get<int>()),
                    FigureText(group, "measured"), FigureText(group, "reweighted"),
                    FigureText(group, "prediction_powered")});
  };
  add("all", population["overall"]);
  for (const Json& group : population["by"]) {
    if (group["by"] == "channel") {
      add(fmt::format("channel {}", group["value"].get<std::string>()), group);
    }
  }
  return Table(rows);
}

}  // namespace

std::string SectionsText(const Json& evaluation) {
  std::string text;
  if (evaluation.contains("population")) {
    text += "\n" + PopulationText(evaluation["population"]);
  }
  if (evaluation.contains("claim")) {
    text += fmt::format("\nDoes the transition matter? {}\n",
                        evaluation["claim"]["verdict"]["text"].get<std::string>());
  }
  if (evaluation.contains("notes")) {
    for (const Json& note : evaluation["notes"]) {
      text += fmt::format("note: {}\n", note.get<std::string>());
    }
  }
  return text;
}

}  // namespace arcsat
