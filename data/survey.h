#pragma once

#include <optional>
#include <string>

#include "data/conversation.h"

namespace arcsat {

/// What counts as the customer's answer, and which answers count as satisfied.
struct SurveyOptions {
  /// Lowest satisfied answer on the survey's own scale. -1: the top two boxes (4 and 5 of 1..5, 9
  /// and 10 of 0..10); on a scale of two boxes ([0, 1]) the top one.
  double satisfied_from = -1;
  /// "survey", or "attribute:NAME": that attribute (true/false, 0/1, "yes"/"no") is the answer.
  /// A dot leads into an attribute that is an object: "attribute:truth.satisfied".
  std::string target = "survey";
};

/// Whether the customer was satisfied; nothing where nobody answered. Throws Error where the
/// attribute is of another type or `satisfied_from` lies outside the survey's scale, UsageError
/// where the target is neither of the two.
std::optional<bool> Satisfied(const Conversation& conversation, const SurveyOptions& options);

/// Whether there is something to learn from or to measure against: an answer, or a turn that
/// somebody rated. Errors as Satisfied.
bool HasLabel(const Conversation& conversation, const SurveyOptions& options);

/// The answer as a share of its scale, 0 (lowest) to 1 (highest); nothing where nobody answered. An
/// attribute gives 0 or 1. Errors as Satisfied.
std::optional<double> NormalisedScore(const Conversation& conversation,
                                      const SurveyOptions& options);

/// The nearest of `boxes` evenly spaced levels, 0..boxes-1 (halves go up). Nothing where
/// `normalised` is not in 0..1 or boxes < 2.
std::optional<int> Box(double normalised, int boxes);

/// Mean of a turn's ratings, 0 (all 1) to 1 (all 5); NaN where nobody rated.
double MeanSatisfaction(const Turn& turn);

}  // namespace arcsat
