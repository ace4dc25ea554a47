#include "eval/population.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "data/error.h"
#include "eval/evaluation.h"
#include "eval/population_assumptions.h"
#include "eval/sensitivity.h"
#include "eval/special.h"
#include "eval/student.h"
#include "eval/weighted_mean.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kGreatestGamma = 100;
constexpr double kLeastEffective = 10;  // unweighted answers that a corrected figure must be worth
constexpr double kPopulationRounding = 1e-9;

double Bounded(double share) { return std::clamp(share, 0.0, 1.0); }

// The items as columns, one entry a conversation.
struct GroupedColumns {
  std::vector<SurveyContext> contexts;
  std::vector<int> answered;
  VectorXd satisfied, p;      // satisfied 0 where nobody answered
  VectorXd answer, expected;  // likewise
  bool has_answer = true, has_expected = true, has_truth = true;
};

GroupedColumns Arrange(const std::vector<PopulationItem>& items) {
  const auto n = static_cast<Index>(items.size());
  GroupedColumns columns;
  columns.satisfied = columns.p = columns.answer = columns.expected = VectorXd::Zero(n);
  for (Index i = 0; i < n; ++i) {
    const PopulationItem& item = items[static_cast<std::size_t>(i)];
    columns.contexts.push_back(item.context);
    columns.answered.push_back(item.satisfied ? 1 : 0);
    columns.satisfied(i) = item.satisfied.value_or(false) ? 1 : 0;
    columns.p(i) = item.p_satisfied;
    columns.answer(i) = item.answer.value_or(0);
    columns.expected(i) = item.expected_answer.value_or(0);
    columns.has_answer = columns.has_answer && (!item.satisfied || item.answer);
    columns.has_expected = columns.has_expected && item.expected_answer;
    columns.has_truth = columns.has_truth && item.truth;
  }
  return columns;
}

// A share's interval is made on the log-odds, where its distribution is less skewed: near 1, the
// plain one is too short downwards, and misses mostly there.
Interval ShareInterval(const WeightedFigure& figure, double level, double half) {
  const double value = figure.value, effective = figure.degrees + 1;
  // Everybody answered alike: no spread is seen, which is not to say that there is none.
  const bool one_kind = figure.standard_error < kPopulationRounding;
  if (one_kind) return *WilsonInterval(Bounded(value) * effective, effective, level);
  if (value > 0 && value < 1) {
    const double middle = Logit(value, 0), reach = half / (value * (1 - value));
    return {Sigmoid(middle - reach), Sigmoid(middle + reach)};
  }
  return {Bounded(value - half), Bounded(value + half)};
}

PopulationFigure ToFigure(const WeightedFigure& figure, double level, bool share) {
  const double half = StudentQuantile((1 + level) / 2, figure.degrees) * figure.standard_error;
  if (!share) {
    const Interval interval{figure.value - half, figure.value + half};
    return {figure.value, figure.standard_error, interval, figure.lambda};
  }
  // A correction may carry a share out of 0..1.
  return {Bounded(figure.value), figure.standard_error, ShareInterval(figure, level, half),
          figure.lambda};
}

PopulationFigure MeasuredShare(double yes, double n, double level) {
  const double share = yes / n;
  return {share, std::sqrt(share * (1 - share) / n), WilsonInterval(yes, n, level), {}};
}

PopulationFigure MeasuredMean(const std::vector<double>& values, double level) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return {mean, 0, {}, {}};
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double error = std::sqrt(squares / (n - 1) / n);
  const double half = StudentQuantile((1 + level) / 2, n - 1) * error;
  return {mean, error, Interval{mean - half, mean + half}, {}};
}

// What all groups are measured with.
struct Setup {
  const std::vector<PopulationItem>& items;
  const PopulationOptions& options;
  const GroupedColumns& columns;
  const WeightedMeans* weighted;  // nullptr: no response model
};

PopulationGroup MeasureGroup(const Setup& setup, const std::vector<int>& members) {
  const GroupedColumns& columns = setup.columns;
  const double level = setup.options.level;
  PopulationGroup group;
  group.n = static_cast<int>(members.size());
  std::vector<double> answers;
  double yes = 0, truth = 0;
  for (const int i : members) {
    if (columns.has_truth) truth += *setup.items[static_cast<std::size_t>(i)].truth ? 1 : 0;
    if (columns.answered[static_cast<std::size_t>(i)] == 0) continue;
    yes += columns.satisfied(i);
    answers.push_back(columns.answer(i));
  }
  group.answered = static_cast<int>(answers.size());
  if (columns.has_truth) group.truth = truth / group.n;
  if (group.answered == 0) return group;
  group.satisfied.measured = MeasuredShare(yes, group.answered, level);
  if (columns.has_answer) {
    group.answer.emplace();
    group.answer->measured = MeasuredMean(answers, level);
  }
  if (!setup.weighted || group.answered < setup.options.min_group) return group;
  const WeightedMeans& weighted = *setup.weighted;
  const WeightedFigure reweighted = weighted.Reweighted(members, columns.satisfied);
  if (reweighted.degrees + 1 < kLeastEffective) return group;
  group.satisfied.reweighted = ToFigure(reweighted, level, true);
  group.satisfied.prediction_powered =
      ToFigure(weighted.PredictionPowered(members, columns.satisfied, columns.p), level, true);
  if (!columns.has_answer) return group;
  group.answer->reweighted = ToFigure(weighted.Reweighted(members, columns.answer), level, false);
  if (columns.has_expected) {
    group.answer->prediction_powered = ToFigure(
        weighted.PredictionPowered(members, columns.answer, columns.expected), level, false);
  }
  return group;
}

