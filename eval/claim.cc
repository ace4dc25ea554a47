#include "eval/claim.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "data/random.h"
#include "eval/folds.h"
#include "eval/logistic.h"
#include "eval/metrics.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd DesignMatrix(const std::vector<const VectorXd*>& columns) {
  MatrixXd x(columns.front()->size(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    x.col(static_cast<Eigen::Index>(j)) = *columns[j];
  }
  return x;
}

// `larger` ends with delta.
NestedTest Compare(std::string name, const std::vector<const VectorXd*>& smaller,
                   const std::vector<const VectorXd*>& larger, const VectorXd& y) {
  const LogisticFit without = FitLogistic(DesignMatrix(smaller), y);
  const LogisticFit with = FitLogistic(DesignMatrix(larger), y);
  NestedTest test;
  test.name = std::move(name);
  test.n = static_cast<int>(y.size());
  test.degrees = static_cast<int>(larger.size() - smaller.size());
  const Eigen::Index last = with.coefficients.size() - 1;
  test.coefficient = with.coefficients(last);
  test.standard_error = with.StandardErrors()(last);
  const double half = NormalQuantile(0.975) * test.standard_error;
  test.interval = {test.coefficient - half, test.coefficient + half};
  if (without.separated || with.separated) {
    test.warning = with.separated ? with.warning : without.warning;
    test.chi_squared = test.p_value = test.gain = std::numeric_limits<double>::quiet_NaN();
    return test;
  }
  // Rounding may leave a gain of -1e-15 where nothing was gained.
  test.chi_squared = std::max(0.0, 2 * (with.log_likelihood - without.log_likelihood));
  test.p_value = ChiSquareSurvival(test.chi_squared, test.degrees);
  test.gain = test.chi_squared / 2 / static_cast<double>(y.size());
  return test;
}

// One number a conversation, side by side.
struct Sides {
  VectorXd entry, exit, outlook, delta, y;
};

Sides SideBySide(const std::vector<double>& entry, const std::vector<double>& exit,
                 const std::vector<double>& outlook_logit, const std::vector<int>& satisfied) {
  if (entry.size() != satisfied.size() || exit.size() != satisfied.size() ||
      outlook_logit.size() != satisfied.size()) {
    throw Error({"claim test",
                 fmt::format("found {} entries, {} exits, {} outlooks and {} answers", entry.size(),
                             exit.size(), outlook_logit.size(), satisfied.size()),
                 "expected one of each a conversation", "pass scores and answers side by side"});
  }
  const auto n = static_cast<Eigen::Index>(satisfied.size());
  Sides sides;
  sides.entry = Eigen::Map<const VectorXd>(entry.data(), n);
  sides.exit = Eigen::Map<const VectorXd>(exit.data(), n);
  sides.outlook = Eigen::Map<const VectorXd>(outlook_logit.data(), n);
  sides.y = Eigen::Map<const Eigen::VectorXi>(satisfied.data(), n).cast<double>();
  sides.delta = sides.exit - sides.entry;
  return sides;
}

// One model's log-odds of every conversation, from fits that left its fold out.
VectorXd CrossFit(const MatrixXd& x, const VectorXd& y,
                  const std::vector<std::vector<Eigen::Index>>& members) {
  VectorXd log_odds(y.size());
  for (std::size_t f = 0; f < members.size(); ++f) {
    std::vector<Eigen::Index> others;
    for (std::size_t g = 0; g < members.size(); ++g) {
      if (g != f) others.insert(others.end(), members[g].begin(), members[g].end());
    }
    const LogisticFit fit = FitLogistic(x(others, Eigen::all), y(others));
    for (const Eigen::Index i : members[f]) log_odds(i) = fit.LogOdds(x.row(i).transpose());
  }
  return log_odds;
}

// A model's held-out chances, ready for many resamples.
class HeldOut {
 public:
  HeldOut(const VectorXd& log_odds, const VectorXd& y,
          const std::vector<std::vector<Eigen::Index>>& members) {
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      const VectorXd one = VectorXd::Ones(1);
      loss_.push_back(-BernoulliLogLikelihood(log_odds.segment(i, 1), y.segment(i, 1), one));
    }
    for (const auto& fold : members) {
      std::vector<double> p;
      std::vector<int> labels;
      for (const Eigen::Index i : fold) {
        p.push_back(Sigmoid(log_odds(i)));
        labels.push_back(y(i) > 0.5 ? 1 : 0);
      }
      folds_.emplace_back(p, labels);
    }
  }

  double LogLoss(std::span<const double> w) const {
    return std::inner_product(w.begin(), w.end(), loss_.begin(), 0.0) /
           std::accumulate(w.begin(), w.end(), 0.0);
  }
  // `weights` of each fold's members and how many pairs of classes they make.
  double Auc(const std::vector<std::vector<double>>& weights,
             const std::vector<double>& pairs) const {
    double wins = 0, all = 0;
    std::vector<double> arranged;
    for (std::size_t f = 0; f < folds_.size(); ++f) {
      if (!(pairs[f] > 0)) continue;
      folds_[f].Arrange(weights[f], &arranged);
      wins += pairs[f] * folds_[f].RocAuc(arranged);
      all += pairs[f];
    }
    return all > 0 ? wins / all : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  std::vector<double> loss_;
  std::vector<BinarySample> folds_;
};

