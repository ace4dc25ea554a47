#include "eval/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "data/error.h"
#include "eval/groups.h"
#include "eval/metrics.h"

namespace arcsat {
namespace {

constexpr const char* kNoSecondClass = "all conversations are of one class";

struct ComparedFigure {
  const char* name;
  const char* test;    // of a difference
  const char* reason;  // why it may be missing
};

// In the order in which GroupWork::Measure computes them.
constexpr ComparedFigure kComparedFigures[] = {{"accuracy", "mcnemar", ""},
                                               {"balanced_accuracy", "permutation", kNoSecondClass},
                                               {"macro_f1", "permutation", kNoSecondClass},
                                               {"roc_auc", "delong", kNoSecondClass},
                                               {"pr_auc", "", kNoSecondClass},
                                               {"brier", "sign flip", ""},
                                               {"log_loss", "sign flip", ""}};
constexpr std::size_t kFigures = std::size(kComparedFigures);

void CheckOptions(const CompareOptions& o) {
  const char* figures[] = {"accuracy", "balanced_accuracy", "macro_f1", "roc_auc"};
  const bool known =
      std::find(std::begin(figures), std::end(figures), o.figure) != std::end(figures);
  if (!known || (o.judge_by != "interval" && o.judge_by != "point")) {
    throw UsageError({"compare options",
                      fmt::format("found figure {}, judge_by {}", o.figure, o.judge_by),
                      "expected accuracy, balanced_accuracy, macro_f1 or roc_auc, and interval or "
                      "point",
                      "mend the options"});
  }
  if (!(o.at_least >= 0 && o.at_least <= 1 && o.worse_by >= 0 && o.worse_by <= 1) ||
      o.min_slice < 1 || o.flips < 0) {
    throw UsageError({"compare options",
                      fmt::format("found at_least {}, worse_by {}, min_slice {}, flips {}",
                                  o.at_least, o.worse_by, o.min_slice, o.flips),
                      "expected shares from 0 to 1, min_slice from 1 and flips from 0 up",
                      "mend the options"});
  }
}

void CheckVersions(const std::vector<CompareItem>& items,
                   const std::vector<CompareVersion>& versions) {
  if (items.empty() || versions.size() < 2) {
    throw Error(
        {"comparison",
         fmt::format("found {} conversations and {} versions", items.size(), versions.size()),
         "expected conversations and two versions or more",
         "compare versions that scored the same conversations"});
  }
  for (const CompareVersion& version : versions) {
    if (version.scores.size() != items.size()) {
      throw Error({fmt::format("comparison: version {}", version.label),
                   fmt::format("found {} scores", version.scores.size()),
                   fmt::format("expected {}, one a conversation", items.size()),
                   "score the same conversations"});
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (version.scores[i].id == items[i].id) continue;
      throw Error({fmt::format("comparison: version {}", version.label),
                   fmt::format("found a score of \"{}\"", version.scores[i].id),
                   fmt::format("expected one of \"{}\"", items[i].id),
                   "bring the scores into the order of the conversations"});
    }
  }
}

// One group's labels and each version's chances, arranged for the bootstrap.
class GroupWork {
 public:
  GroupWork(const std::vector<CompareItem>& items, const std::vector<CompareVersion>& versions,
            const std::vector<std::size_t>& members) {
    y_.reserve(members.size());
    for (const std::size_t i : members) y_.push_back(items[i].y ? 1 : 0);
    const auto satisfied = std::count(y_.begin(), y_.end(), 1);
    one_class_ = satisfied == 0 || satisfied == static_cast<std::ptrdiff_t>(y_.size());
    for (const CompareVersion& version : versions) {
      std::vector<double> p;
      p.reserve(members.size());
      for (const std::size_t i : members) p.push_back(version.scores[i].p_satisfied);
      samples_.emplace_back(p, y_);
      p_.push_back(std::move(p));
      thresholds_.push_back(version.threshold);
    }
  }

