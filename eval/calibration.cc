#include "eval/calibration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "data/random.h"
#include "eval/logistic.h"
#include "eval/metrics.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Items = std::vector<const LabeledScore*>;

constexpr int kMinTargets = 20;  // fewer ratings or answers, and a map of two numbers is not fitted
constexpr int kMinOfClass = 3;

Index Size(const std::vector<double>& v) { return static_cast<Index>(v.size()); }

VectorXd Vector(const std::vector<double>& v) {
  return Eigen::Map<const VectorXd>(v.data(), Size(v));
}

void CheckOptions(const CalibrationOptions& options) {
  const auto one_of = [](const char* key, const std::string& value,
                         const std::vector<std::string>& choices) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      throw UsageError({fmt::format("calibrate.{}", key), fmt::format("found \"{}\"", value),
                        fmt::format("expected one of {}", fmt::join(choices, ", ")),
                        "choose one of these"});
    }
  };
  one_of("outlook", options.outlook, {"auto", "temperature", "platt", "identity"});
  one_of("final", options.final, {"auto", "outlook", "arc"});
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

// Columns of the arc, in the order of ArcMap's coefficients.
Eigen::Vector3d ArcRow(const StateMap& state, const RawScore& raw) {
  const double entry = ApplyState(state, raw.entry());
  return {entry, ApplyState(state, raw.exit()) - entry, raw.outlook_logit};
}

// What is fitted on a set of surveyed conversations, all methods side by side.
struct Maps {
  StateMap state;
  OutlookMap temperature{"temperature", 1, 0, {}}, platt{"platt", 1, 0, {}};
  ArcMap arc;
};

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
  const TemperatureFit temperature = FitTemperature(x.col(2), y);
  maps.temperature.a = temperature.slope;
  maps.temperature.covariance.setZero();
  maps.temperature.covariance(1, 1) = temperature.standard_error * temperature.standard_error;
  const LogisticFit platt = FitLogistic(x.col(2), y);
  maps.platt.a = platt.coefficients(1);
  maps.platt.b = platt.coefficients(0);
  maps.platt.covariance = platt.covariance;
  LogisticOptions ridge;
  ridge.ridge = options.ridge;
  const LogisticFit arc = FitLogistic(x, y, ridge);
  maps.arc = {true, arc.coefficients, arc.covariance, arc.ridge};
  if (!temperature.warning.empty()) warnings->push_back(temperature.warning);
  if (!platt.warning.empty()) warnings->push_back("outlook: " + platt.warning);
  if (!(maps.platt.a > 0)) {
    warnings->push_back("the outlook falls with satisfaction: the model is worse than chance here");
  }
  return maps;
}

double ArcLogOdds(const StateMap& state, const ArcMap& arc, const RawScore& raw) {
  return arc.coefficients(0) + arc.coefficients.tail<3>().dot(ArcRow(state, raw));
}

// Each conversation's chance under each method, by maps that never saw its answer.
struct OutOfFold {
  std::vector<int> y;
  std::vector<double> raw, temperature, platt, arc;
};

OutOfFold CrossValidate(const Items& all, const Items& surveyed,
                        const CalibrationOptions& options) {
  const std::size_t n = surveyed.size();
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  Random random(MixSeed(options.seed, 1));
  random.Shuffle(&order);
  // Classes one after the other: dealing them out in turn puts as many of each in every fold.
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return *surveyed[i]->satisfied; });
  const std::size_t folds = std::min(static_cast<std::size_t>(options.folds), n);
  std::vector<std::size_t> fold(n);
  for (std::size_t i = 0; i < n; ++i) fold[order[i]] = i % folds;

  OutOfFold out{std::vector<int>(n), std::vector<double>(n), std::vector<double>(n),
                std::vector<double>(n), std::vector<double>(n)};
  Items unsurveyed;
  for (const LabeledScore* item : all) {
    if (!item->satisfied) unsurveyed.push_back(item);
  }
  for (std::size_t f = 0; f < folds; ++f) {
    Items seen;
    for (std::size_t i = 0; i < n; ++i) {
      if (fold[i] != f) seen.push_back(surveyed[i]);
    }
    Items known = unsurveyed;
    known.insert(known.end(), seen.begin(), seen.end());
    std::vector<std::string> ignored;
    const Maps maps = FitMaps(known, seen, options, &ignored);
    for (std::size_t i = 0; i < n; ++i) {
      if (fold[i] != f) continue;
      const RawScore& raw = surveyed[i]->raw;
      out.y[i] = *surveyed[i]->satisfied ? 1 : 0;
      out.raw[i] = Sigmoid(raw.outlook_logit);
      out.temperature[i] = ApplyOutlook(maps.temperature, raw.outlook_logit);
      out.platt[i] = ApplyOutlook(maps.platt, raw.outlook_logit);
      out.arc[i] = Sigmoid(ArcLogOdds(maps.state, maps.arc, raw));
    }
  }
  return out;
}

// Halfway between neighbouring chances, so that a threshold sits on no conversation; of equally
// good ones the nearest to one half.
double BestThreshold(const std::vector<double>& p, const std::vector<int>& y,
                     const std::string& rule) {
  if (rule == "half") return 0.5;
  const BinarySample sample(p, y);
  std::vector<double> ones;
  sample.Arrange({}, &ones);
  std::vector<double> sorted = p;
  std::sort(sorted.begin(), sorted.end());
  double best = 0.5, best_value = -1;
  const auto consider = [&](double threshold) {
    const BinaryCounts counts = sample.Counts(threshold, ones);
    const double value = rule == "accuracy" ? Accuracy(counts) : BalancedAccuracy(counts);
    const bool nearer = std::abs(threshold - 0.5) < std::abs(best - 0.5);
    if (value > best_value + 1e-12 || (value > best_value - 1e-12 && nearer)) {
      best = threshold;
      best_value = std::max(best_value, value);
    }
  };
  consider(0.5);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] > sorted[i - 1]) consider((sorted[i] + sorted[i - 1]) / 2);
  }
  return best;
}

