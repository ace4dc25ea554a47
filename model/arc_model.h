#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/batch.h"
#include "model/lexical.h"
#include "model/options.h"
#include "model/turn_encoder.h"

namespace arcsat {

/// What the heads say at each of N turns.
struct ArcOutput {
  torch::Tensor state;    ///< (N, K-1) log-odds that the customer's state lies above box k
  torch::Tensor outlook;  ///< (N) log-odds that the conversation ends satisfied
};

/// What a running conversation keeps, so that its next turn costs a turn (docs/model.md).
struct ArcMemory {
  TurnMemory tokens;  ///< of the encoder's cross-turn layers
  TurnMemory turns;   ///< of the conversation encoder's: a token is a turn
  std::int64_t bytes() const;
};

/// Turn encoder, causal conversation encoder and heads (docs/model.md). What it says at a turn
/// depends on that turn and those before it alone.
class ArcModel {
 public:
  /// `pretrained` may hold the encoder alone (a Hugging Face file) or a whole saved model; null
  /// makes everything new from `seed`.
  ArcModel(const EncoderConfig& encoder, const ModelOptions& options, const TensorFile* pretrained,
           std::uint64_t seed);

  /// What the network says, without the words' part of the outlook (OutlookShift).
  /// With `memories`, one a conversation, the batch holds the turns that follow those remembered,
  /// and the memories are brought up to date; not for training. `known` as of TurnEncoder.
  ArcOutput Forward(const RaggedBatch& batch, bool training,
                    const std::vector<ArcMemory*>& memories = {},
                    KnownTurns* known = nullptr) const;

  /// Expected box scaled to 0..1: (N, K-1) log-odds to (N).
  static torch::Tensor ExpectedState(const torch::Tensor& state_logits);

  /// Turns before a turn that can change what the model says at it.
  int receptive_field() const;

  /// The words beside the network, where they were fitted; on the CPU always.
  const std::optional<LexicalModel>& lexical() const { return lexical_; }
  void SetLexical(std::optional<LexicalModel> lexical) { lexical_ = std::move(lexical); }

  /// All tensors by the names they have in model.safetensors.
  std::map<std::string, torch::Tensor> NamedTensors() const;

  /// The embeddings and the lowest `layers` encoder layers learn nothing from here on; -1: all do.
  void Freeze(int layers);
  /// Activation checkpointing of the encoder's layers, in training.
  void SetRecompute(bool on) { encoder_->SetRecompute(on); }
  void To(torch::Device device);
  torch::Device device() const { return parameters_.all().front().value.device(); }

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  const ModelOptions& options() const { return options_; }
  const TurnEncoder& encoder() const { return *encoder_; }

  /// The conversation encoder and the heads, for a graph exporter.
  struct Upper {
    torch::Tensor input_weight, input_bias;      // (D, H), (D): from a turn's vector
    torch::Tensor feature_weight;                // (D, 3)
    torch::Tensor speaker, channel;              // (3, D), (3, D)
    std::vector<LayerWeights> layers;            // pre-norm, width D
    torch::Tensor bias;                          // (layers, kDistanceBuckets, heads)
    torch::Tensor norm_weight, norm_bias;        // (D)
    torch::Tensor state_weight, state_bias;      // (1, D), (1)
    torch::Tensor thresholds;                    // (K-1): first, then steps through softplus
    torch::Tensor outlook_weight, outlook_bias;  // (1, D), (1)
  };
  const Upper& upper() const { return upper_; }
  LayerShape upper_shape() const;
  /// (K-1) rising thresholds of the state.
  torch::Tensor Thresholds() const;

 private:
  void MakeUpper(Initialiser* initialiser);
  torch::Tensor Converse(const torch::Tensor& turns, const RaggedBatch& batch, bool training,
                         const std::vector<TurnMemory*>& memories) const;

  ModelOptions options_;
  ParameterSet parameters_;
  std::unique_ptr<TurnEncoder> encoder_;
  Upper upper_;
  std::optional<LexicalModel> lexical_;
};

/// What the lexical model adds to the outlook's log-odds at each turn of a whole conversation;
/// empty where there is none.
std::vector<double> OutlookShift(const ArcModel& model, const EncodedConversation& conversation);

/// Copies `tensors` into the parameters of the same name. Error when one is missing or has another
/// shape; `place` begins the message.
void LoadTensors(ArcModel* model, const std::map<std::string, torch::Tensor>& tensors,
                 const std::string& place);

}  // namespace arcsat
