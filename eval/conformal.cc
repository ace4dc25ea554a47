#include "eval/conformal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/error.h"

namespace arcsat {
namespace {

// A threshold must not move to the next score because (n + 1) * level came out a rounding above a
// whole number.
constexpr double kSlack = 1e-9;
constexpr double kSumSlack = 1e-6;

[[noreturn]] void Refuse(const std::string& place, const std::string& found,
                         const std::string& expected) {
  throw Error({place, found, expected, "check the chances and answers that were passed"});
}

void CheckRow(std::span<const double> chances, std::size_t boxes, const std::string& place) {
  if (chances.size() != boxes) {
    Refuse(place, fmt::format("found chances of {} boxes", chances.size()),
           fmt::format("expected {}", boxes));
  }
  double sum = 0;
  for (const double chance : chances) {
    if (!(chance >= 0 && chance <= 1)) {
      Refuse(place, fmt::format("found a chance of {}", chance), "expected a number from 0 to 1");
    }
    sum += chance;
  }
  if (std::abs(sum - 1) > kSumSlack) {
    Refuse(place, fmt::format("found chances that sum to {}", sum), "expected a sum of 1");
  }
}

std::vector<double> Row(const Eigen::MatrixXd& chances, Eigen::Index i) {
  std::vector<double> row;
  for (Eigen::Index b = 0; b < chances.cols(); ++b) row.push_back(chances(i, b));
  return row;
}

void CheckItems(const ConformalItems& items) {
  const std::size_t n = items.answer.size();
  const auto fits = [&](std::size_t length) { return length == 0 || length == n; };
  if (n == 0 || items.chances.rows() != static_cast<Eigen::Index>(n) || !fits(items.group.size()) ||
      !fits(items.weight.size()) || !fits(items.uniform.size())) {
    Refuse("conformal prediction",
           fmt::format("found {} answers, {} rows of chances, {} groups, {} weights, {} uniforms",
                       n, items.chances.rows(), items.group.size(), items.weight.size(),
                       items.uniform.size()),
           "expected one answer or more, and one of each a conversation");
  }
  if (items.chances.cols() < 2) {
    Refuse("conformal prediction", fmt::format("found {} boxes", items.chances.cols()),
           "expected two or more");
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::string place = fmt::format("conformal prediction: conversation number {}", i);
    CheckRow(Row(items.chances, static_cast<Eigen::Index>(i)),
             static_cast<std::size_t>(items.chances.cols()), place);
    if (items.answer[i] < 0 || items.answer[i] >= items.chances.cols()) {
      Refuse(place, fmt::format("found box {}", items.answer[i]),
             fmt::format("expected 0 to {}", items.chances.cols() - 1));
    }
    if (!items.weight.empty() && !(items.weight[i] > 0 && std::isfinite(items.weight[i]))) {
      Refuse(place, fmt::format("found weight {}", items.weight[i]),
             "expected a finite number above 0");
    }
    if (!items.uniform.empty() && !(items.uniform[i] >= 0 && items.uniform[i] <= 1)) {
      Refuse(place, fmt::format("found uniform {}", items.uniform[i]),
             "expected a number from 0 to 1");
    }
  }
}

void CheckOptions(const ConformalOptions& options) {
  if (!(options.level > 0 && options.level < 1) || options.min_group < 1 ||
      (options.shape != "set" && options.shape != "interval")) {
    throw UsageError({"conformal options",
                      fmt::format("found level {}, min_group {}, shape \"{}\"", options.level,
                                  options.min_group, options.shape),
                      "expected a level between 0 and 1, min_group 1 or more, set or interval",
                      "mend the options"});
  }
}

// Boxes in the order in which sets take them in.
std::vector<std::size_t> Order(std::span<const double> chances, const std::string& shape) {
  std::vector<std::size_t> order(chances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (shape == "set") {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return chances[a] > chances[b]; });
    return order;
  }
  const auto top = std::max_element(chances.begin(), chances.end()) - chances.begin();
  auto low = static_cast<std::size_t>(top), high = low;  // taken so far, both ends in
  order[0] = low;
  for (std::size_t k = 1; k < order.size(); ++k) {
    const bool down =
        low > 0 && (high + 1 == chances.size() || chances[low - 1] >= chances[high + 1]);
    order[k] = down ? --low : ++high;
  }
  return order;
}

// Each box's score; `uniform` 1 is the deterministic one.
std::vector<double> Scores(std::span<const double> chances, const std::string& shape,
                           double uniform) {
  std::vector<double> scores(chances.size());
  double before = 0;
  for (const std::size_t box : Order(chances, shape)) {
    scores[box] = before + (1 - uniform) * chances[box];
    before += chances[box];
  }
  return scores;
}

struct Scored {
  double score, weight;
};

ConformalThreshold MakeThreshold(std::vector<Scored> scored, double level, bool weighted) {
  std::sort(scored.begin(), scored.end(),
            [](const Scored& a, const Scored& b) { return a.score < b.score; });
  ConformalThreshold threshold;
  threshold.n = static_cast<int>(scored.size());
  double total = 0, squares = 0;
  threshold.largest_weight = 0;
  for (const Scored& item : scored) {
    total += item.weight;
    squares += item.weight * item.weight;
    threshold.largest_weight = std::max(threshold.largest_weight, item.weight);
  }
  threshold.effective = total * total / squares;
  // A score is the quantile for test weights w with mass up to it >= level * (total + w).
  double mass = 0;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    mass += scored[i].weight;
    if (i + 1 < scored.size() && scored[i + 1].score == scored[i].score) continue;
    const double heaviest = mass / level - total + kSlack * total;
    if (!(heaviest > 0)) continue;
    if (!weighted && heaviest < 1) continue;
    threshold.steps.push_back({scored[i].score, heaviest});
    if (!weighted) break;
  }
  return threshold;
}

