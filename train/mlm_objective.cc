#include <algorithm>
#include <map>
#include <optional>

#include "data/error.h"
#include "data/random.h"
#include "model/arc_model.h"
#include "model/mlm_head.h"
#include "train/masking.h"
#include "train/objective.h"

namespace arcsat {
namespace {

constexpr std::uint64_t kTraining = 0x3A5C, kValidation = 0x3A5D;  // streams of their own

/// Which words stood at the masked places. Only the encoder and its head learn; nobody has to have
/// answered a survey.
class MlmObjective : public Objective {
 public:
  MlmObjective(LoadedModel* loaded, const TrainOptions& options)
      : loaded_(loaded), options_(options), vocabulary_(ReadMaskVocabulary(*loaded->tokenizer)) {
    for (Parameter& parameter : loaded->model->parameters().all()) {
      const bool above = parameter.name.starts_with("arcsat.") && !OfEncoder(parameter.name);
      if (above) parameter.value.requires_grad_(false);
    }
    std::optional<TensorFile> file;
    if (const auto path = loaded->folder / "model.safetensors"; std::filesystem::exists(path)) {
      file = ReadSafetensors(path);
    }
    Initialiser initialiser(options.seed);
    head_.emplace(loaded->encoder_config(), file ? &*file : nullptr, &initialiser,
                  &loaded->model->parameters());
  }

  std::vector<std::string> loss_names() const override { return {"loss"}; }

  double Measure(const std::vector<BatchPart>& parts) const override {
    std::int64_t masked = 0;
    for (const BatchPart& part : parts) {
      RaggedBatch batch = MakeBatch(part.segments);
      masked += Mask(Seed(part), &batch).places.size(0);
    }
    return static_cast<double>(masked);
  }

  void BeginUpdate(double masked) override { masked_ = std::max(1.0, masked); }

  PartLosses Forward(const BatchPart& part) const override {
    RaggedBatch batch = MakeBatch(part.segments);
    const MaskedTokens masked = Mask(Seed(part), &batch);
    const auto logits = Logits(batch, masked, /*training=*/true);
    const auto loss = CrossEntropy(logits, masked) / masked_;
    return {loss, loss.detach().to(torch::kFloat64).view({1})};
  }

  Validation Validate(const std::vector<EncodedConversation>& conversations,
                      Processes& processes) const override {
    torch::NoGradGuard no_grad;
    double loss = 0, right = 0, count = 0;
    for (const std::vector<Segment>& segments : Own(conversations, processes)) {
      RaggedBatch batch = MakeBatch(segments);
      // The same words are hidden at every validation.
      const MaskedTokens masked = Mask(MixSeed(options_.seed, kValidation), &batch);
      const auto logits = Logits(batch, masked, /*training=*/false);
      loss += CrossEntropy(logits, masked).item<double>();
      right += (logits.argmax(1) == masked.targets.to(logits.device())).sum().item<double>();
      count += static_cast<double>(masked.places.size(0));
    }
    const std::vector<double> sums = processes.Sum({loss, right, count});
    Validation figures;
    figures.masked = static_cast<std::int64_t>(sums[2]);
    if (figures.masked > 0) {
      figures.masked_loss = sums[0] / sums[2];
      figures.masked_accuracy = sums[1] / sums[2];
    }
    return figures;
  }

  double Selection(const Validation& validation) const override {
    if (validation.masked_loss) return *validation.masked_loss;
    throw Error({"validation data", "no word could be masked", "expected conversations with text",
                 "give others with --validation"});
  }

  void Save(const std::filesystem::path& run) const override {
    SaveEncoder(*loaded_, *head_, run / "encoder");
  }

 private:
  /// What of them this process validates, in batches that fit where training's do.
  std::vector<std::vector<Segment>> Own(const std::vector<EncodedConversation>& conversations,
                                        const Processes& processes) const {
    constexpr std::size_t kAtOnce = 16;
    const auto step = static_cast<std::size_t>(processes.size());
    std::vector<std::vector<Segment>> batches;
    std::int64_t tokens = 0;
    for (auto i = static_cast<std::size_t>(processes.rank()); i < conversations.size(); i += step) {
      const Segment segment = LastTurns(conversations[i], options_.max_turns);
      tokens += TokensOf(segment);
      if (batches.empty() || batches.back().size() == kAtOnce || tokens > options_.part_tokens) {
        batches.emplace_back();
        tokens = TokensOf(segment);
      }
      batches.back().push_back(segment);
    }
    return batches;
  }

  static bool OfEncoder(const std::string& name) {
    return name == "arcsat.speaker" || name == "arcsat.turn_distance";
  }

  std::uint64_t Seed(const BatchPart& part) const {
    return MixSeed(options_.seed, kTraining, static_cast<std::uint64_t>(part.batch));
  }

  MaskedTokens Mask(std::uint64_t seed, RaggedBatch* batch) const {
    return MaskTokens(vocabulary_, options_.mask_share, seed, batch);
  }

  /// (M, vocabulary)
  torch::Tensor Logits(const RaggedBatch& batch, const MaskedTokens& masked, bool training) const {
    const TurnEncoder& encoder = loaded_->model->encoder();
    const torch::Device device = loaded_->model->device();
    const auto states = encoder.TokenStates(To(batch, device), training);  // (T, H)
    return head_->Logits(states.index_select(0, MoveTo(masked.places, device)), encoder.words());
  }

  /// Sum over the masked places, in nats.
  static torch::Tensor CrossEntropy(const torch::Tensor& logits, const MaskedTokens& masked) {
    return torch::cross_entropy_loss(logits.to(torch::kFloat32),
                                     MoveTo(masked.targets, logits.device()), {},
                                     at::Reduction::Sum);
  }

  LoadedModel* loaded_;
  TrainOptions options_;
  MaskVocabulary vocabulary_;
  std::optional<MlmHead> head_;
  double masked_ = 1;  // tokens of the update
};

}  // namespace

std::unique_ptr<Objective> MakeMlmObjective(LoadedModel* loaded, const TrainOptions& options) {
  return std::make_unique<MlmObjective>(loaded, options);
}

}  // namespace arcsat
