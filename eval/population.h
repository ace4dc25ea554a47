#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/response.h"

namespace arcsat {

/// A scored conversation, answered or not.
struct PopulationItem {
  std::string id;
  SurveyContext context;          ///< channel, problem type, length, entry, exit, escalation
  std::string agent;              ///< or empty
  double p_satisfied = 0;         ///< 0..1, by a model that did not learn from this answer
  std::optional<bool> satisfied;  ///< empty where nobody answered
  std::optional<double> answer;   ///< on the survey's own scale, where `satisfied` is there
  std::optional<double> expected_answer;  ///< on the same scale (Score::csat), where known
  std::optional<bool> truth;              ///< a simulator's: what they would have answered
  /// Further columns to group by: {"team": "emea", "attribute:vip": "true"}.
  std::map<std::string, std::string> other;
};

struct PopulationOptions {
  double level = 0.95;  ///< of the intervals, in (0, 1)
  ResponseOptions response;
  /// Columns to group by: channel, problem_type, agent, length, or a name in PopulationItem::other.
  std::vector<std::string> by = {"channel", "problem_type"};
  /// A group with fewer answers has no corrected figures, >= 2; nor one whose weighted answers are
  /// worth fewer than 10 unweighted ones (Kish).
  int min_group = 30;
  /// How far the odds of answering may differ beyond the response model, >= 1 each.
  std::vector<double> gammas = {1, 1.1, 1.25, 1.5, 2, 3};
  /// Shares satisfied of which is asked how large gamma must be before the reweighted figure may
  /// lie on their other side, 0..1. The measured figure is always asked.
  std::vector<double> claims = {};
};

struct PopulationFigure {
  double value = 0;
  double standard_error = 0;
  std::optional<Interval> interval;
  std::optional<double> lambda;  ///< of the prediction-powered one
};

/// One quantity three ways; each is missing where it could not be made.
struct PopulationFigures {
  std::optional<PopulationFigure> measured;            ///< of those who answered
  std::optional<PopulationFigure> reweighted;          ///< inverse propensity
  std::optional<PopulationFigure> prediction_powered;  ///< all scored, corrected by the answers
};

struct PopulationGroup {
  std::string by, value;  ///< "channel", "voice"; "all", "all" for everything
  int n = 0, answered = 0;
  PopulationFigures satisfied;              ///< the share of satisfied, 0..1
  std::optional<PopulationFigures> answer;  ///< the mean answer, where every answer has one
  std::optional<double> truth;              ///< share of satisfied, where every item has it
};

struct SensitivityLine {
  double gamma = 1;
  double low = 0, high = 0;          ///< range of the reweighted figure
  std::optional<Interval> interval;  ///< the range with its sampling error on either side
};

/// The least gamma at which `value` cannot be told from the reweighted figure any more.
struct FlipLine {
  std::string text;  ///< "the measured figure", "0.85"
  double value = 0;
  std::optional<double> gamma;           ///< by the range; empty above 100
  std::optional<double> gamma_interval;  ///< by the range with its sampling error
};

struct ResponseLine {
  std::string name;
  double coefficient = 0;
  Interval interval;  ///< Wald
};

struct ResponseSummary {
  std::vector<ResponseLine> features;  ///< without the intercept
  double auc = 0, effective_sample_size = 0, design_effect = 1;
  double floor = 0;     ///< chances below were raised to it
  int trimmed = 0;      ///< answers that this concerned
  int below_floor = 0;  ///< conversations, answered or not
  std::vector<BalanceLine> balance;
  MeanBalance mean_balance;
};

struct Population {
  PopulationOptions options;
  PopulationGroup overall;
  std::vector<PopulationGroup> by;
  std::optional<ResponseSummary> response;
  std::vector<SensitivityLine> sensitivity;
  std::vector<FlipLine> flips;
  std::vector<std::string> assumptions;  ///< sentences
  std::vector<std::string> notes;        ///< why something is missing
};

/// CSAT of everybody, from all conversations' scores and the answers of a few, three ways side by
/// side. The figures speak of the customers whom these conversations are a draw of, not of these
/// very conversations alone. Error on no conversation or a value out of range; UsageError on an
/// option out of range or a column to group by that no conversation has.
Population MeasurePopulation(const std::vector<PopulationItem>& items,
                             const PopulationOptions& options = {});

/// The "population" object of evaluation.json (data/schema/evaluation.schema.json).
Json ToJson(const Population& population);

}  // namespace arcsat