// The smaller and the larger model of each comparison, as places in Models().
struct ModelPair {
  const char* name;
  std::size_t smaller, larger;
};
constexpr ModelPair kComparisons[] = {{"delta beyond entry", 0, 3},
                                      {"delta beyond exit", 1, 3},
                                      {"delta beyond outlook", 2, 4},
                                      {"arc beyond outlook", 2, 5}};

// Exit with delta is the same model as entry with delta.
std::vector<MatrixXd> Models(const Sides& s) {
  return {DesignMatrix({&s.entry}),
          DesignMatrix({&s.exit}),
          DesignMatrix({&s.outlook}),
          DesignMatrix({&s.entry, &s.delta}),
          DesignMatrix({&s.outlook, &s.delta}),
          DesignMatrix({&s.outlook, &s.entry, &s.delta})};
}

// Writes AUC and log loss changes of all comparisons, in turn.
void Changes(const std::vector<HeldOut>& models,
             const std::vector<std::vector<Eigen::Index>>& members, const VectorXd& y,
             std::span<const double> weights, std::span<double> out) {
  std::vector<std::vector<double>> by_fold;
  std::vector<double> pairs, auc, loss;
  for (const auto& fold : members) {
    double positive = 0, negative = 0;
    by_fold.emplace_back();
    for (const Eigen::Index i : fold) {
      const double w = weights[static_cast<std::size_t>(i)];
      by_fold.back().push_back(w);
      (y(i) > 0.5 ? positive : negative) += w;
    }
    pairs.push_back(positive * negative);
  }
  for (const HeldOut& model : models) {
    auc.push_back(model.Auc(by_fold, pairs));
    loss.push_back(model.LogLoss(weights));
  }
  for (std::size_t c = 0; c < std::size(kComparisons); ++c) {
    const ModelPair& comparison = kComparisons[c];
    out[2 * c] = auc[comparison.larger] - auc[comparison.smaller];
    out[2 * c + 1] = loss[comparison.larger] - loss[comparison.smaller];
  }
}

}  // namespace

std::vector<NestedTest> TestClaim(const std::vector<double>& entry, const std::vector<double>& exit,
                                  const std::vector<double>& outlook_logit,
                                  const std::vector<int>& satisfied) {
  const Sides s = SideBySide(entry, exit, outlook_logit, satisfied);
  return {Compare("delta beyond entry", {&s.entry}, {&s.entry, &s.delta}, s.y),
          Compare("delta beyond exit", {&s.exit}, {&s.exit, &s.delta}, s.y),
          Compare("delta beyond outlook", {&s.outlook}, {&s.outlook, &s.delta}, s.y),
          Compare("arc beyond outlook", {&s.outlook}, {&s.outlook, &s.entry, &s.delta}, s.y)};
}

std::vector<ClaimChange> MeasureChanges(const std::vector<double>& entry,
                                        const std::vector<double>& exit,
                                        const std::vector<double>& outlook_logit,
                                        const std::vector<int>& satisfied,
                                        const ClaimOptions& options) {
  const Sides sides = SideBySide(entry, exit, outlook_logit, satisfied);
  if (options.folds < 2) {
    throw UsageError({"claim options", fmt::format("found folds {}", options.folds),
                      "expected 2 or more", "mend the option"});
  }
  const auto positives = std::count(satisfied.begin(), satisfied.end(), 1);
  const auto fewest = std::min(positives, std::ssize(satisfied) - positives);
  if (fewest < 2) return {};
  const auto folds = static_cast<std::size_t>(std::min<std::ptrdiff_t>(options.folds, fewest));
  const std::vector<std::size_t> fold = StratifiedFolds(satisfied, folds, MixSeed(options.seed, 2));
  std::vector<std::vector<Eigen::Index>> members(folds);
  for (std::size_t i = 0; i < fold.size(); ++i) {
    members[fold[i]].push_back(static_cast<Eigen::Index>(i));
  }
  std::vector<HeldOut> models;
  for (const MatrixXd& x : Models(sides)) {
    models.emplace_back(CrossFit(x, sides.y, members), sides.y, members);
  }
  const auto figures = [&](std::span<const double> weights, std::span<double> out) {
    Changes(models, members, sides.y, weights, out);
  };
  std::vector<double> point(2 * std::size(kComparisons));
  figures(std::vector<double>(satisfied.size(), 1.0), point);
  std::vector<int> clusters(satisfied.size());
  std::iota(clusters.begin(), clusters.end(), 0);
  const std::vector<IntervalKind> kinds(point.size(), IntervalKind::kPercentile);
  const auto intervals = BootstrapIntervals(clusters, point, kinds, figures, options.bootstrap);
  std::vector<ClaimChange> changes;
  for (std::size_t c = 0; c < std::size(kComparisons); ++c) {
    changes.push_back({kComparisons[c].name, point[2 * c], point[2 * c + 1], intervals[2 * c],
                       intervals[2 * c + 1]});
  }
  return changes;
}

}  // namespace arcsat