std::string ColumnOf(const PopulationItem& item, const std::string& by) {
  std::string value;
  if (by == "channel") value = item.context.channel;
  if (by == "problem_type") value = item.context.problem_type;
  if (by == "agent") value = item.agent;
  if (by == "length") value = LengthGroup(item.context.turns);
  const auto found = item.other.find(by);
  if (found != item.other.end()) value = found->second;
  return value.empty() ? "(none)" : value;
}

// Where a group stands before its name decides: lengths by their first number, numbers by size,
// everything else before them.
double GroupPlace(const std::string& value, const std::string& by) {
  if (by == "length") return std::atoi(value.c_str());
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [last, error] = std::from_chars(value.data(), end, number);
  const bool read = error == std::errc() && last == end && std::isfinite(number);
  return read ? number : -std::numeric_limits<double>::infinity();
}

// Members of each group in a fixed order.
std::vector<std::pair<std::string, std::vector<int>>> Split(
    const std::vector<PopulationItem>& items, const std::string& by) {
  std::map<std::pair<double, std::string>, std::vector<int>> groups;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string value = ColumnOf(items[i], by);
    groups[{GroupPlace(value, by), value}].push_back(static_cast<int>(i));
  }
  std::vector<std::pair<std::string, std::vector<int>>> split;
  split.reserve(groups.size());
  for (auto& [key, members] : groups) split.emplace_back(key.second, std::move(members));
  return split;
}

void CheckColumn(const std::vector<PopulationItem>& items, const std::string& by) {
  const std::set<std::string> known = {"channel", "problem_type", "agent", "length"};
  if (known.count(by) > 0) return;
  std::set<std::string> others;
  for (const PopulationItem& item : items) {
    if (item.other.count(by) > 0) return;
    for (const auto& [name, value] : item.other) others.insert(name);
  }
  std::string names = "channel, problem_type, agent, length";
  for (const std::string& name : others) names += fmt::format(", {}", name);
  throw UsageError({"population.by", fmt::format("found \"{}\"", by),
                    fmt::format("expected one of {}", names), "name a column that the data have"});
}

void CheckOptions(const PopulationOptions& options) {
  const auto require = [](bool holds, const char* field, double found, const char* expected) {
    if (holds) return;
    throw UsageError({fmt::format("population.{}", field), fmt::format("found {}", found),
                      fmt::format("expected {}", expected), "mend the option"});
  };
  require(options.level > 0 && options.level < 1, "level", options.level,
          "a number between 0 and 1");
  require(options.min_group >= 2, "min_group", options.min_group, "at least 2");
  for (const double gamma : options.gammas) {
    require(gamma >= 1 && gamma <= kGreatestGamma, "gammas", gamma, "numbers from 1 to 100");
  }
  for (const double claim : options.claims) {
    require(claim >= 0 && claim <= 1, "claims", claim, "shares from 0 to 1");
  }
}

void CheckItems(const std::vector<PopulationItem>& items) {
  if (items.empty()) {
    throw Error({"population", "found no conversation", "expected at least one",
                 "score some conversations first"});
  }
  for (const PopulationItem& item : items) {
    const bool good = item.p_satisfied >= 0 && item.p_satisfied <= 1 &&
                      std::isfinite(item.answer.value_or(0)) &&
                      std::isfinite(item.expected_answer.value_or(0));
    if (good) continue;
    throw Error(
        {fmt::format("conversation {}", item.id),
         fmt::format("found p_satisfied {}, answer {}, expected answer {}", item.p_satisfied,
                     item.answer.value_or(0), item.expected_answer.value_or(0)),
         "expected a chance from 0 to 1 and finite answers", "score the conversations again"});
  }
}

