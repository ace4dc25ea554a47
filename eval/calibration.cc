#include "eval/calibration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "eval/calibration_maps.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::VectorXd;
using fitting::Items;

constexpr int kMinOfClass = 3;

void CheckOptions(const CalibrationOptions& options) {
  const auto one_of = [](const char* key, const std::string& value,
                         const std::vector<std::string>& choices) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      throw UsageError({fmt::format("calibrate.{}", key), fmt::format("found \"{}\"", value),
                        fmt::format("expected one of {}", fmt::join(choices, ", ")),
                        "choose one of these"});
    }
  };
  std::vector<std::string> outlooks = {"auto", "identity"};
  outlooks.insert(outlooks.end(), kOutlookMethods.begin(), kOutlookMethods.end());
  one_of("outlook", options.outlook, outlooks);
  one_of("final", options.final, {"auto", "outlook", "arc"});
  one_of("rating_rule", options.rating_rule, kRatingRules);
  one_of("threshold", options.threshold, {"half", "accuracy", "balanced"});
  const auto range = [](const char* key, bool good, double value, const char* expected) {
    if (!good) {
      throw UsageError({fmt::format("calibrate.{}", key), fmt::format("found {}", value),
                        fmt::format("expected {}", expected), "mend the option"});
    }
  };
  range("ridge", options.ridge > 0 && std::isfinite(options.ridge), options.ridge, "a number > 0");
  range("folds", options.folds >= 2, options.folds, "2 or more");
  range("scale_high", options.scale_high > options.scale_low, options.scale_high,
        "a number above scale_low");
}

void CheckScore(const LabeledScore& item) {
  bool finite = std::isfinite(item.raw.outlook_logit);
  for (const RawTurn& turn : item.raw.turns) {
    finite = finite && std::isfinite(turn.outlook_logit) && turn.state >= 0 && turn.state <= 1;
  }
  if (!finite) {
    throw Error({fmt::format("conversation {}: raw score", item.raw.id),
                 "found an outlook that is not finite or a state outside 0..1",
                 "expected finite log-odds and states from 0 to 1",
                 "check that the model's weights are whole; train again if they hold NaN"});
  }
  if (!item.ratings.empty() && item.ratings.size() != item.raw.turns.size()) {
    throw Error({fmt::format("conversation {}: ratings", item.raw.id),
                 fmt::format("found {}", item.ratings.size()),
                 fmt::format("expected {}, one a customer turn, or none", item.raw.turns.size()),
                 "pass an empty rating for a turn that nobody rated"});
  }
}

CsatMap FitCsat(const Items& surveyed, const CalibrationOptions& options,
                Calibration* calibration) {
  CsatMap map{false, 0, 0, options.scale_low, options.scale_high};
  std::vector<double> log_odds, answers;
  for (const LabeledScore* item : surveyed) {
    if (!item->answer) continue;
    log_odds.push_back(FinalLogOdds(*calibration, item->raw));
    answers.push_back(*item->answer);
  }
  if (answers.size() < fitting::kMinTargets) return map;
  const auto n = static_cast<Eigen::Index>(answers.size());
  const VectorXd x = Eigen::Map<const VectorXd>(log_odds.data(), n);
  const VectorXd y = Eigen::Map<const VectorXd>(answers.data(), n);
  const VectorXd p = x.unaryExpr(&Sigmoid);
  const VectorXd centred = p.array() - p.mean();
  const double variance = centred.squaredNorm();
  map.fitted = true;
  map.c1 = variance > 1e-12 ? std::max(0.0, centred.dot(y) / variance) : 0;
  map.c0 = y.mean() - map.c1 * p.mean();
  map.mean_answer = std::clamp(y.mean(), map.low, map.high);  // the mean rounds
  map.boxes = FitOrdinalMap(x, answers, map.low, map.high, &calibration->warnings);
  return map;
}

bool Enough(const Items& surveyed, const Calibration& calibration,
            const CalibrationOptions& options) {
  const auto positives = std::lround(calibration.base_rate * calibration.labels);
  const auto fewest = std::min<long>(positives, calibration.labels - positives);
  if (calibration.labels >= options.min_labels && fewest >= kMinOfClass) return true;
  if (options.identity_if_few) return false;
  throw Error(
      {"calibration split",
       fmt::format("found {} survey answers, {} satisfied", surveyed.size(), positives),
       fmt::format("expected at least {}, and {} of each class", options.min_labels, kMinOfClass),
       "give it more surveyed conversations, or leave the scores uncalibrated with "
       "--calibrate.identity_if_few"});
}

