#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "model/encoder_config.h"
#include "model/parameters.h"

namespace arcsat {

/// The weights of one transformer layer of width H; query, key and value are one matrix, so that
/// one product makes all three.
struct LayerWeights {
  torch::Tensor qkv_weight, qkv_bias;                        // (3H, H), (3H)
  torch::Tensor out_weight, out_bias;                        // (H, H), (H)
  torch::Tensor attention_norm_weight, attention_norm_bias;  // (H), (H)
  torch::Tensor up_weight, up_bias;                          // (I, H), (I)
  torch::Tensor down_weight, down_bias;                      // (H, I), (H)
  torch::Tensor output_norm_weight, output_norm_bias;        // (H), (H)
};

/// All of them, as Recomputed() asks for.
std::vector<torch::Tensor> TensorsOf(const LayerWeights& weights);

struct LayerShape {
  int heads = 12;
  Activation activation = Activation::kGelu;
  double epsilon = 1e-12;
  double dropout = 0.1;     ///< of what each half of the layer adds; only in training
  bool norm_first = false;  ///< pre-norm, as in layers trained from scratch; BERT's are post-norm
};

/// Maps queries, keys and values side by side (T, 3H) to what each token attends to (T, H).
using Attention = std::function<torch::Tensor(const torch::Tensor& qkv)>;

torch::Tensor Activate(const torch::Tensor& x, Activation activation);

/// One layer over T packed tokens, (T, H) to (T, H).
torch::Tensor TransformerLayer(const torch::Tensor& x, const LayerWeights& weights,
                               const LayerShape& shape, const Attention& attention, bool training);

/// Weights of a layer from scratch: normal(0, 0.02), as BERT's, and identity norms.
LayerWeights MakeLayer(const std::string& name, int hidden, int intermediate, int depth,
                       Initialiser* initialiser, ParameterSet* parameters);

}  // namespace arcsat