  ComparedSlice Compare(const CompareOptions& options) const {
    ComparedSlice slice;
    slice.n = static_cast<int>(y_.size());
    slice.satisfied = static_cast<double>(std::count(y_.begin(), y_.end(), 1)) / slice.n;
    const std::size_t versions = samples_.size(), all = (2 * versions - 1) * kFigures;
    std::vector<double> point(all);
    std::vector<int> clusters(y_.size());
    std::iota(clusters.begin(), clusters.end(), 0);
    std::vector<double> arranged;
    const auto measure = [&](std::span<const double> w, std::span<double> out) {
      Measure(w, &arranged, out);
    };
    measure(std::vector<double>(y_.size(), 1.0), point);
    const auto intervals = BootstrapIntervals(
        clusters, point, std::vector<IntervalKind>(all, IntervalKind::kPercentile), measure,
        options.bootstrap);
    for (std::size_t v = 0; v < versions; ++v) {
      slice.figures.emplace_back();
      for (std::size_t f = 0; f < kFigures; ++f) {
        slice.figures[v].push_back(
            FigureOf(f, point[v * kFigures + f], intervals[v * kFigures + f], options));
      }
    }
    for (std::size_t v = 1; v < versions; ++v) {
      slice.differences.emplace_back();
      for (std::size_t f = 0; f < kFigures; ++f) {
        const std::size_t at = (versions + v - 1) * kFigures + f;
        slice.differences.back().push_back(DifferenceOf(f, v, point[at], intervals[at], options));
      }
    }
    return slice;
  }

 private:
  // Each version's figures, then each later version's less the first one's.
  void Measure(std::span<const double> weights, std::vector<double>* w,
               std::span<double> out) const {
    const std::size_t versions = samples_.size();
    for (std::size_t v = 0; v < versions; ++v) {
      samples_[v].Arrange(weights, w);
      const BinaryCounts counts = samples_[v].Counts(thresholds_[v], *w);
      double* figure = &out[v * kFigures];
      figure[0] = Accuracy(counts);
      figure[1] = BalancedAccuracy(counts);
      figure[2] = one_class_ ? std::nan("") : MacroF1(counts);
      figure[3] = samples_[v].RocAuc(*w);
      figure[4] = one_class_ ? std::nan("") : samples_[v].PrAuc(*w);
      figure[5] = samples_[v].Brier(*w);
      figure[6] = samples_[v].LogLoss(*w);
      if (v == 0) continue;
      for (std::size_t f = 0; f < kFigures; ++f) {
        out[(versions + v - 1) * kFigures + f] = figure[f] - out[f];
      }
    }
  }

  Figure FigureOf(std::size_t f, double value, std::optional<Interval> interval,
                  const CompareOptions& options) const {
    if (std::isnan(value)) return {kComparedFigures[f].name, {}, {}, kComparedFigures[f].reason};
    // A share of independent items, as in Evaluate().
    if (f == 0) {
      const double n = static_cast<double>(y_.size());
      interval = WilsonInterval(value * n, n, options.bootstrap.level);
    }
    return {kComparedFigures[f].name, value, interval, ""};
  }

  Difference DifferenceOf(std::size_t f, std::size_t v, double value,
                          std::optional<Interval> interval, const CompareOptions& options) const {
    Difference difference;
    difference.name = kComparedFigures[f].name;
    if (std::isnan(value)) {
      difference.reason = kComparedFigures[f].reason;
      return difference;
    }
    difference.value = value;
    difference.interval = interval;
    difference.test = kComparedFigures[f].test;
    const double p = Test(f, v, options);
    if (!std::isnan(p)) difference.p = p;
    return difference;
  }

  // One conversation's share of the Brier score or the log loss.
  static double Loss(std::size_t f, double p, int y) {
    return f == 5 ? Brier(std::array{p}, std::array{y}) : LogLoss(std::array{p}, std::array{y});
  }

  double Test(std::size_t f, std::size_t v, const CompareOptions& options) const {
    const std::string test = kComparedFigures[f].test;
    if (test == "delong") return DeLong(p_[0], p_[v], y_, options.bootstrap.level).p_value;
    if (test == "mcnemar" || test == "permutation") {
      const PairedDecisions d = CountDecisions(y_, p_[0], thresholds_[0], p_[v], thresholds_[v]);
      if (test == "mcnemar") {
        return McNemar(d.only_first[0] + d.only_first[1], d.only_other[0] + d.only_other[1])
            .p_value;
      }
      const auto figure = [f](const BinaryCounts& counts) {
        return f == 1 ? BalancedAccuracy(counts) : MacroF1(counts);
      };
      return SwapTest(d, figure);
    }
    if (test != "sign flip") return std::nan("");
    std::vector<double> differences;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      differences.push_back(Loss(f, p_[v][i], y_[i]) - Loss(f, p_[0][i], y_[i]));
    }
    return SignFlipTest(differences, options.bootstrap.resamples, options.bootstrap.seed);
  }