TurnClasses FitClasses(const Items& items, const StateMap& state, const std::string& rule) {
  std::vector<double> states, ratings;
  for (const LabeledScore* item : items) {
    for (std::size_t t = 0; t < item->ratings.size(); ++t) {
      if (!item->ratings[t]) continue;
      states.push_back(ApplyState(state, item->raw.turns[t].state));
      ratings.push_back(*item->ratings[t]);
    }
  }
  return FitTurnClasses(states, ratings, rule);
}

std::vector<NestedTest> Tests(const Items& surveyed, const StateMap& state) {
  std::vector<double> entry, exit, outlook;
  std::vector<int> y;
  for (const LabeledScore* item : surveyed) {
    entry.push_back(ApplyState(state, item->raw.entry()));
    exit.push_back(ApplyState(state, item->raw.exit()));
    outlook.push_back(item->raw.outlook_logit);
    y.push_back(*item->satisfied ? 1 : 0);
  }
  return TestClaim(entry, exit, outlook, y);
}

// csat and boxes.
void AddAnswer(const CsatMap& map, double log_odds, Score* score) {
  if (map.boxes.fitted()) {
    score->boxes = BoxChances(map.boxes, map.low, map.high, log_odds);
    double answer = map.low, mean = 0;
    for (const double chance : score->boxes) mean += chance * answer++;
    score->csat = std::clamp(mean, map.low, map.high);
  } else if (map.fitted) {
    score->csat = std::clamp(map.c0 + map.c1 * score->p_satisfied, map.low, map.high);
  }
}

}  // namespace

double ApplyState(const StateMap& map, double raw_state) {
  if (map.method == "identity") return raw_state;
  return Sigmoid(map.a * Logit(raw_state, kStateClip) + map.b);
}

Calibration FitCalibration(const std::vector<LabeledScore>& items,
                           const CalibrationOptions& options) {
  CheckOptions(options);
  Calibration calibration;
  Items all, surveyed;
  double satisfied = 0;
  for (const LabeledScore& item : items) {
    CheckScore(item);
    all.push_back(&item);
    if (!item.satisfied) continue;
    surveyed.push_back(&item);
    satisfied += *item.satisfied ? 1 : 0;
  }
  calibration.labels = static_cast<int>(surveyed.size());
  if (!surveyed.empty()) calibration.base_rate = satisfied / calibration.labels;
  calibration.csat.low = options.scale_low;
  calibration.csat.high = options.scale_high;
  if (!Enough(surveyed, calibration, options)) {
    calibration.warnings.push_back("too few survey answers: p_satisfied is uncalibrated");
    calibration.state = fitting::FitState(all, options, &calibration.warnings);
    calibration.classes = FitClasses(all, calibration.state, options.rating_rule);
    return calibration;
  }
  const fitting::Maps maps = fitting::FitMaps(all, surveyed, options, &calibration.warnings);
  calibration.state = maps.state;
  calibration.classes = FitClasses(all, maps.state, options.rating_rule);
  fitting::Choose(maps, fitting::CrossValidate(all, surveyed, options), options, &calibration);
  calibration.csat = FitCsat(surveyed, options, &calibration);
  calibration.tests = Tests(surveyed, maps.state);
  return calibration;
}

double FinalLogOdds(const Calibration& calibration, const RawScore& raw) {
  return calibration.chosen == "arc" ? fitting::ArcLogOdds(calibration.state, calibration.arc, raw)
                                     : OutlookLogOdds(calibration.outlook, raw.outlook_logit);
}

Score Apply(const Calibration& calibration, const RawScore& raw) {
  Score score;
  score.id = raw.id;
  score.entry = ApplyState(calibration.state, raw.entry());
  score.exit = ApplyState(calibration.state, raw.exit());
  score.delta = score.exit - score.entry;
  const double log_odds = FinalLogOdds(calibration, raw);
  score.p_satisfied = Sigmoid(log_odds);
  double variance = 0;
  if (calibration.chosen == "arc") {
    Eigen::Vector4d row;
    row << 1, fitting::ArcRow(calibration.state, raw);
    variance = row.dot(calibration.arc.covariance * row);
  } else {
    variance = OutlookVariance(calibration.outlook, raw.outlook_logit);
  }
  if (variance > 0) {
    const double half = NormalQuantile(0.975) * std::sqrt(variance);
    score.interval = {Sigmoid(log_odds - half), Sigmoid(log_odds + half)};
  }
  AddAnswer(calibration.csat, log_odds, &score);
  for (const RawTurn& turn : raw.turns) {
    score.turns.push_back({turn.index, turn.speaker, ApplyState(calibration.state, turn.state),
                           ApplyOutlook(calibration.outlook, turn.outlook_logit)});
  }
  return score;
}

}  // namespace arcsat
