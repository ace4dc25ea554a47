#include "app/triage_model.h"

#include <optional>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "data/error.h"
#include "eval/calibration.h"
#include "model/model_folder.h"
#include "model/scorer.h"

namespace arcsat {
namespace {

/// Scores every conversation anew from its start.
class WholeScorer : public TurnScorer {
 public:
  WholeScorer(LoadedModel model, Calibration calibration)
      : model_(std::move(model)),
        calibration_(std::move(calibration)),
        encoder_(*model_.tokenizer, {model_.model->options().max_turn_tokens},
                 model_.model->options().boxes),
        scorer_(*model_.model) {}

  std::vector<Score> ScoreGrown(std::span<const GrownConversation> grown) override {
    std::vector<EncodedConversation> encoded;
    encoded.reserve(grown.size());
    for (const GrownConversation& one : grown) {
      encoded.push_back(encoder_.Encode(*one.conversation, SurveyOptions{}));
    }
    std::vector<Score> scores;
    for (const RawScore& raw : scorer_.Score(encoded)) {
      scores.push_back(Apply(calibration_, raw));
      scores.back().model = model_.name;
    }
    encoder_.Trim();
    return scores;
  }

 private:
  LoadedModel model_;
  Calibration calibration_;
  ConversationEncoder encoder_;
  Scorer scorer_;
};

}  // namespace

TriageModel LoadTriageModel(const std::string& model, int threads) {
  if (threads > 0) torch::set_num_threads(threads);
  LoadedModel loaded = LoadModel(ModelFolder(model));
  std::optional<Calibration> calibration = FindCalibration(loaded.folder);
  if (!calibration) {
    throw Error({(loaded.folder / "calibration.json").string(),
                 "is missing: the model is not calibrated",
                 "expected a calibrated model, whose scores are honest chances",
                 "arcsat calibrate --model " + model + " --data FILE"});
  }
  std::string name = loaded.name;
  return {std::make_unique<WholeScorer>(std::move(loaded), *std::move(calibration)),
          std::move(name)};
}

}  // namespace arcsat
