#pragma once

#include <string>
#include <vector>

#include "eval/calibration.h"

/// How FitCalibration fits its maps and chooses among them; not for use elsewhere.
namespace arcsat::fitting {

using Items = std::vector<const LabeledScore*>;

/// Fewer ratings or answers than this, and a map of two numbers is not fitted.
inline constexpr int kMinTargets = 20;

/// State map from turn ratings or, where there are too few, from answers at the customers' last
/// turns. `warnings` gets why it was left as it is.
StateMap FitState(const Items& items, const CalibrationOptions& options,
                  std::vector<std::string>* warnings);

/// Columns of the arc, in the order of ArcMap's coefficients: entry, delta, outlook_logit.
Eigen::Vector3d ArcRow(const StateMap& state, const RawScore& raw);
double ArcLogOdds(const StateMap& state, const ArcMap& arc, const RawScore& raw);

/// What is fitted on a set of surveyed conversations, all methods side by side.
struct Maps {
  StateMap state;
  std::vector<OutlookMap> outlook;    ///< as kOutlookMethods
  std::vector<std::string> warnings;  ///< of each; may be empty texts
  ArcMap arc;
};

/// `all` has the surveyed ones as well. `warnings` is of the state.
Maps FitMaps(const Items& all, const Items& surveyed, const CalibrationOptions& options,
             std::vector<std::string>* warnings);

/// Each conversation's chance under each method, by maps that never saw its answer.
struct OutOfFold {
  std::vector<int> y;
  std::vector<double> raw, arc;
  std::vector<std::vector<double>> outlook;  ///< as kOutlookMethods
};

/// Stratified folds, dealt out by options.seed.
OutOfFold CrossValidate(const Items& all, const Items& surveyed, const CalibrationOptions& options);

/// The number in kOutlookMethods of the simplest method whose log loss is at most one standard
/// error of the paired difference above the lowest (the "one standard error rule", Breiman et al.
/// 1984). Of the first two, temperature and Platt, only the one with the lower log loss stands: a
/// slope alone leaves the mean chance wrong, and with few answers that passes for a near tie. `p`
/// has the held-out chances of each method.
std::size_t ChooseOutlook(const std::vector<std::vector<double>>& p, const std::vector<int>& y);

/// Fills outlook, arc, chosen, threshold, log_loss and warnings.
void Choose(const Maps& maps, const OutOfFold& held_out, const CalibrationOptions& options,
            Calibration* calibration);

}  // namespace arcsat::fitting
