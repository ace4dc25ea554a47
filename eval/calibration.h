#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/conversation.h"
#include "data/score.h"
#include "eval/calibrators.h"
#include "eval/claim.h"
#include "eval/ordinal.h"
#include "eval/turn_classes.h"

namespace arcsat {

/// States are clipped to [kStateClip, 1 - kStateClip] before their log-odds are taken.
inline constexpr double kStateClip = 1e-6;

/// state = Sigmoid(a * Logit(clip(raw state)) + b), a > 0: stays in 0..1, keeps the order.
struct StateMap {
  std::string method = "identity";  ///< identity | affine
  std::string target = "none";      ///< turn_ratings | survey | none: what it was fitted to
  double a = 1, b = 0;
};

/// p = Sigmoid(c0 + c1 * entry + c2 * delta + c3 * outlook_logit), entry and delta after StateMap,
/// the outlook's log-odds as the model gives them. (Exit is entry + delta: a third column of them
/// would be collinear. Exit's own weight is c2, entry's beyond it c1 - c2.)
struct ArcMap {
  bool fitted = false;
  Eigen::Vector4d coefficients = Eigen::Vector4d::Zero();
  Eigen::Matrix4d covariance = Eigen::Matrix4d::Zero();
  double ridge = 0;  ///< in force (LogisticOptions)
};

/// The answer on the survey's own scale. Where `boxes` was fitted, the chance of each box and their
/// mean; else, where `fitted`, the expected answer clip(c0 + c1 * p_satisfied, low, high), c1 >= 0.
struct CsatMap {
  bool fitted = false;
  double c0 = 0, c1 = 0, low = 1, high = 5;
  OrdinalMap boxes = {};
  std::optional<double> mean_answer = {};  ///< of those it was fitted to; older files have none
};

/// Everything that turns a RawScore into a Score; calibration.json beside the model.
struct Calibration {
  int labels = 0;        ///< surveyed conversations it was fitted on
  double base_rate = 0;  ///< share of them that were satisfied
  StateMap state;
  TurnClasses classes;  ///< of calibrated states; not fitted where turns are not rated
  OutlookMap outlook;
  ArcMap arc;
  CsatMap csat;
  std::string chosen = "outlook";  ///< outlook | arc: which of the two gives p_satisfied
  double threshold = 0.5;          ///< satisfied where p_satisfied >= threshold
  std::string threshold_rule = "half";
  /// Log loss by method: "uncalibrated" as it is; kOutlookMethods and "arc" cross-validated.
  std::vector<std::pair<std::string, double>> log_loss;
  std::vector<NestedTest> tests;  ///< what delta adds (claim.h)
  std::vector<std::string> warnings;
};

struct CalibrationOptions {
  std::string outlook = "auto";    ///< auto (ChooseOutlook) | identity | one of kOutlookMethods
  std::string final = "auto";      ///< auto (better log loss) | outlook | arc: gives p_satisfied
  std::string threshold = "half";  ///< half | accuracy | balanced: the one best at either
  std::string rating_rule = "middle";  ///< which ratings are neutral (RatingClass)
  double ridge = 1;                    ///< on the arc's standardised coefficients, > 0
  int folds = 10;                      ///< of the cross-validation, stratified; >= 2
  int min_labels = 20;                 ///< fewer answers, or fewer than 3 of a class, are an Error
  bool identity_if_few = false;        ///< instead of that Error leave the scores as they are
  double scale_low = 1, scale_high = 5;  ///< the survey's
  std::uint64_t seed = 1;                ///< of the folds
};

/// A conversation of the calibration split: what the model said and what is known.
struct LabeledScore {
  RawScore raw;
  std::optional<bool> satisfied;               ///< empty where nobody answered
  std::optional<double> answer;                ///< on the survey's scale
  std::vector<std::optional<double>> ratings;  ///< 1..5, one for each of raw.turns; or none at all
};

/// Fits on its own split (never the training conversations: the model is too sure there). Error
/// where there are too few answers or one class only, unless options.identity_if_few; Error on a
/// score that is not finite.
Calibration FitCalibration(const std::vector<LabeledScore>& items,
                           const CalibrationOptions& options = {});

/// The calibrated score: states, outlook, p_satisfied with its 95% interval (delta method, the
/// uncertainty of the calibration alone; none where that is not known), csat and boxes where
/// fitted. `model` is left empty.
Score Apply(const Calibration& calibration, const RawScore& raw);

double ApplyState(const StateMap& map, double raw_state);
/// Log-odds of p_satisfied.
double FinalLogOdds(const Calibration& calibration, const RawScore& raw);

/// calibration.json: format "arcsat-calibration", version 2, as
/// data/schema/calibration.schema.json; version 1 is read as well.
Json ToJson(const Calibration& calibration);
/// Error names `place` and the field: wrong type, missing, not finite, out of range, newer version.
Calibration ParseCalibration(std::string_view text, const std::string& place);
void SaveCalibration(const Calibration& calibration, const std::filesystem::path& path);
Calibration LoadCalibration(const std::filesystem::path& path);
/// The calibration.json of a model folder; nothing where the model was not calibrated.
std::optional<Calibration> FindCalibration(const std::filesystem::path& folder);

}  // namespace arcsat
