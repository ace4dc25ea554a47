#include "eval/population_assumptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace arcsat {
namespace {

constexpr double kApart = 0.1;  // standard deviations (Austin 2009)
constexpr std::size_t kNamesShown = 5;
constexpr double kFewLost = 0.005;  // share of conversations that may lack a stand-in unsaid

std::string Listed(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamesShown);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i > 0 ? ", " : "", names[i]);
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace

std::vector<std::string> Assumptions(const Population& population) {
  std::vector<std::string> lines = {
      "The measured figure speaks of the customers who answered, and of nobody else.",
      "Every figure's interval is for the customers whom these conversations are a draw of, taken "
      "for independent: customers who come back, and what agents share, are not allowed for."};
  if (!population.response) return lines;
  lines.push_back(
      "The reweighted and the prediction-powered figure hold where, among conversations alike in "
      "channel, problem type, length, escalation, entry and exit, who answered does not depend on "
      "how satisfied they were; nothing in the data can show that it is so.");
  lines.push_back(
      "They also need some chance of an answer in every kind of conversation, and either log-odds "
      "of answering or a mean answer that add up from the response model's columns.");
  lines.push_back(
      "Predictions and states come from a model and a calibration that did not learn from these "
      "answers; predictions may be wrong, then the prediction-powered interval is wider, not "
      "false.");
  if (!population.sensitivity.empty()) {
    lines.push_back(
        "The sensitivity ranges do without the third sentence: but for sampling error they hold "
        "the true share wherever nobody's odds of answering differ from the modelled ones by more "
        "than the factor gamma, as where those of satisfied and dissatisfied customers who look "
        "alike differ by no more.");
  }
  return lines;
}

std::vector<std::string> Notes(const Population& population, const ResponseModel* model) {
  const PopulationOptions& options = population.options;
  std::vector<std::string> lines;
  if (!model) {
    lines.push_back(fmt::format(
        "No corrected figures: {} answered and {} did not, and a response model needs {} of each.",
        population.overall.answered, population.overall.n - population.overall.answered,
        options.response.min_answers));
    return lines;
  }
  const auto small = std::count_if(
      population.by.begin(), population.by.end(),
      [](const PopulationGroup& group) { return !group.satisfied.reweighted.has_value(); });
  const std::string least = fmt::format(
      "fewer than {} answers, or answers whose weights leave the worth of fewer than 10",
      options.min_group);
  if (!population.overall.satisfied.reweighted) {
    lines.push_back(fmt::format("No corrected figures: {}.", least));
  } else if (small > 0) {
    lines.push_back(fmt::format("{} of {} groups have no corrected figures: {}.", small,
                                population.by.size(), least));
  }
  std::vector<std::string> apart;
  for (const BalanceLine& line : population.response->balance) {
    if (std::abs(line.after) > kApart) apart.push_back(line.name);
  }
  if (!apart.empty()) {
    lines.push_back(
        fmt::format("Even weighted, those who answered are more than {:g} standard deviations "
                    "from everybody in {}: the corrected figures do not bridge that.",
                    kApart, Listed(apart)));
  }
  if (!model->columns.silent().empty()) {
    lines.push_back(
        fmt::format("Nobody answered in {}: corrected figures take these customers to "
                    "be like others.",
                    Listed(model->columns.silent())));
  }
  const int lost = population.response->below_floor;
  if (lost > kFewLost * population.overall.n) {
    lines.push_back(
        fmt::format("{} conversations are so unlikely to be answered that hardly anybody "
                    "stands for them: corrected figures do not speak of them.",
                    lost));
  }
  if (population.response->trimmed > 0) {
    lines.push_back(
        fmt::format("{} answers had their weight trimmed, to {:g} times that of a "
                    "plain sample: they stand for fewer customers than they should.",
                    population.response->trimmed, options.response.trim));
  }
  if (!model->balancing.converged) {
    lines.push_back("The weights could not be made to balance fully: see the balance after.");
  }
  if (!model->fit.warning.empty()) {
    lines.push_back(fmt::format("Response model: {}.", model->fit.warning));
  }
  if (population.overall.answer && population.overall.answer->reweighted &&
      !population.overall.answer->prediction_powered) {
    lines.push_back(
        "The mean answer has no prediction-powered figure: the scores do not say which "
        "answer they expect.");
  }
  return lines;
}

}  // namespace arcsat
