#include "data/batch.h"
#include "model/arc_model.h"
#include "model/known_turns.h"
#include "train/losses.h"
#include "train/objective.h"

namespace arcsat {
namespace {

/// The weight of all labels, over the number of conversations: of all of them or, where there are
/// many, of so many evenly.
LabelWeights MeanWeights(const TrainingSet& train, int max_turns, const LabelOptions& options) {
  constexpr std::int64_t kAtOnce = 256, kMost = 100'000;
  LabelWeights mean;
  const std::int64_t looked_at = std::min(train.size(), kMost);
  const auto count = static_cast<double>(looked_at);
  for (std::int64_t begin = 0; begin < looked_at; begin += kAtOnce) {
    std::vector<std::shared_ptr<const EncodedConversation>> held;
    std::vector<Segment> segments;
    for (std::int64_t i = begin; i < std::min(begin + kAtOnce, looked_at); ++i) {
      held.push_back(train.Get(i * train.size() / looked_at));
      segments.push_back(LastTurns(*held.back(), max_turns));
    }
    const LabelWeights weights = WeightOf(MakeLabels(segments, options));
    mean.outlook += weights.outlook / count;
    mean.state += weights.state / count;
  }
  return mean;
}

/// The outlook learns from the survey at every prefix, the state from rated turns and the survey.
class CsatObjective : public Objective {
 public:
  CsatObjective(LoadedModel* loaded, const TrainOptions& options, const TrainingSet& train)
      : loaded_(loaded),
        options_(options),
        labels_{loaded->model->options().boxes, options.final_share, options.rating_weight,
                options.survey_weight},
        mean_(MeanWeights(train, options.max_turns, labels_)),
        known_(std::int64_t{options.frozen_mb} << 20) {}

  std::vector<std::string> loss_names() const override {
    return {"loss", "outlook_loss", "state_loss"};
  }

  double Measure(const std::vector<BatchPart>& parts) const override {
    double conversations = 0;
    for (const BatchPart& part : parts) conversations += static_cast<double>(part.segments.size());
    return conversations;
  }

  /// Divides by the labels that so many conversations have on average, not by those that these
  /// have: where one in ten has an answer, the only one of an update would else weigh as much as
  /// all answers of another.
  void BeginUpdate(double conversations) override {
    weights_ = {mean_.outlook * conversations, mean_.state * conversations};
  }

  PartLosses Forward(const BatchPart& part) const override {
    const ArcModel& model = *loaded_->model;
    const RaggedBatch batch = To(MakeBatch(part.segments), model.device());
    const BatchLabels labels = To(MakeLabels(part.segments, labels_), model.device());
    const ArcOutput output = model.Forward(batch, /*training=*/true, {}, &known_);
    const Losses losses =
        ComputeLosses(output, labels, weights_, options_.outlook_weight, options_.state_weight);
    const auto outlook = losses.outlook.detach().to(torch::kFloat64);
    const auto state = losses.state.detach().to(torch::kFloat64);
    const auto total = options_.outlook_weight * outlook + options_.state_weight * state;
    return {losses.total, torch::stack({total, outlook, state})};
  }

  Validation Validate(const std::vector<EncodedConversation>& conversations,
                      Processes& processes) const override {
    return arcsat::Validate(*loaded_->model, conversations, processes);
  }

  double Selection(const Validation& validation) const override {
    return arcsat::Selection(validation, options_.select);
  }

  void Save(const std::filesystem::path& run) const override { SaveModel(*loaded_, run / "model"); }

 private:
  LoadedModel* loaded_;
  TrainOptions options_;
  LabelOptions labels_;
  LabelWeights mean_;         // of a conversation
  LabelWeights weights_;      // of as many as the update has
  mutable KnownTurns known_;  // what frozen layers make of turns
};

}  // namespace

std::unique_ptr<Objective> MakeCsatObjective(LoadedModel* loaded, const TrainOptions& options,
                                             const TrainingSet& train) {
  return std::make_unique<CsatObjective>(loaded, options, train);
}

std::unique_ptr<Objective> MakeObjective(LoadedModel* loaded, const TrainOptions& options,
                                         const TrainingSet& train) {
  return options.task == "mlm" ? MakeMlmObjective(loaded, options)
                               : MakeCsatObjective(loaded, options, train);
}

}  // namespace arcsat