CsatMap FitCsat(const Items& surveyed, const Calibration& calibration,
                const CalibrationOptions& options) {
  CsatMap map{false, 0, 0, options.scale_low, options.scale_high};
  std::vector<double> p, answers;
  for (const LabeledScore* item : surveyed) {
    if (!item->answer) continue;
    p.push_back(Apply(calibration, item->raw).p_satisfied);
    answers.push_back(*item->answer);
  }
  if (p.size() < kMinTargets) return map;
  const VectorXd x = Vector(p), y = Vector(answers);
  const VectorXd centred = x.array() - x.mean();
  const double variance = centred.squaredNorm();
  map.fitted = true;
  map.c1 = variance > 1e-12 ? std::max(0.0, centred.dot(y) / variance) : 0;
  map.c0 = y.mean() - map.c1 * x.mean();
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

void Choose(const Maps& maps, const OutOfFold& held_out, const CalibrationOptions& options,
            Calibration* calibration) {
  const double raw = LogLoss(held_out.raw, held_out.y);
  const double temperature = LogLoss(held_out.temperature, held_out.y);
  const double platt = LogLoss(held_out.platt, held_out.y);
  const double arc = LogLoss(held_out.arc, held_out.y);
  calibration->log_loss = {
      {"uncalibrated", raw}, {"temperature", temperature}, {"platt", platt}, {"arc", arc}};
  // On a tie the map with fewer parameters.
  std::string method = options.outlook;
  if (method == "auto") method = platt < temperature ? "platt" : "temperature";
  const std::vector<double>* p = &held_out.raw;
  double loss = raw;
  if (method == "temperature") {
    calibration->outlook = maps.temperature;
    p = &held_out.temperature;
    loss = temperature;
  } else if (method == "platt") {
    calibration->outlook = maps.platt;
    p = &held_out.platt;
    loss = platt;
  }
  calibration->arc = maps.arc;
  calibration->chosen = options.final == "auto" ? (arc < loss ? "arc" : "outlook") : options.final;
  if (calibration->chosen == "arc") p = &held_out.arc;
  calibration->threshold_rule = options.threshold;
  calibration->threshold = BestThreshold(*p, held_out.y, options.threshold);
}

}  // namespace

double ApplyState(const StateMap& map, double raw_state) {
  if (map.method == "identity") return raw_state;
  return Sigmoid(map.a * Logit(raw_state, kStateClip) + map.b);
}

double ApplyOutlook(const OutlookMap& map, double outlook_logit) {
  return Sigmoid(map.a * outlook_logit + map.b);
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
    calibration.state = FitState(all, options, &calibration.warnings);
    return calibration;
  }
  const Maps maps = FitMaps(all, surveyed, options, &calibration.warnings);
  calibration.state = maps.state;
  Choose(maps, CrossValidate(all, surveyed, options), options, &calibration);
  calibration.csat = FitCsat(surveyed, calibration, options);

  std::vector<double> entry, exit, outlook;
  std::vector<int> y;
  for (const LabeledScore* item : surveyed) {
    entry.push_back(ApplyState(maps.state, item->raw.entry()));
    exit.push_back(ApplyState(maps.state, item->raw.exit()));
    outlook.push_back(item->raw.outlook_logit);
    y.push_back(*item->satisfied ? 1 : 0);
  }
  calibration.tests = TestClaim(entry, exit, outlook, y);
  return calibration;
}

Score Apply(const Calibration& calibration, const RawScore& raw) {
  Score score;
  score.id = raw.id;
  score.entry = ApplyState(calibration.state, raw.entry());
  score.exit = ApplyState(calibration.state, raw.exit());
  score.delta = score.exit - score.entry;
  double log_odds = 0, variance = 0;
  if (calibration.chosen == "arc") {
    Eigen::Vector4d row;
    row << 1, ArcRow(calibration.state, raw);
    log_odds = ArcLogOdds(calibration.state, calibration.arc, raw);
    variance = row.dot(calibration.arc.covariance * row);
  } else {
    const Eigen::Vector2d row(1, raw.outlook_logit);
    log_odds = calibration.outlook.a * raw.outlook_logit + calibration.outlook.b;
    variance = row.dot(calibration.outlook.covariance * row);
  }
  score.p_satisfied = Sigmoid(log_odds);
  if (variance > 0) {
    const double half = NormalQuantile(0.975) * std::sqrt(variance);
    score.interval = {Sigmoid(log_odds - half), Sigmoid(log_odds + half)};
  }
  const CsatMap& csat = calibration.csat;
  if (csat.fitted) {
    score.csat = std::clamp(csat.c0 + csat.c1 * score.p_satisfied, csat.low, csat.high);
  }
  for (const RawTurn& turn : raw.turns) {
    score.turns.push_back({turn.index, turn.speaker, ApplyState(calibration.state, turn.state),
                           ApplyOutlook(calibration.outlook, turn.outlook_logit)});
  }
  return score;
}

}  // namespace arcsat