ResponseSummary Summarise(const ResponseModel& model, const GroupedColumns& columns,
                          const WeightedMeans& weighted, double level) {
  ResponseSummary summary;
  const double z = NormalQuantile((1 + level) / 2);
  const VectorXd errors = model.fit.StandardErrors();
  for (std::size_t j = 0; j < model.columns.names().size(); ++j) {
    const auto at = static_cast<Index>(j) + 1;
    const double c = model.fit.coefficients(at), half = z * errors(at);
    summary.features.push_back({model.columns.names()[j], c, {c - half, c + half}});
  }
  const auto n = static_cast<Index>(columns.answered.size());
  const VectorXd r = Eigen::Map<const Eigen::VectorXi>(columns.answered.data(), n).cast<double>();
  summary.auc = model.auc;
  summary.effective_sample_size = KishEffectiveSize(r.cwiseProduct(weighted.weights()));
  summary.design_effect = r.sum() / summary.effective_sample_size;
  summary.floor = model.floor;
  summary.trimmed = weighted.trimmed();
  summary.below_floor = weighted.below_floor();
  summary.balance = Balance(columns.contexts, columns.answered, weighted.weights());
  summary.mean_balance = MeanOf(summary.balance);
  return summary;
}

// The reweighted figure under every gamma, and how much gamma each claim bears.
class Sensitivity {
 public:
  Sensitivity(const GroupedColumns& columns, const WeightedMeans& weighted, double level)
      : columns_(columns), weighted_(weighted), level_(level) {
    everybody_.resize(columns.answered.size());
    std::iota(everybody_.begin(), everybody_.end(), 0);
    for (const int i : everybody_) {
      if (columns.answered[static_cast<std::size_t>(i)] == 0) continue;
      who_.push_back(i);
      y_.push_back(columns.satisfied(i));
      odds_.push_back(weighted.weights()(i) - 1);
    }
  }

  SensitivityLine At(double gamma) const {
    const TiltedRange range = WeightedMeanRange(y_, odds_, gamma);
    const Interval low = End(range.low_tilt), high = End(range.high_tilt);
    return {gamma, range.low, range.high, Interval{low.low, high.high}};
  }

  FlipLine Flip(std::string text, double value) const {
    FlipLine line{std::move(text), value, GammaToReach(y_, odds_, value, kGreatestGamma), {}};
    const auto holds = [&](double gamma) {
      const Interval interval = *At(gamma).interval;
      return interval.low <= value && value <= interval.high;
    };
    if (!holds(kGreatestGamma)) return line;
    double low = 1, high = holds(1) ? 1 : kGreatestGamma;
    while (high - low > 1e-6) {
      const double middle = std::sqrt(low * high);
      (holds(middle) ? high : low) = middle;
    }
    line.gamma_interval = high;
    return line;
  }

 private:
  // The interval of the mean with these tilts: at the range's end they do not move it, to first
  // order (envelope theorem).
  Interval End(const std::vector<double>& tilt) const {
    VectorXd z = VectorXd::Ones(static_cast<Index>(everybody_.size()));
    for (std::size_t k = 0; k < who_.size(); ++k) z(who_[k]) = tilt[k];
    return *ToFigure(weighted_.Tilted(everybody_, columns_.satisfied, z), level_, true).interval;
  }

  const GroupedColumns& columns_;
  const WeightedMeans& weighted_;
  const double level_;
  std::vector<int> everybody_, who_;
  std::vector<double> y_, odds_;
};

}  // namespace

Population MeasurePopulation(const std::vector<PopulationItem>& items,
                             const PopulationOptions& options) {
  CheckOptions(options);
  CheckItems(items);
  for (const std::string& by : options.by) CheckColumn(items, by);
  const GroupedColumns columns = Arrange(items);
  Population population;
  population.options = options;
  const auto model = FitResponse(columns.contexts, columns.answered, options.response);
  std::optional<WeightedMeans> weighted;
  if (model) {
    weighted.emplace(*model, columns.contexts, columns.answered);
    population.response = Summarise(*model, columns, *weighted, options.level);
  }
  const Setup setup{items, options, columns, weighted ? &*weighted : nullptr};
  std::vector<int> everybody(items.size());
  std::iota(everybody.begin(), everybody.end(), 0);
  population.overall = MeasureGroup(setup, everybody);
  population.overall.by = population.overall.value = "all";
  for (const std::string& by : options.by) {
    for (const auto& [value, members] : Split(items, by)) {
      population.by.push_back(MeasureGroup(setup, members));
      population.by.back().by = by;
      population.by.back().value = value;
    }
  }
  if (weighted && population.overall.satisfied.reweighted) {
    const Sensitivity sensitivity(columns, *weighted, options.level);
    for (const double gamma : options.gammas) {
      population.sensitivity.push_back(sensitivity.At(gamma));
    }
    population.flips.push_back(
        sensitivity.Flip("the measured figure", population.overall.satisfied.measured->value));
    for (const double claim : options.claims) {
      population.flips.push_back(sensitivity.Flip(fmt::format("{:g}", claim), claim));
    }
  }
  population.assumptions = Assumptions(population);
  population.notes = Notes(population, model ? &*model : nullptr);
  return population;
}

}  // namespace arcsat
