#include "eval/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "data/error.h"
#include "eval/metrics.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

void CheckOptions(const ResponseOptions& options) {
  const auto require = [](bool holds, const char* field, double found, const char* expected) {
    if (holds) return;
    throw UsageError({fmt::format("response model: {}", field), fmt::format("found {}", found),
                      fmt::format("expected {}", expected), "mend the option"});
  };
  require(options.ridge > 0 && std::isfinite(options.ridge), "ridge", options.ridge,
          "a number above 0");
  require(options.kinks >= 0 && options.kinks <= 10, "kinks", options.kinks, "0 to 10");
  require(options.per_column >= 1, "per_column", options.per_column, "at least 1");
  require(options.trim >= 1, "trim", options.trim, "at least 1");
  require(options.min_answers >= 2, "min_answers", options.min_answers, "at least 2");
}

void CheckContexts(const std::vector<SurveyContext>& contexts, const std::vector<int>& answered) {
  if (contexts.size() != answered.size()) {
    throw Error(
        {"response model",
         fmt::format("found {} conversations and {} flags", contexts.size(), answered.size()),
         "expected as many of each", "pass one flag a conversation"});
  }
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const SurveyContext& c = contexts[i];
    if (c.entry >= 0 && c.entry <= 1 && c.exit >= 0 && c.exit <= 1 && c.turns >= 0 &&
        (answered[i] == 0 || answered[i] == 1)) {
      continue;
    }
    throw Error({fmt::format("response model: conversation number {}", i),
                 fmt::format("found entry {}, exit {}, {} turns, answered {}", c.entry, c.exit,
                             c.turns, answered[i]),
                 "expected states from 0 to 1, turns from 0, and answered 0 or 1",
                 "score the conversations again"});
  }
}

BalanceLine Line(std::string name, double mean, double deviation, double before, double after) {
  if (!(deviation > 0)) return {std::move(name), 0, 0};
  return {std::move(name), (before - mean) / deviation, (after - mean) / deviation};
}

// Shares of a field's values: among all, those who answered, and those weighted.
void AddField(const covariates::Field& field, const std::vector<SurveyContext>& contexts,
              const std::vector<int>& answered, const VectorXd& weighted,
              std::vector<BalanceLine>* lines) {
  const auto counts = covariates::Count(field, contexts, answered);
  if (counts.size() < 2) return;
  std::map<std::string, double> mass;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    mass[field.of(contexts[i])] += weighted(static_cast<Index>(i));
  }
  const double n = static_cast<double>(contexts.size());
  const double yes = std::accumulate(answered.begin(), answered.end(), 0.0);
  for (const auto& [value, tally] : counts) {
    const double share = tally.n / n;
    lines->push_back(Line(fmt::format("{}[{}]", field.name, value), share,
                          std::sqrt(share * (1 - share) * n / (n - 1)), tally.answered / yes,
                          mass[value] / weighted.sum()));
  }
}

}  // namespace

double ResponseModel::Propensity(const SurveyContext& context) const {
  const VectorXd row = columns.Row(context);
  const VectorXd& b = balancing.coefficients;
  return std::max(floor, Sigmoid(b(0) + b.tail(row.size()).dot(row)));
}

std::optional<ResponseModel> FitResponse(const std::vector<SurveyContext>& contexts,
                                         const std::vector<int>& answered,
                                         const ResponseOptions& options) {
  CheckOptions(options);
  CheckContexts(contexts, answered);
  const int n = static_cast<int>(answered.size());
  const int yes = std::accumulate(answered.begin(), answered.end(), 0);
  if (yes < options.min_answers || n - yes < options.min_answers) return {};
  ResponseModel model;
  model.options = options;
  model.columns = ResponseColumns(contexts, answered, options.kinks, options.per_column);
  const Eigen::MatrixXd x = model.columns.Matrix(contexts);
  const VectorXd y = Eigen::Map<const Eigen::VectorXi>(answered.data(), n).cast<double>();
  LogisticOptions logistic;
  logistic.ridge = options.ridge;
  model.fit = FitLogistic(x, y, logistic);
  model.balancing = FitBalancing(x, y, options.ridge, model.fit.coefficients);
  model.floor = static_cast<double>(yes) / n / options.trim;
  const VectorXd log_odds =
      (x * model.fit.coefficients.tail(x.cols())).array() + model.fit.coefficients(0);
  const VectorXd p = log_odds.unaryExpr(&Sigmoid);
  model.auc = RocAuc({p.data(), answered.size()}, answered);
  return model;
}

double KishEffectiveSize(const VectorXd& weights) {
  const double squares = weights.squaredNorm();
  return squares > 0 ? weights.sum() * weights.sum() / squares : 0;
}

std::vector<BalanceLine> Balance(const std::vector<SurveyContext>& contexts,
                                 const std::vector<int>& answered, const VectorXd& weights) {
  CheckContexts(contexts, answered);
  const auto n = static_cast<Index>(contexts.size());
  if (weights.size() != n) {
    throw Error({"balance", fmt::format("found {} weights for {} conversations", weights.size(), n),
                 "expected one a conversation", "pass the weights of all conversations"});
  }
  const VectorXd r = Eigen::Map<const Eigen::VectorXi>(answered.data(), n).cast<double>();
  const VectorXd weighted = r.cwiseProduct(weights);
  std::vector<BalanceLine> lines;
  if (!(weighted.sum() > 0)) return lines;
  for (const auto& field : covariates::Fields())
    AddField(field, contexts, answered, weighted, &lines);
  for (const covariates::Measure& measure : covariates::Measures()) {
    VectorXd x(n);
    for (Index i = 0; i < n; ++i) x(i) = measure.of(contexts[static_cast<std::size_t>(i)]);
    const double mean = x.mean();
    const double squares = (x.array() - mean).square().sum();
    const double deviation = n > 1 ? std::sqrt(squares / static_cast<double>(n - 1)) : 0;
    lines.push_back(
        Line(measure.name, mean, deviation, r.dot(x) / r.sum(), weighted.dot(x) / weighted.sum()));
  }
  return lines;
}

MeanBalance MeanOf(const std::vector<BalanceLine>& lines) {
  std::map<std::string, MeanBalance> sums;
  std::map<std::string, int> counts;
  for (const BalanceLine& line : lines) {
    const std::string field = line.name.substr(0, line.name.find('['));
    sums[field].before += std::abs(line.before);
    sums[field].after += std::abs(line.after);
    ++counts[field];
  }
  MeanBalance mean;
  for (const auto& [field, sum] : sums) {
    mean.before += sum.before / counts[field] / static_cast<double>(sums.size());
    mean.after += sum.after / counts[field] / static_cast<double>(sums.size());
  }
  return mean;
}

}  // namespace arcsat