// Infinity where every box belongs to the set.
double ScoreQuantile(const ConformalThreshold& threshold, double weight) {
  for (const auto& step : threshold.steps) {
    if (step.heaviest >= weight) return step.score;
  }
  return std::numeric_limits<double>::infinity();
}

const ConformalThreshold& ThresholdOf(const ConformalSets& sets, const std::string& group) {
  const auto own = sets.groups.find(group);
  return own == sets.groups.end() ? sets.everyone : own->second;
}

void NoteReach(const ConformalThreshold& threshold, const std::string& who, double level,
               std::vector<std::string>* notes) {
  if (std::isfinite(ScoreQuantile(threshold, threshold.largest_weight))) return;
  notes->push_back(
      fmt::format("{}: {} answers are too few for a level of {}, so sets hold all "
                  "boxes where a conversation weighs most",
                  who, threshold.n, level));
}

// Sums over one group of held-out items.
struct Tally {
  int n = 0;
  double weight = 0, squares = 0, covered = 0, size = 0;
};

ConformalCoverage Summarise(const std::string& group, const Tally& tally, double level) {
  ConformalCoverage coverage;
  coverage.group = group;
  coverage.n = tally.n;
  coverage.coverage = tally.covered / tally.weight;
  const double effective = tally.weight * tally.weight / tally.squares;
  coverage.interval = WilsonInterval(coverage.coverage * effective, effective, level);
  coverage.mean_size = tally.size / tally.weight;
  return coverage;
}

}  // namespace

