#include "eval/calibration_maps.h"

#include <fmt/format.h>

#include <algorithm>

#include "eval/logistic.h"
#include "eval/special.h"

namespace arcsat::fitting {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

VectorXd Vector(const std::vector<double>& v) {
  return Eigen::Map<const VectorXd>(v.data(), static_cast<Index>(v.size()));
}

}  // namespace

// Turn ratings say most of a state; where there are too few, the survey speaks for the last one.
StateMap FitState(const Items& items, const CalibrationOptions& options,
                  std::vector<std::string>* warnings) {
  std::vector<double> logits, targets, last_logits, answers;
  for (const LabeledScore* item : items) {
    for (std::size_t t = 0; t < item->ratings.size(); ++t) {
      if (!item->ratings[t]) continue;
      logits.push_back(Logit(item->raw.turns[t].state, kStateClip));
      targets.push_back(std::clamp((*item->ratings[t] - 1) / 4, 0.0, 1.0));
    }
    if (!item->answer || item->raw.turns.empty()) continue;
    last_logits.push_back(Logit(item->raw.exit(), kStateClip));
    answers.push_back(std::clamp(
        (*item->answer - options.scale_low) / (options.scale_high - options.scale_low), 0.0, 1.0));
  }
  StateMap map;
  const bool rated = targets.size() >= kMinTargets;
  if (!rated && answers.size() < kMinTargets) return map;
  const LogisticFit fit = rated ? FitLogistic(Vector(logits), Vector(targets))
                                : FitLogistic(Vector(last_logits), Vector(answers));
  // A slope that luck explains would press all states together.
  if (!(fit.coefficients(1) > 2 * fit.StandardErrors()(1))) {
    warnings->push_back(fmt::format("the state does not rise with {}; it was left uncalibrated",
                                    rated ? "turn ratings" : "survey answers"));
    return map;
  }
  if (!fit.warning.empty()) warnings->push_back("state: " + fit.warning);
  return {"affine", rated ? "turn_ratings" : "survey", fit.coefficients(1), fit.coefficients(0)};
}

Eigen::Vector3d ArcRow(const StateMap& state, const RawScore& raw) {
  const double entry = ApplyState(state, raw.entry());
  return {entry, ApplyState(state, raw.exit()) - entry, raw.outlook_logit};
}

double ArcLogOdds(const StateMap& state, const ArcMap& arc, const RawScore& raw) {
  return arc.coefficients(0) + arc.coefficients.tail<3>().dot(ArcRow(state, raw));
}

Maps FitMaps(const Items& all, const Items& surveyed, const CalibrationOptions& options,
             std::vector<std::string>* warnings) {
  Maps maps;
  maps.state = FitState(all, options, warnings);
  const auto n = static_cast<Index>(surveyed.size());
  MatrixXd x(n, 3);
  VectorXd y(n);
  for (Index i = 0; i < n; ++i) {
    const LabeledScore& item = *surveyed[static_cast<std::size_t>(i)];
    x.row(i) = ArcRow(maps.state, item.raw);
    y(i) = *item.satisfied ? 1 : 0;
  }
  for (const std::string& method : kOutlookMethods) {
    maps.outlook.push_back(FitOutlook(method, x.col(2), y, &maps.warnings.emplace_back()));
  }
  LogisticOptions ridge;
  ridge.ridge = options.ridge;
  const LogisticFit arc = FitLogistic(x, y, ridge);
  maps.arc = {true, arc.coefficients, arc.covariance, arc.ridge};
  return maps;
}

}  // namespace arcsat::fitting
