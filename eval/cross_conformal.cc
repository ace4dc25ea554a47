#include "eval/cross_conformal.h"

#include <algorithm>
#include <cmath>

#include "data/random.h"

namespace arcsat {
namespace {

constexpr std::size_t kFolds = 5;

ConformalItems Gather(const std::vector<BoxedAnswer>& rows,
                      const std::vector<const CrossConformalItem*>& items, int boxes) {
  ConformalItems out;
  out.chances.resize(static_cast<Eigen::Index>(rows.size()), boxes);
  bool weighted = false;
  for (const CrossConformalItem* item : items) weighted = weighted || item->weight != 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int box = 0; box < boxes; ++box) {
      out.chances(static_cast<Eigen::Index>(i), box) =
          rows[i].chances[static_cast<std::size_t>(box)];
    }
    out.answer.push_back(rows[i].answer);
    out.group.push_back(items[i]->group);
    if (weighted) out.weight.push_back(items[i]->weight);
  }
  return out;
}

}  // namespace

int BoxesOf(const Calibration& calibration) {
  if (!calibration.csat.boxes.fitted()) return 2;
  return static_cast<int>(std::lround(calibration.csat.high - calibration.csat.low)) + 1;
}

std::optional<BoxedAnswer> MakeBoxedAnswer(const Score& score, const LabeledScore& labels,
                                           const Calibration& calibration, int boxes) {
  if (boxes == 2) {
    if (!labels.satisfied) return std::nullopt;
    return BoxedAnswer{{1 - score.p_satisfied, score.p_satisfied}, *labels.satisfied ? 1 : 0};
  }
  if (!labels.answer || score.boxes.size() != static_cast<std::size_t>(boxes)) return std::nullopt;
  const double box = *labels.answer - calibration.csat.low;
  if (box != std::floor(box) || box < 0 || box >= boxes) return std::nullopt;
  return BoxedAnswer{score.boxes, static_cast<int>(box)};
}

std::optional<ConformalSets> FitCrossConformal(const std::vector<CrossConformalItem>& items,
                                               const Calibration& calibration,
                                               const CalibrationOptions& calibration_options,
                                               const ConformalOptions& options) {
  const int boxes = BoxesOf(calibration);
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random random(MixSeed(calibration_options.seed, 2));
  random.Shuffle(&order);
  // Dissatisfied ones first: dealing them out in turn puts as many into every fold.
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return !items[i].score->satisfied.value_or(false); });
  CalibrationOptions few = calibration_options;
  few.identity_if_few = true;
  few.threshold = "half";
  std::vector<BoxedAnswer> rows;
  std::vector<const CrossConformalItem*> kept;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<LabeledScore> seen;
    for (std::size_t place = 0; place < order.size(); ++place) {
      if (place % kFolds != fold) seen.push_back(*items[order[place]].score);
    }
    Calibration fitted = FitCalibration(seen, few);
    // A fold may lack a box that the whole has.
    if (BoxesOf(fitted) != boxes) fitted = calibration;
    for (std::size_t place = fold; place < order.size(); place += kFolds) {
      const CrossConformalItem& item = items[order[place]];
      auto row = MakeBoxedAnswer(Apply(fitted, item.score->raw), *item.score, fitted, boxes);
      if (!row) continue;
      rows.push_back(std::move(*row));
      kept.push_back(&item);
    }
  }
  if (rows.size() < 2) return std::nullopt;
  return FitConformal(Gather(rows, kept, boxes), options);
}

}  // namespace arcsat