ConformalSets FitConformal(const ConformalItems& items, const ConformalOptions& options) {
  CheckOptions(options);
  CheckItems(items);
  ConformalSets sets;
  sets.level = options.level;
  sets.shape = options.shape;
  sets.boxes = static_cast<int>(items.chances.cols());
  sets.min_group = options.min_group;
  sets.weighted = !items.weight.empty();
  sets.randomised = !items.uniform.empty();
  std::vector<Scored> all;
  std::map<std::string, std::vector<Scored>> groups;
  for (std::size_t i = 0; i < items.answer.size(); ++i) {
    const auto scores = Scores(Row(items.chances, static_cast<Eigen::Index>(i)), sets.shape,
                               sets.randomised ? items.uniform[i] : 1);
    all.push_back(
        {scores[static_cast<std::size_t>(items.answer[i])], sets.weighted ? items.weight[i] : 1});
    if (!items.group.empty()) groups[items.group[i]].push_back(all.back());
  }
  sets.everyone = MakeThreshold(all, sets.level, sets.weighted);
  NoteReach(sets.everyone, "everyone", sets.level, &sets.notes);
  for (const auto& [name, scored] : groups) {
    const ConformalThreshold own = MakeThreshold(scored, sets.level, sets.weighted);
    if (own.effective + kSlack < options.min_group) {
      sets.notes.push_back(fmt::format(
          "group \"{}\": {} answers{}, fewer than {}: it takes everyone's threshold, and its own "
          "coverage is not promised",
          name, own.n, sets.weighted ? fmt::format(" (effectively {:.1f})", own.effective) : "",
          options.min_group));
      continue;
    }
    NoteReach(own, fmt::format("group \"{}\"", name), sets.level, &sets.notes);
    sets.groups[name] = own;
  }
  return sets;
}

Eigen::MatrixXd TwoBoxes(std::span<const double> p_satisfied) {
  Eigen::MatrixXd chances(static_cast<Eigen::Index>(p_satisfied.size()), 2);
  for (std::size_t i = 0; i < p_satisfied.size(); ++i) {
    chances(static_cast<Eigen::Index>(i), 0) = 1 - p_satisfied[i];
    chances(static_cast<Eigen::Index>(i), 1) = p_satisfied[i];
  }
  return chances;
}

std::vector<int> PredictBoxes(const ConformalSets& sets, std::span<const double> chances,
                              const ConformalCase& conversation) {
  CheckRow(chances, static_cast<std::size_t>(sets.boxes), "conformal prediction");
  if (sets.randomised &&
      !(conversation.uniform && *conversation.uniform >= 0 && *conversation.uniform <= 1)) {
    Refuse("conformal prediction", "found no uniform number from 0 to 1",
           "expected one, for the sets are randomised");
  }
  const ConformalThreshold& threshold = ThresholdOf(sets, conversation.group);
  double weight = 1;
  if (sets.weighted) {
    weight = conversation.weight.value_or(threshold.largest_weight);
    if (!(weight > 0) || !std::isfinite(weight)) {
      Refuse("conformal prediction", fmt::format("found weight {}", weight),
             "expected a finite number above 0");
    }
  }
  const double quantile = ScoreQuantile(threshold, weight);
  const auto scores = Scores(chances, sets.shape, sets.randomised ? *conversation.uniform : 1);
  std::vector<int> boxes;
  for (std::size_t b = 0; b < scores.size(); ++b) {
    if (scores[b] <= quantile) boxes.push_back(static_cast<int>(b));
  }
  return boxes;
}

ConformalReport MeasureCoverage(const ConformalSets& sets, const ConformalItems& items,
                                double interval_level) {
  CheckItems(items);
  Tally all;
  std::map<std::string, Tally> groups;
  for (std::size_t i = 0; i < items.answer.size(); ++i) {
    ConformalCase conversation;
    if (!items.group.empty()) conversation.group = items.group[i];
    if (!items.weight.empty()) conversation.weight = items.weight[i];
    if (!items.uniform.empty()) conversation.uniform = items.uniform[i];
    const auto boxes =
        PredictBoxes(sets, Row(items.chances, static_cast<Eigen::Index>(i)), conversation);
    const bool held = std::find(boxes.begin(), boxes.end(), items.answer[i]) != boxes.end();
    const double w = conversation.weight.value_or(1);
    const auto add = [&](Tally* tally) {
      ++tally->n;
      tally->weight += w;
      tally->squares += w * w;
      tally->covered += held ? w : 0;
      tally->size += w * static_cast<double>(boxes.size());
    };
    add(&all);
    if (!items.group.empty()) add(&groups[items.group[i]]);
  }
  ConformalReport report{sets.level, {Summarise("all", all, interval_level)}, sets.notes};
  for (const auto& [name, tally] : groups) {
    report.groups.push_back(Summarise(name, tally, interval_level));
    report.groups.back().own = sets.groups.count(name) > 0;
  }
  return report;
}

}  // namespace arcsat
