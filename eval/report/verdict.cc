#include "eval/report/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eval/report/json_view.h"

namespace arcsat {
namespace {

std::string Level(const Json& evaluation) {
  return fmt::format("{:g}%", 100 * FindNumber(evaluation, {"options", "level"}).value_or(0.95));
}

std::string WithInterval(const Estimate& estimate) {
  if (!estimate.interval) return Percent(*estimate.value);
  return fmt::format("{} ({})", Percent(*estimate.value), Percent(*estimate.interval));
}

// Where an accuracy with its interval lies against the target.
Finding AgainstTarget(const Estimate& accuracy, double target) {
  Finding finding{"accuracy", "Accuracy", "", FindingStanding::kOpen, ""};
  const double value = *accuracy.value;
  const std::string aim = Percent(target);
  if (!accuracy.interval) {
    finding.result = "no interval";
    finding.text = fmt::format(
        "The target is {}; without an interval it is neither shown nor "
        "refuted.",
        aim);
  } else if (accuracy.interval->low >= target) {
    finding = {"accuracy", "Accuracy", "target reached", FindingStanding::kGood,
               fmt::format("The target of {} is reached: the whole interval lies above it.", aim)};
  } else if (accuracy.interval->high < target) {
    finding = {"accuracy", "Accuracy", "target missed", FindingStanding::kBad,
               fmt::format("The target of {} is missed: the whole interval lies below it.", aim)};
  } else if (value >= target) {
    finding.result = "target not yet proven";
    finding.text = fmt::format(
        "That is above the target of {}, but the interval reaches below it: more answered "
        "conversations would settle it.",
        aim);
  } else {
    finding.result = "target not shown";
    finding.text =
        fmt::format("That is below the target of {}, which the interval does not rule out.", aim);
  }
  return finding;
}

// Against the starting point and the commonest class: is it better than no model?
std::string AgainstBaseline(const Estimate& accuracy, std::optional<double> majority,
                            const ReportOptions& options) {
  std::string text = fmt::format("The baseline is {}", Percent(options.baseline));
  double bar = options.baseline;
  if (majority) {
    text +=
        fmt::format(", and always naming the commoner answer is right in {}", Percent(*majority));
    bar = std::max(bar, *majority);
  }
  const double low = accuracy.interval ? accuracy.interval->low : *accuracy.value;
  const char* all = majority ? "both" : "it";
  text += low > bar ? fmt::format("; the model is clearly above {}.", all)
                    : fmt::format("; the model is not clearly above {}.", all);
  return text;
}

Finding JudgeAccuracy(const Json& evaluation, const ReportOptions& options) {
  const Json& all = Overall(evaluation, "survey");
  const Estimate accuracy = FindEstimate(all, {"figures", "accuracy"});
  if (!accuracy.value) {
    return {"accuracy", "Accuracy", "not measured", FindingStanding::kUnknown,
            "No answered conversation was evaluated."};
  }
  const auto majority = FindNumber(all, {"majority", "accuracy", "value"});
  Finding finding = AgainstTarget(accuracy, options.target);
  std::string begin;
  if (accuracy.interval) {
    begin = fmt::format("The {} interval is {}. ", Level(evaluation), Percent(*accuracy.interval));
  }
  finding.text = begin + finding.text + " " + AgainstBaseline(accuracy, majority, options);
  return finding;
}

Estimate CalibrationError(const Json& evaluation) {
  const Estimate error =
      FindEstimate(Overall(evaluation, "survey"), {"figures", "calibration_error_debiased"});
  if (error.value) return error;
  return {FindNumber(evaluation, {"reliability", "ece_debiased"}), std::nullopt};
}

Finding JudgeCalibration(const Json& evaluation, const ReportOptions& options) {
  Finding finding{"calibration", "Calibration", "not measured", FindingStanding::kUnknown,
                  "No calibration error could be measured."};
  const Estimate error = CalibrationError(evaluation);
  if (!error.value) return finding;
  const double limit = options.calibration_error;
  std::string off = fmt::format("The chances are off by about {:.1f} points", 100 * *error.value);
  if (error.interval) {
    off += fmt::format(" ({} interval {:.1f} to {:.1f})", Level(evaluation),
                       100 * error.interval->low, 100 * error.interval->high);
  }
  const Json* calibrated = Find(evaluation, {"calibrated"});
  const bool raw = calibrated && calibrated->is_boolean() && !calibrated->get<bool>();
  const double low = error.interval ? error.interval->low : *error.value;
  const double high = error.interval ? error.interval->high : *error.value;
  if (high <= limit) {
    finding.standing = FindingStanding::kGood;
    finding.result = "calibrated";
    finding.text = fmt::format("{}, within the allowed {:g}: they can be read as they stand.", off,
                               100 * limit);
  } else if (low > limit) {
    finding.standing = FindingStanding::kBad;
    finding.result = "not calibrated";
    finding.text = fmt::format(
        "{}, more than the allowed {:g}: read them as an order, not as "
        "chances.",
        off, 100 * limit);
  } else {
    finding.standing = FindingStanding::kOpen;
    finding.result = "not settled";
    finding.text = fmt::format("{}; up to {:g} would pass, and the interval holds more than that.",
                               off, 100 * limit);
  }
  if (raw) finding.text += " The model was not calibrated: these are the network's own chances.";
  return finding;
}

// How far the survey alone lies from the corrected figure.
std::string AgainstSurvey(double corrected, const Json& overall) {
  const auto measured = FindNumber(overall, {"measured", "value"});
  const auto answered = FindNumber(overall, {"answered"});
  if (!measured) return "";
  const double points = 100 * (*measured - corrected);
  const std::string who = answered ? fmt::format("The {} answers alone say", Count(*answered))
                                   : "The answers alone say";
  if (std::abs(points) < 0.05) return fmt::format(" {} the same.", who);
  return fmt::format(" {} {}, {:.1f} points {}.", who, Percent(*measured), std::abs(points),
                     points > 0 ? "higher" : "lower");
}

Finding JudgePopulation(const Json& evaluation) {
  Finding finding{"population", "Population CSAT", "not estimated", FindingStanding::kUnknown,
                  "What those who did not answer would have said was not estimated."};
  const Json* overall = Find(evaluation, {"population", "overall"});
  if (!overall) return finding;
  const auto n = FindNumber(*overall, {"n"});
  const std::string everyone =
      n ? fmt::format("Of all {} conversations", Count(*n)) : "Of all conversations";
  constexpr std::pair<const char*, const char*> kWays[] = {
      {"prediction_powered", "prediction-powered"}, {"reweighted", "reweighted"}};
  for (const auto& [key, name] : kWays) {
    const Estimate estimate = FindEstimate(*overall, {key});
    if (!estimate.value) continue;
    finding.standing = FindingStanding::kFact;
    finding.result = fmt::format("{} satisfied", Percent(*estimate.value));
    finding.text = fmt::format("{} {} are satisfied, {}.{}", everyone, WithInterval(estimate), name,
                               AgainstSurvey(*estimate.value, *overall));
    return finding;
  }
  const Estimate measured = FindEstimate(*overall, {"measured"});
  if (!measured.value) return finding;
  finding.standing = FindingStanding::kOpen;
  finding.result = "survey only";
  finding.text = fmt::format(
      "{} of those who answered are satisfied. Nothing corrects for who "
      "answers.",
      WithInterval(measured));
  return finding;
}

Finding JudgeClaim(const Json& evaluation) {
  Finding finding{"claim", "Transition", "not tested", FindingStanding::kUnknown,
                  "Whether the way from entry to exit tells more than its ends was not tested."};
  const Json* verdict = Find(evaluation, {"claim", "verdict"});
  if (!verdict) return finding;
  const Json* supported = Find(*verdict, {"supported"});
  if (!supported || !supported->is_boolean()) return finding;
  finding.standing = supported->get<bool>() ? FindingStanding::kGood : FindingStanding::kBad;
  finding.result = supported->get<bool>() ? "claim supported" : "claim not supported";
  finding.text = FindText(*verdict, {"text"});
  return finding;
}

std::string Headline(const Json& evaluation) {
  const Json& survey = Overall(evaluation, "survey");
  if (const auto accuracy = FindNumber(survey, {"figures", "accuracy", "value"})) {
    return fmt::format("Right in {} of {} answered conversations", Percent(*accuracy),
                       Count(FindNumber(survey, {"n"}).value_or(0)));
  }
  const Json& turns = Overall(evaluation, "turns");
  if (const auto accuracy = FindNumber(turns, {"figures", "accuracy", "value"})) {
    return fmt::format("Right in {} of {} rated turns", Percent(*accuracy),
                       Count(FindNumber(turns, {"n"}).value_or(0)));
  }
  return "Nothing was measured";
}

}  // namespace

const char* Name(FindingStanding standing) {
  switch (standing) {
    case FindingStanding::kGood:
      return "good";
    case FindingStanding::kOpen:
      return "open";
    case FindingStanding::kBad:
      return "bad";
    case FindingStanding::kFact:
      return "fact";
    case FindingStanding::kUnknown:
      break;
  }
  return "unknown";
}

Json ToJson(const Finding& finding) {
  return {{"section", finding.section},
          {"label", finding.label},
          {"result", finding.result},
          {"standing", Name(finding.standing)},
          {"text", finding.text}};
}

Verdict Judge(const Json& evaluation, const ReportOptions& options) {
  return {Headline(evaluation),
          {JudgeAccuracy(evaluation, options), JudgeCalibration(evaluation, options),
           JudgePopulation(evaluation), JudgeClaim(evaluation)}};
}

}  // namespace arcsat
