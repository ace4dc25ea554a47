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
#include "model/turn_memory.h"

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

  /// The embeddings and the lowest `layers` layers stay as they are from here on: training computes
  /// them without dropout, and takes what `known` has of them.
  void Freeze(int layers) { frozen_ = layers; }

  /// Whether training keeps of each layer that learns only what goes in, and computes the rest
  /// again in the backward pass (model/recompute.h).
  void SetRecompute(bool on) { recompute_ = on; }

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
  /// What the lower layers make of the distinct turns: the states of their tokens (V, H) or, where
  /// all layers are lower ones, each turn's vector (U, H). What `known` has of it (in training: of
  /// the frozen layers) is not computed, and the rest is put there.
  torch::Tensor LowerStates(const RaggedBatch& batch, bool training, KnownTurns* known) const;
  /// The first `layers` of that, which do not learn in training.
  torch::Tensor KnownStates(const RaggedBatch& batch, int layers, KnownTurns* known) const;
  /// Layers [begin, end) on top of the states `x` of distinct turns' tokens.
  torch::Tensor LocalLayers(torch::Tensor x, const RaggedBatch& batch, int begin, int end,
                            bool training) const;
  /// Layer `i` on top of `x`. `attention` owns what it reads; `more` are the leaves among that.
  torch::Tensor Layer(int i, const torch::Tensor& x, const Attention& attention, bool training,
                      const std::vector<torch::Tensor>& more = {}) const;
  int lower() const { return config_.layers - options_.cross_turn_layers; }
  /// Whether the turns' vectors are all that is wanted after so many layers.
  bool PooledAfter(int layers) const { return layers == config_.layers; }
  /// Vectors of the distinct turns (U, H) from the states of their tokens (V, H).
  torch::Tensor PoolDistinct(const torch::Tensor& x, const RaggedBatch& batch) const;
  torch::Tensor Embed(const RaggedBatch& batch, bool training) const;
  LayerWeights LoadLayer(Source* source, int index, int depth);
  void RegisterNames(const std::string& name, const torch::Tensor& tensor);

  EncoderConfig config_;
  TurnEncoderOptions options_;
  int frozen_ = -1;  // layers; -1: not even the embeddings
  bool recompute_ = false;
  torch::Tensor words_, positions_, types_, norm_weight_, norm_bias_;
  torch::Tensor projection_weight_, projection_bias_;
  std::vector<LayerWeights> layers_;
  torch::Tensor speaker_, bias_;
  std::map<std::string, torch::Tensor> named_, kept_;
};

}  // namespace arcsat
