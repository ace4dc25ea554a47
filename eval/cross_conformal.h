#pragma once

#include <string>
#include <vector>

#include "eval/calibration.h"
#include "eval/conformal.h"

namespace arcsat {

/// A surveyed conversation of the calibration split, for its conformal sets.
struct CrossConformalItem {
  const LabeledScore* score = nullptr;  ///< answered
  std::string group;                    ///< the channel, or empty
  double weight = 1;                    ///< 1 / propensity to answer; 1 where not weighted
};

/// What a set is made of: the survey's boxes where the calibration has their chances and the answer
/// is one of them, else dissatisfied and satisfied. A row of chances, and the answer's place in it.
struct BoxedAnswer {
  std::vector<double> chances;
  int answer = 0;
};
/// Empty where `boxes` is above 2 and the answer is not one of the scale's, or where nobody
/// answered.
std::optional<BoxedAnswer> MakeBoxedAnswer(const Score& score, const LabeledScore& labels,
                                           const Calibration& calibration, int boxes);

/// The rows as conformal prediction takes them, without groups and weights.
ConformalItems ToConformalItems(const std::vector<BoxedAnswer>& rows, int boxes);

/// The set of answers that `sets` give a scored conversation; `group` is its channel, or empty. Its
/// chance to answer is not known here: weighted sets take the largest weight, which only widens
/// them. Randomised ones draw from the conversation's id, so that a score is the same every time.
/// Nothing where the score has not the chances that the sets were made of.
std::optional<Score::AnswerSet> PredictAnswers(const ConformalSets& sets,
                                               const Calibration& calibration, const Score& score,
                                               const std::string& group);

/// Boxes that a calibration's sets are made of: the survey's, or 2.
int BoxesOf(const Calibration& calibration);

/// Conformal sets from the split that `calibration` was fitted on, too. Every answer's chances come
/// from a calibration fitted on the other folds (cross-conformal prediction, Vovk 2015): so no
/// answer judges itself, and none is spent on either alone. Coverage is that of split conformal
/// prediction but for the small difference between a fold's fit and the whole one; it is measured
/// on the test side. Items with a weight other than 1 make the sets weighted.
///
/// Empty where fewer than two conversations answered.
std::optional<ConformalSets> FitCrossConformal(const std::vector<CrossConformalItem>& items,
                                               const Calibration& calibration,
                                               const CalibrationOptions& calibration_options,
                                               const ConformalOptions& options);

}  // namespace arcsat
