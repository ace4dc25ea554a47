#include "data/batch.h"
#include "model/arc_model.h"
#include "train/losses.h"
#include "train/objective.h"

namespace arcsat {
namespace {

/// The outlook learns from the survey at every prefix, the state from rated turns and the survey.
class CsatObjective : public Objective {
 public:
  CsatObjective(LoadedModel* loaded, const TrainOptions& options)
      : loaded_(loaded),
        options_(options),
        labels_{loaded->model->options().boxes, options.final_share, options.rating_weight,
                options.survey_weight} {}

  void BeginUpdate(const std::vector<BatchPart>& parts) override {
    weights_ = {};
    for (const BatchPart& part : parts) {
      const LabelWeights weights = WeightOf(MakeLabels(part.segments, labels_));
      weights_.outlook += weights.outlook;
      weights_.state += weights.state;
    }
  }

  PartLosses Forward(const BatchPart& part) const override {
    const ArcModel& model = *loaded_->model;
    const RaggedBatch batch = To(MakeBatch(part.segments), model.device());
    const BatchLabels labels = To(MakeLabels(part.segments, labels_), model.device());
    const Losses losses = ComputeLosses(model.Forward(batch, /*training=*/true), labels, weights_,
                                        options_.outlook_weight, options_.state_weight);
    const double outlook = losses.outlook.item<double>(), state = losses.state.item<double>();
    return {losses.total,
            {{"loss", options_.outlook_weight * outlook + options_.state_weight * state},
             {"outlook_loss", outlook},
             {"state_loss", state}}};
  }

  Validation Validate(const std::vector<EncodedConversation>& conversations) const override {
    return arcsat::Validate(*loaded_->model, conversations);
  }

  double Selection(const Validation& validation) const override {
    return arcsat::Selection(validation, options_.select);
  }

  void Save(const std::filesystem::path& run) const override { SaveModel(*loaded_, run / "model"); }

 private:
  LoadedModel* loaded_;
  TrainOptions options_;
  LabelOptions labels_;
  LabelWeights weights_;  // of the update
};

}  // namespace

std::unique_ptr<Objective> MakeCsatObjective(LoadedModel* loaded, const TrainOptions& options) {
  return std::make_unique<CsatObjective>(loaded, options);
}

std::unique_ptr<Objective> MakeObjective(LoadedModel* loaded, const TrainOptions& options) {
  return options.task == "mlm" ? MakeMlmObjective(loaded, options)
                               : MakeCsatObjective(loaded, options);
}

}  // namespace arcsat
