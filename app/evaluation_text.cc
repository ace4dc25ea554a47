#include <fmt/format.h>

#include <algorithm>

#include "app/evaluation_sections.h"
#include "app/inspect.h"
#include "app/table.h"
#include "configs/text.h"

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

std::string AnswersText(const Json& answers) {
  const Json& scale = answers["scale"];
  const Json& csat = answers["csat"];
  std::vector<std::vector<std::string>> rows = {
      {fmt::format("answers, {:g} to {:g}", scale[0].get<double>(), scale[1].get<double>()),
       fmt::format("{} of them", csat["n"].get<int>())}};
  const auto add = [&](const std::string& name, const Json& part, const char* figure) {
    rows.push_back({name, FigureText(part["figures"], figure)});
  };
  add("mean absolute error", csat, "mae");
  add("bias, expected less given", csat, "bias");
  add(fmt::format("skill over always {:.2f}", csat["reference"]["mean"].get<double>()), csat,
      "skill");
  const Json& boxes = answers["boxes"];
  if (!boxes.is_null()) {
    add("ranked probability score of the boxes", boxes, "rps");
    add("its skill over these answers' shares", boxes, "rps_skill");
    add("likeliest box is the answer", boxes, "accuracy");
  }
  return Table(rows);
}

constexpr std::size_t kLongestGroup = 48;
constexpr int kGroupsShown = 20;

/// "attribute:region emea", on one line: the words come from outside.
std::string PopulationGroupText(const Json& group) {
  std::string text =
      fmt::format("{} {}", group["by"].get<std::string>(), group["value"].get<std::string>());
  text = Shorten(Printable(text), kLongestGroup);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// Of each column the first groups; problem types, which are many, only where no other column comes
/// before them.
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
  const Json& groups = population["by"];
  int shown = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Json& by = groups[i]["by"];
    if (by == "problem_type" && groups[0]["by"] != by) continue;
    shown = i > 0 && groups[i - 1]["by"] == by ? shown + 1 : 1;
    if (shown <= kGroupsShown) add(PopulationGroupText(groups[i]), groups[i]);
    if (shown == kGroupsShown + 1) rows.push_back({"… more in --out and --report"});
  }
  return Table(rows);
}

}  // namespace

std::string SectionsText(const Json& evaluation) {
  std::string text;
  if (evaluation.contains("answers")) text += "\n" + AnswersText(evaluation["answers"]);
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
