#include "data/survey.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/error.h"
#include "data/json.h"
#include "data/record_columns.h"

namespace arcsat {
namespace {

constexpr std::string_view kAttribute = "attribute:";

/// The name behind "attribute:", or nothing where the survey is the target.
std::optional<std::string> AttributeName(const SurveyOptions& options) {
  if (options.target == "survey") return std::nullopt;
  if (options.target.starts_with(kAttribute) && options.target.size() > kAttribute.size()) {
    return options.target.substr(kAttribute.size());
  }
  throw UsageError({"survey.target", "found \"" + options.target + "\"",
                    "expected survey or attribute:NAME", "name one of the two"});
}

std::optional<bool> AttributeAnswer(const Conversation& conversation, const std::string& name) {
  const Json* found = FindAttribute(conversation.attributes, name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (found->is_boolean()) return found->get<bool>();
  if (*found == 1 || *found == "yes") return true;
  if (*found == 0 || *found == "no") return false;
  RefuseField({"conversation " + conversation.id, "choose another target, or mend the attribute"},
              {"attributes." + name}, *found, "true or false, 1 or 0, \"yes\" or \"no\"");
}

double LowestSatisfied(const Conversation& conversation, const SurveyOptions& options) {
  const Survey& survey = *conversation.survey;
  if (options.satisfied_from == -1) {
    const bool two_boxes = survey.scale_high - survey.scale_low < 2;
    return two_boxes ? survey.scale_high : survey.scale_high - 1;
  }
  if (options.satisfied_from > survey.scale_low && options.satisfied_from <= survey.scale_high) {
    return options.satisfied_from;
  }
  throw Error({"conversation " + conversation.id + ": survey.scale",
               "found " + NumberToJson(survey.scale_low).dump() + " to " +
                   NumberToJson(survey.scale_high).dump(),
               "expected a scale that survey.satisfied_from = " +
                   NumberToJson(options.satisfied_from).dump() + " divides",
               "set survey.satisfied_from to -1 for the top two boxes of every scale"});
}

bool Answered(const Conversation& conversation) {
  return conversation.survey && conversation.survey->score;
}

}  // namespace

std::optional<bool> Satisfied(const Conversation& conversation, const SurveyOptions& options) {
  if (const auto name = AttributeName(options)) return AttributeAnswer(conversation, *name);
  if (!Answered(conversation)) return std::nullopt;
  return *conversation.survey->score >= LowestSatisfied(conversation, options);
}

bool HasLabel(const Conversation& conversation, const SurveyOptions& options) {
  return Satisfied(conversation, options) ||
         std::any_of(conversation.turns.begin(), conversation.turns.end(),
                     [](const Turn& turn) { return !turn.satisfaction.empty(); });
}

std::optional<double> NormalisedScore(const Conversation& conversation,
                                      const SurveyOptions& options) {
  if (const auto name = AttributeName(options)) {
    const auto answer = AttributeAnswer(conversation, *name);
    return answer ? std::optional<double>(*answer ? 1.0 : 0.0) : std::nullopt;
  }
  if (!Answered(conversation)) return std::nullopt;
  const Survey& survey = *conversation.survey;
  return (*survey.score - survey.scale_low) / (survey.scale_high - survey.scale_low);
}

std::optional<int> Box(double normalised, int boxes) {
  if (!(normalised >= 0 && normalised <= 1) || boxes < 2) return std::nullopt;
  return static_cast<int>(std::floor(normalised * (boxes - 1) + 0.5));
}

double MeanSatisfaction(const Turn& turn) {
  if (turn.satisfaction.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double sum = std::accumulate(turn.satisfaction.begin(), turn.satisfaction.end(), 0.0);
  return (sum / static_cast<double>(turn.satisfaction.size()) - 1) / 4;
}

}  // namespace arcsat