  std::vector<int> y_;
  bool one_class_ = false;
  std::vector<std::vector<double>> p_;  // of each version
  std::vector<BinarySample> samples_;
  std::vector<double> thresholds_;
};

void AdjustTogether(const std::vector<Difference*>& family) {
  std::vector<double> p;
  p.reserve(family.size());
  for (const Difference* difference : family) p.push_back(*difference->p);
  const std::vector<double> adjusted = Holm(p);
  for (std::size_t i = 0; i < family.size(); ++i) family[i]->p_holm = adjusted[i];
}

void AdjustForMany(const CompareOptions& options, std::vector<ComparedSlice>* slices) {
  const std::size_t pairs = slices->front().differences.size();
  for (std::size_t f = 0; f < kFigures; ++f) {
    std::vector<Difference*> everything;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      std::vector<Difference*> groups;
      for (ComparedSlice& slice : *slices) {
        Difference& difference = slice.differences[pair][f];
        if (!difference.p) continue;
        if (slice.by == "all") {
          everything.push_back(&difference);
        } else if (slice.n >= options.min_slice) {
          groups.push_back(&difference);
        }
      }
      AdjustTogether(groups);
    }
    AdjustTogether(everything);
  }
}

void ListFlips(const std::vector<CompareItem>& items, const CompareVersion& first,
               const CompareVersion& other, int most, ComparedPair* pair) {
  std::vector<std::size_t> flips, shifts;
  const auto says = [](const CompareVersion& version, std::size_t i) {
    return version.scores[i].p_satisfied >= version.threshold;
  };
  const auto apart = [&](std::size_t i) {
    return std::abs(other.scores[i].p_satisfied - first.scores[i].p_satisfied);
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (says(first, i) != says(other, i)) {
      flips.push_back(i);
      ++(says(other, i) == items[i].y ? pair->mended : pair->spoilt);
    } else if (apart(i) > 0) {
      shifts.push_back(i);
    }
  }
  const auto keep = [&](std::vector<std::size_t> which, std::vector<Flip>* out) {
    std::stable_sort(which.begin(), which.end(),
                     [&](std::size_t a, std::size_t b) { return apart(a) > apart(b); });
    which.resize(std::min(which.size(), static_cast<std::size_t>(most)));
    for (const std::size_t i : which) {
      out->push_back({items[i], first.scores[i], other.scores[i], says(first, i) == items[i].y,
                      says(other, i) == items[i].y});
    }
  };
  keep(flips, &pair->flips);
  keep(shifts, &pair->shifts);
}

ComparedPair ComparePair(const std::vector<CompareItem>& items, const CompareVersion& first,
                         const CompareVersion& other, const CompareOptions& options) {
  ComparedPair pair;
  pair.first = first.label;
  pair.other = other.label;
  std::vector<int> y;
  std::vector<double> p, q;
  for (std::size_t i = 0; i < items.size(); ++i) {
    y.push_back(items[i].y ? 1 : 0);
    p.push_back(first.scores[i].p_satisfied);
    q.push_back(other.scores[i].p_satisfied);
  }
  pair.delong = DeLong(p, q, y, options.bootstrap.level);
  ListFlips(items, first, other, options.flips, &pair);
  pair.mcnemar = McNemar(pair.spoilt, pair.mended);
  return pair;
}

}  // namespace

Comparison Compare(const std::vector<CompareItem>& items,
                   const std::vector<CompareVersion>& versions, const CompareOptions& options) {
  CheckOptions(options);
  CheckVersions(items, versions);
  Comparison comparison;
  comparison.options = options;
  for (const Group& group : GroupItems(items)) {
    ComparedSlice slice = GroupWork(items, versions, group.members).Compare(options);
    slice.by = group.by;
    slice.value = group.value;
    comparison.slices.push_back(std::move(slice));
  }
  AdjustForMany(options, &comparison.slices);
  for (const CompareVersion& version : versions) {
    comparison.labels.push_back(version.label);
    comparison.thresholds.push_back(version.threshold);
  }
  for (std::size_t v = 1; v < versions.size(); ++v) {
    ComparedPair pair = ComparePair(items, versions[0], versions[v], options);
    pair.verdict = JudgePair(comparison.slices, v - 1, pair.first, pair.other, options);
    const bool worse = v == 1 || pair.verdict.outcome > comparison.verdict.outcome;
    if (worse) comparison.verdict = pair.verdict;
    comparison.pairs.push_back(std::move(pair));
  }
  return comparison;
}

}  // namespace arcsat
