#include "eval/population.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

Json ToJson(const PopulationFigure& figure) {
  Json json = {{"value", figure.value},
               {"standard_error", figure.standard_error},
               {"interval", IntervalJson(figure.interval)}};
  if (figure.lambda) json["lambda"] = *figure.lambda;
  return json;
}

void Append(const PopulationFigures& figures, Json* json) {
  if (figures.measured) (*json)["measured"] = ToJson(*figures.measured);
  if (figures.reweighted) (*json)["reweighted"] = ToJson(*figures.reweighted);
  if (figures.prediction_powered) {
    (*json)["prediction_powered"] = ToJson(*figures.prediction_powered);
  }
}

// With "by" and "value" where it is a part.
Json ToJson(const PopulationGroup& group, bool part) {
  Json json = Json::object();
  if (part) json = {{"by", group.by}, {"value", group.value}};
  json["n"] = group.n;
  json["answered"] = group.answered;
  Append(group.satisfied, &json);
  if (group.answer) {
    Json answer = Json::object();
    Append(*group.answer, &answer);
    json["mean_answer"] = std::move(answer);
  }
  if (group.truth) json["truth"] = *group.truth;
  return json;
}

Json ToJson(const ResponseSummary& response) {
  Json features = Json::array(), balance = Json::array();
  for (const ResponseLine& line : response.features) {
    features.push_back({{"name", line.name},
                        {"coefficient", line.coefficient},
                        {"interval", IntervalJson(line.interval)}});
  }
  for (const BalanceLine& line : response.balance) {
    balance.push_back({{"name", line.name}, {"before", line.before}, {"after", line.after}});
  }
  return {{"features", features},
          {"auc", response.auc},
          {"effective_sample_size", response.effective_sample_size},
          {"design_effect", response.design_effect},
          {"floor", response.floor},
          {"trimmed", response.trimmed},
          {"below_floor", response.below_floor},
          {"balance", balance},
          {"mean_balance",
           {{"before", response.mean_balance.before}, {"after", response.mean_balance.after}}}};
}

}  // namespace

Json ToJson(const Population& population) {
  Json json = {{"level", population.options.level}, {"overall", ToJson(population.overall, false)}};
  Json by = Json::array();
  for (const PopulationGroup& group : population.by) by.push_back(ToJson(group, true));
  json["by"] = std::move(by);
  if (population.response) json["response"] = ToJson(*population.response);
  if (!population.sensitivity.empty()) {
    Json lines = Json::array(), flips = Json::array();
    for (const SensitivityLine& line : population.sensitivity) {
      lines.push_back({{"gamma", line.gamma},
                       {"low", line.low},
                       {"high", line.high},
                       {"interval", IntervalJson(line.interval)}});
    }
    for (const FlipLine& line : population.flips) {
      flips.push_back({{"claim", line.text},
                       {"value", line.value},
                       {"gamma", NumberJson(line.gamma)},
                       {"gamma_interval", NumberJson(line.gamma_interval)}});
    }
    json["sensitivity"] = std::move(lines);
    json["flips"] = std::move(flips);
  }
  json["assumptions"] = population.assumptions;
  if (!population.notes.empty()) json["notes"] = population.notes;
  return json;
}

}  // namespace arcsat
