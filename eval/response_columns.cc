#include "eval/response_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/bootstrap.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

std::string Named(const std::string& value) { return value.empty() ? "(none)" : value; }

// Length enters by its logarithm: from 5 turns to 10 is as far as from 20 to 40.
bool OnLogScale(const covariates::Measure& measure) { return std::string(measure.name) == "turns"; }
double OnScale(const covariates::Measure& measure, const SurveyContext& context) {
  const double value = measure.of(context);
  return OnLogScale(measure) ? std::log1p(value) : value;
}

}  // namespace

namespace covariates {

const std::vector<Field>& Fields() {
  static const std::vector<Field> fields = {
      {"channel", [](const SurveyContext& c) { return Named(c.channel); }},
      {"problem_type", [](const SurveyContext& c) { return Named(c.problem_type); }},
      {"escalated", [](const SurveyContext& c) {
         return std::string(!c.escalated ? "(none)" : *c.escalated ? "yes" : "no");
       }}};
  return fields;
}

const std::vector<Measure>& Measures() {
  static const std::vector<Measure> measures = {
      {"turns", [](const SurveyContext& c) { return static_cast<double>(c.turns); }},
      {"entry", [](const SurveyContext& c) { return c.entry; }},
      {"exit", [](const SurveyContext& c) { return c.exit; }}};
  return measures;
}

std::map<std::string, Tally> Count(const Field& field, const std::vector<SurveyContext>& contexts,
                                   const std::vector<int>& answered) {
  std::map<std::string, Tally> counts;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    Tally& tally = counts[field.of(contexts[i])];
    ++tally.n;
    tally.answered += answered[i];
  }
  return counts;
}

}  // namespace covariates

ResponseColumns::ResponseColumns(const std::vector<SurveyContext>& contexts,
                                 const std::vector<int>& answered, int kinks, int per_column) {
  for (const auto& field : covariates::Fields())
    AddIndicators(field, contexts, answered, per_column);
  const int yes = std::accumulate(answered.begin(), answered.end(), 0);
  const int scarcer = std::min(yes, static_cast<int>(answered.size()) - yes);
  const int room = scarcer / per_column - static_cast<int>(names_.size());
  const int measures = static_cast<int>(covariates::Measures().size());
  while (kinks > 0 && measures * (kinks + 1) > room) --kinks;
  for (const auto& measure : covariates::Measures()) AddLine(measure, contexts, kinks);
}

void ResponseColumns::AddIndicators(const covariates::Field& field,
                                    const std::vector<SurveyContext>& contexts,
                                    const std::vector<int>& answered, int per_column) {
  const auto counts = covariates::Count(field, contexts, answered);
  const auto commonest = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& a, const auto& b) { return a.second.answered < b.second.answered; });
  Indicators indicators;
  if (commonest != counts.end()) indicators.commonest = commonest->first;
  int rare = 0;
  for (const auto& [value, tally] : counts) {
    if (tally.answered == 0) silent_.push_back(fmt::format("{}[{}]", field.name, value));
    if (value == indicators.commonest) continue;
    if (tally.answered < per_column) {
      rare += tally.answered;
    } else {
      indicators.values.push_back(value);
      names_.push_back(fmt::format("{}[{}]", field.name, value));
    }
  }
  indicators.rare = rare >= per_column;
  if (indicators.rare) names_.push_back(fmt::format("{}[(rare)]", field.name));
  indicators_.push_back(std::move(indicators));
}

void ResponseColumns::AddLine(const covariates::Measure& measure,
                              const std::vector<SurveyContext>& contexts, int kinks) {
  std::vector<double> values;
  values.reserve(contexts.size());
  for (const SurveyContext& context : contexts) values.push_back(OnScale(measure, context));
  std::sort(values.begin(), values.end());
  Line line{!values.empty() && values.front() < values.back(), {}};
  if (line.varies) {
    const std::string name = fmt::format("{}{}", OnLogScale(measure) ? "log " : "", measure.name);
    names_.push_back(name);
    const double low = Quantile(values, 0.02), high = Quantile(values, 0.98);
    for (int k = 1; k <= kinks && low < high; ++k) {
      line.kinks.push_back(low + (high - low) * k / (kinks + 1));
      names_.push_back(fmt::format("{} above {:.2f}", name, line.kinks.back()));
    }
  }
  lines_.push_back(std::move(line));
}

VectorXd ResponseColumns::Row(const SurveyContext& context) const {
  VectorXd row = VectorXd::Zero(static_cast<Index>(names_.size()));
  Index at = 0;
  for (std::size_t f = 0; f < indicators_.size(); ++f) {
    const Indicators& indicators = indicators_[f];
    const std::string value = covariates::Fields()[f].of(context);
    const auto found = std::lower_bound(indicators.values.begin(), indicators.values.end(), value);
    const bool known = found != indicators.values.end() && *found == value;
    if (known) row(at + (found - indicators.values.begin())) = 1;
    at += static_cast<Index>(indicators.values.size());
    if (!indicators.rare) continue;
    if (!known && value != indicators.commonest) row(at) = 1;
    ++at;
  }
  for (std::size_t m = 0; m < lines_.size(); ++m) {
    if (!lines_[m].varies) continue;
    const double x = OnScale(covariates::Measures()[m], context);
    row(at++) = x;
    for (const double kink : lines_[m].kinks) row(at++) = std::max(0.0, x - kink);
  }
  return row;
}

Eigen::MatrixXd ResponseColumns::Matrix(const std::vector<SurveyContext>& contexts) const {
  Eigen::MatrixXd matrix(static_cast<Index>(contexts.size()), static_cast<Index>(names_.size()));
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    matrix.row(static_cast<Index>(i)) = Row(contexts[i]).transpose();
  }
  return matrix;
}

}  // namespace arcsat
