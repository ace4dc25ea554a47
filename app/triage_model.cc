#include "app/triage_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "app/dataset.h"
#include "data/encoded.h"
#include "eval/calibration.h"
#include "model/model_folder.h"
#include "model/stream_scorer.h"
#include "model/tensor_pool.h"

namespace arcsat {
namespace {

/// Computes the turns that came; what was computed of the others is kept within `memory`.
class RunningScorer : public TurnScorer {
 public:
  RunningScorer(LoadedModel model, Calibration calibration, std::int64_t memory)
      : model_(std::move(model)),
        calibration_(std::move(calibration)),
        encoder_(model_.MakeEncoder()),
        scorer_(*model_.model, {{}, memory}) {}

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

  void Forget(const std::string& conversation) override { scorer_.Forget(conversation); }

 private:
  LoadedModel model_;
  Calibration calibration_;
  ConversationEncoder encoder_;
  StreamScorer scorer_;
};

/// One of LibTorch's threads is left to those who send, ask and wait for the disk: where all cores
/// compute, each product waits for the one that was interrupted.
int RunningThreads(int asked) { return asked > 0 ? asked : std::max(1, at::get_num_threads() - 1); }

}  // namespace

TriageModel LoadTriageModel(const std::string& model, int threads, int memory_mb) {
  UseThreads(RunningThreads(threads));
  PoolTensorMemory();
  LoadedModel loaded = LoadModel(ModelFolder(model));
  Calibration calibration = DemandCalibration(loaded, model);
  std::string name = loaded.name;
  return {std::make_unique<RunningScorer>(std::move(loaded), std::move(calibration),
                                          std::int64_t{memory_mb} << 20),
          std::move(name)};
}

}  // namespace arcsat
