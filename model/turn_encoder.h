#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "data/batch.h"
#include "model/encoder_config.h"
#include "model/known_turns.h"
#include "model/layers.h"
#include "model/parameters.h"
#include "model/safetensors.h"

namespace arcsat {

struct TurnEncoderOptions {
  int cross_turn_layers = 3;  ///< of the encoder's upper layers; at most all of them
  int window = 32;            ///< turns before its own that a token sees there
  double dropout = 0.1;       ///< of hidden states, in training only
  bool pool_mean = true;      ///< a turn's vector: the mean of its tokens, or its first token
};

/// Tokens to one vector a turn (N, H). The lower layers see one turn at a time, each distinct turn
/// once; in the upper `cross_turn_layers` a token sees its whole turn and, causally, the turns of
/// its window before it.
class TurnEncoder {
 public:
  /// Takes the weights from `pretrained` (a Hugging Face file of the same shape, with or without
  /// the family's prefix), or makes new ones where it is null. Error names a tensor that is missing
  /// or has another shape.
  TurnEncoder(const EncoderConfig& config, const TurnEncoderOptions& options,
              const TensorFile* pretrained, Initialiser* initialiser, ParameterSet* parameters);

  /// Turn vectors (N, H). `memories` as of MakeCrossPlan.
  /// `known`: states of turns that were computed before, where scoring keeps them.
  torch::Tensor Forward(const RaggedBatch& batch, bool training,
                        const std::vector<TurnMemory*>& memories = {},
                        KnownTurns* known = nullptr) const;

  /// Hidden states of the last layer, (T, H), in conversation order; Forward pools these.
  torch::Tensor TokenStates(const RaggedBatch& batch, bool training,
                            const std::vector<TurnMemory*>& memories = {},
                            KnownTurns* known = nullptr) const;

  /// Hidden states of the distinct turns' tokens (V, H) after the first `layers` layers, each turn
  /// by itself: with all layers, what `transformers` calls last_hidden_state.
  torch::Tensor HiddenStates(const RaggedBatch& batch, int layers, bool training) const;

  /// The encoder's tensors under their Hugging Face names, without prefix; tensors of the
  /// pretrained file that the program does not use (a pooler, say) ride along unchanged.
  std::map<std::string, torch::Tensor> HuggingFaceTensors() const;

  const EncoderConfig& config() const { return config_; }
  const TurnEncoderOptions& options() const { return options_; }
  /// The parts that a graph exporter walks over.
  const LayerWeights& layer(int i) const {
    return layers_[static_cast<std::size_t>(config_.weights_of(i))];
  }
  LayerShape shape() const;
  const torch::Tensor& words() const { return words_; }
  const torch::Tensor& positions() const { return positions_; }
  const torch::Tensor& types() const { return types_; }
  const torch::Tensor& norm_weight() const { return norm_weight_; }
  const torch::Tensor& norm_bias() const { return norm_bias_; }
  const torch::Tensor& projection_weight() const { return projection_weight_; }  ///< ALBERT only
  const torch::Tensor& projection_bias() const { return projection_bias_; }
  const torch::Tensor& speaker() const { return speaker_; }  ///< (3, H); undefined without cross
  const torch::Tensor& bias() const { return bias_; }  ///< (cross layers, kDistanceBuckets, heads)

 private:
  struct Source;
  /// HiddenStates, of which those in `known` are not computed, and the others are put there.
  torch::Tensor LowerStates(const RaggedBatch& batch, int layers, bool training,
                            KnownTurns* known) const;
  /// Vectors of the batch's turns (N, H) from states of the distinct turns' tokens (V, H).
  torch::Tensor PoolDistinct(const torch::Tensor& x, const RaggedBatch& batch) const;
  torch::Tensor Embed(const RaggedBatch& batch, bool training) const;
  LayerWeights LoadLayer(Source* source, int index, int depth);
  void RegisterNames(const std::string& name, const torch::Tensor& tensor);

  EncoderConfig config_;
  TurnEncoderOptions options_;
  torch::Tensor words_, positions_, types_, norm_weight_, norm_bias_;
  torch::Tensor projection_weight_, projection_bias_;
  std::vector<LayerWeights> layers_;
  torch::Tensor speaker_, bias_;
  std::map<std::string, torch::Tensor> named_, kept_;
};

}  // namespace arcsat
