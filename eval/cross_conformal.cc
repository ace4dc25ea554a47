#include "eval/cross_conformal.h"

#include <algorithm>
#include <cmath>

#include "data/random.h"
#include "eval/folds.h"

namespace arcsat {
namespace {

constexpr std::size_t kFolds = 5;

/// The scores of the folds other than `fold`, in order.
std::vector<LabeledScore> Others(const std::vector<CrossConformalItem>& items,
                                 const std::vector<std::size_t>& folds, std::size_t fold) {
  std::vector<LabeledScore> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (folds[i] != fold) out.push_back(*items[i].score);
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

ConformalItems ToConformalItems(const std::vector<BoxedAnswer>& rows, int boxes) {
  ConformalItems out;
  out.chances.resize(static_cast<Eigen::Index>(rows.size()), boxes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.chances.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(rows[i].chances.data(), boxes);
    out.answer.push_back(rows[i].answer);
  }
  return out;
}

std::optional<Score::AnswerSet> PredictAnswers(const ConformalSets& sets,
                                               const Calibration& calibration, const Score& score,
                                               const std::string& group) {
  const bool scale = sets.boxes != 2;
  if (scale && score.boxes.size() != static_cast<std::size_t>(sets.boxes)) return std::nullopt;
  const std::vector<double> chances =
      scale ? score.boxes : std::vector<double>{1 - score.p_satisfied, score.p_satisfied};
  Score::AnswerSet set{sets.level, scale, {}};
  for (const int box :
       PredictBoxes(sets, chances, {group, std::nullopt, Random(MixText(0, score.id)).Uniform()})) {
    set.answers.push_back(scale ? calibration.csat.low + box : box);
  }
  return set;
}

std::optional<ConformalSets> FitCrossConformal(const std::vector<CrossConformalItem>& items,
                                               const Calibration& calibration,
                                               const CalibrationOptions& calibration_options,
                                               const ConformalOptions& options) {
  const int boxes = BoxesOf(calibration);
  std::vector<int> dissatisfied;
  dissatisfied.reserve(items.size());
  for (const CrossConformalItem& item : items) {
    dissatisfied.push_back(item.score->satisfied.value_or(false) ? 0 : 1);
  }
  const auto folds = StratifiedFolds(dissatisfied, kFolds, MixSeed(calibration_options.seed, 2));
  CalibrationOptions few = calibration_options;
  few.identity_if_few = true;
  few.threshold = "half";
  std::vector<BoxedAnswer> rows;
  std::vector<std::string> groups;
  std::vector<double> weights;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    Calibration fitted = FitCalibration(Others(items, folds, fold), few);
    // A fold may lack a box that the whole has.
    if (BoxesOf(fitted) != boxes) fitted = calibration;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (folds[i] != fold) continue;
      const LabeledScore& score = *items[i].score;
      auto row = MakeBoxedAnswer(Apply(fitted, score.raw), score, fitted, boxes);
      if (!row) continue;
      rows.push_back(std::move(*row));
      groups.push_back(items[i].group);
      weights.push_back(items[i].weight);
    }
  }
  if (rows.size() < 2) return std::nullopt;
  ConformalItems all = ToConformalItems(rows, boxes);
  all.group = std::move(groups);
  const bool weighted =
      std::any_of(weights.begin(), weights.end(), [](double w) { return w != 1; });
  if (weighted) all.weight = std::move(weights);
  return FitConformal(all, options);
}

}  // namespace arcsat
