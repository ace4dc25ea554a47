#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "model/encoder_config.h"
#include "model/parameters.h"
#include "model/safetensors.h"

namespace arcsat {

/// The head of masked language modelling (Devlin et al. 2019): which token stood at a masked place.
/// A dense layer, its activation, a norm, and the word embeddings as the output layer. Its tensors
/// have the names that `transformers` gives them: BERT's cls.predictions, RoBERTa's lm_head,
/// ALBERT's predictions.
class MlmHead {
 public:
  /// Takes the head of `pretrained` where that holds one, and makes a new one otherwise. Error when
  /// it holds a part of one, or one of another shape.
  MlmHead(const EncoderConfig& config, const TensorFile* pretrained, Initialiser* initialiser,
          ParameterSet* parameters);

  /// Logits (M, vocabulary) of hidden states (M, H); `words` are the encoder's embeddings
  /// (vocabulary, E), which learn through both of their uses.
  torch::Tensor Logits(const torch::Tensor& hidden, const torch::Tensor& words) const;

  /// The head's tensors under their Hugging Face names.
  const std::map<std::string, torch::Tensor>& tensors() const { return tensors_; }

 private:
  Activation activation_;
  double epsilon_;
  torch::Tensor dense_weight_, dense_bias_;  // (E, H), (E)
  torch::Tensor norm_weight_, norm_bias_;    // (E)
  torch::Tensor bias_;                       // (vocabulary)
  std::map<std::string, torch::Tensor> tensors_;
};

}  // namespace arcsat
