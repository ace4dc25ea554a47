#include "model/turn_encoder.h"

#include <ATen/ops/segment_reduce.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "data/error.h"
#include "model/cross_attention.h"
#include "model/dropout.h"
#include "model/local_attention.h"
#include "model/recompute.h"

namespace arcsat {

/// Where the encoder's first weights come from: a file, or a generator for new ones.
struct TurnEncoder::Source {
  const TensorFile* file = nullptr;
  Initialiser* initialiser = nullptr;
  ParameterSet* parameters = nullptr;
  std::string prefix;
  std::vector<std::string> used;

  void FindPrefix() {
    if (file == nullptr) return;
    for (const std::string candidate : {"", "bert.", "roberta.", "albert.", "model."}) {
      if (file->tensors.count(candidate + "embeddings.word_embeddings.weight") != 0) {
        prefix = candidate;
        return;
      }
    }
    throw Error({"model.safetensors", "no tensor embeddings.word_embeddings.weight",
                 "expected the encoder's weights under their Hugging Face names",
                 "save the encoder with transformers' save_pretrained and give that folder"});
  }

  torch::Tensor Read(const std::string& name, const std::vector<std::int64_t>& shape) {
    if (file == nullptr) {
      if (name.find("LayerNorm.weight") != std::string::npos ||
          name.find("layer_norm.weight") != std::string::npos) {
        return torch::ones(shape);
      }
      if (shape.size() == 1) return torch::zeros(shape);
      return initialiser->Normal(name, shape, 0.02);
    }
    auto found = file->tensors.find(prefix + name);
    if (found == file->tensors.end()) {
      std::string old = prefix + name;  // BERT files of 2018 call a norm's parts gamma and beta
      const auto at = old.rfind("LayerNorm.");
      if (at != std::string::npos) {
        old.replace(at + 10, std::string::npos, old.ends_with("weight") ? "gamma" : "beta");
        found = file->tensors.find(old);
      }
    }
    if (found == file->tensors.end()) {
      throw Error({"model.safetensors", "no tensor " + prefix + name,
                   "expected every weight that config.json tells of",
                   "check that config.json and model.safetensors belong together"});
    }
    if (found->second.sizes() != torch::IntArrayRef(shape)) {
      throw Error({"model.safetensors",
                   fmt::format("{} is {}", found->first, fmt::join(found->second.sizes(), "x")),
                   fmt::format("expected {}", fmt::join(shape, "x")),
                   "check that config.json and model.safetensors belong together"});
    }
    used.push_back(found->first);
    return found->second.to(torch::kFloat32);
  }

  torch::Tensor Own(const std::string& name, torch::Tensor value, int depth) {
    const bool decay = value.dim() > 1;
    return parameters->Add({name, std::move(value), depth, decay, file != nullptr});
  }

  torch::Tensor Take(const std::string& name, const std::vector<std::int64_t>& shape, int depth) {
    return Own(name, Read(name, shape), depth);
  }
};

void TurnEncoder::RegisterNames(const std::string& name, const torch::Tensor& tensor) {
  named_[name] = tensor;
}

LayerWeights TurnEncoder::LoadLayer(Source* source, int index, int depth) {
  const bool albert = config_.family == EncoderFamily::kAlbert;
  const std::string base =
      albert ? fmt::format("encoder.albert_layer_groups.{}.albert_layers.0.", index)
             : fmt::format("encoder.layer.{}.", index);
  const std::string self = albert ? "attention." : "attention.self.";
  const std::int64_t hidden = config_.hidden, inner = config_.intermediate;
  std::vector<torch::Tensor> weights, biases;
  for (const char* part : {"query", "key", "value"}) {
    weights.push_back(source->Read(base + self + part + ".weight", {hidden, hidden}));
    biases.push_back(source->Read(base + self + part + ".bias", {hidden}));
  }
  LayerWeights w;
  w.qkv_weight = source->Own(base + "attention.qkv.weight", torch::cat(weights, 0), depth);
  w.qkv_bias = source->Own(base + "attention.qkv.bias", torch::cat(biases, 0), depth);
  const auto take = [&](const std::string& name, std::vector<std::int64_t> shape) {
    const auto tensor = source->Take(base + name, shape, depth);
    RegisterNames(base + name, tensor);
    return tensor;
  };
  const std::string out = albert ? "attention.dense" : "attention.output.dense";
  const std::string norm1 = albert ? "attention.LayerNorm" : "attention.output.LayerNorm";
  const std::string up = albert ? "ffn" : "intermediate.dense";
  const std::string down = albert ? "ffn_output" : "output.dense";
  const std::string norm2 = albert ? "full_layer_layer_norm" : "output.LayerNorm";
  w.out_weight = take(out + ".weight", {hidden, hidden});
  w.out_bias = take(out + ".bias", {hidden});
  w.attention_norm_weight = take(norm1 + ".weight", {hidden});
  w.attention_norm_bias = take(norm1 + ".bias", {hidden});
  w.up_weight = take(up + ".weight", {inner, hidden});
  w.up_bias = take(up + ".bias", {inner});
  w.down_weight = take(down + ".weight", {hidden, inner});
  w.down_bias = take(down + ".bias", {hidden});
  w.output_norm_weight = take(norm2 + ".weight", {hidden});
  w.output_norm_bias = take(norm2 + ".bias", {hidden});
  return w;
}

namespace {

/// What an encoder that was pretrained on conversations learned of speakers and of distances, into
/// tensors of this model's shape. The layers are matched from the top: with fewer of them across
/// turns than there were the upper ones count, with more the lower of them begin at zero.
void CopyCrossTurn(const TensorFile& file, torch::Tensor* speaker, torch::Tensor* bias) {
  const auto fits = [&](const char* name, const torch::Tensor& into) {
    const auto found = file.tensors.find(name);
    return found != file.tensors.end() && found->second.dim() == into.dim() &&
                   found->second.sizes().slice(1) == into.sizes().slice(1)
               ? found->second.to(torch::kFloat32)
               : torch::Tensor();
  };
  if (const auto from = fits("arcsat.speaker", *speaker); from.defined()) {
    if (from.size(0) == speaker->size(0)) speaker->copy_(from);
  }
  if (const auto from = fits("arcsat.turn_distance", *bias); from.defined()) {
    const auto layers = std::min(from.size(0), bias->size(0));
    bias->narrow(0, bias->size(0) - layers, layers)
        .copy_(from.narrow(0, from.size(0) - layers, layers));
  }
}

/// The mean of each stretch of rows; `lengths` (N) int64 add up to the rows of `x`, none is 0.
torch::Tensor MeansOf(const torch::Tensor& x, const torch::Tensor& lengths) {
  return at::segment_reduce(x.to(torch::kFloat32), "mean", lengths, {}, {}, 0, /*unsafe=*/true);
}

}  // namespace

TurnEncoder::TurnEncoder(const EncoderConfig& config, const TurnEncoderOptions& options,
                         const TensorFile* pretrained, Initialiser* initialiser,
                         ParameterSet* parameters)
    : config_(config), options_(options) {
  options_.cross_turn_layers = std::min(options.cross_turn_layers, config.layers);
  Source source{pretrained, initialiser, parameters, "", {}};
  source.FindPrefix();
  const int bottom = config.layers + 1;
  const auto take = [&](const std::string& name, std::vector<std::int64_t> shape) {
    const auto tensor = source.Take(name, shape, bottom);
    RegisterNames(name, tensor);
    return tensor;
  };
  words_ = take("embeddings.word_embeddings.weight", {config.vocabulary, config.embedding});
  positions_ = take("embeddings.position_embeddings.weight", {config.positions, config.embedding});
  types_ = take("embeddings.token_type_embeddings.weight", {config.types, config.embedding});
  norm_weight_ = take("embeddings.LayerNorm.weight", {config.embedding});
  norm_bias_ = take("embeddings.LayerNorm.bias", {config.embedding});
  if (config.family == EncoderFamily::kAlbert) {
    projection_weight_ =
        take("encoder.embedding_hidden_mapping_in.weight", {config.hidden, config.embedding});
    projection_bias_ = take("encoder.embedding_hidden_mapping_in.bias", {config.hidden});
  }
  const int sets = config.family == EncoderFamily::kAlbert ? config.groups : config.layers;
  for (int i = 0; i < sets; ++i) {
    layers_.push_back(LoadLayer(&source, i, (sets - i) * config.layers / sets));
  }
  if (pretrained != nullptr) {
    for (const auto& [name, tensor] : pretrained->tensors) {
      const bool used =
          std::find(source.used.begin(), source.used.end(), name) != source.used.end();
      const bool ours = name.starts_with("arcsat.");
      if (!used && !ours && name.starts_with(source.prefix)) {
        kept_[name.substr(source.prefix.size())] = tensor;
      }
    }
  }
  if (options_.cross_turn_layers > 0) {
    // Zero, so that before training the upper layers read a conversation as plain text.
    auto speaker = torch::zeros({3, config.hidden});
    auto bias = torch::zeros({options_.cross_turn_layers, kDistanceBuckets, config.heads});
    if (pretrained != nullptr) CopyCrossTurn(*pretrained, &speaker, &bias);
    speaker_ = parameters->Add({"arcsat.speaker", speaker, 0, false});
    bias_ = parameters->Add({"arcsat.turn_distance", bias, 0, false});
  }
}

LayerShape TurnEncoder::shape() const {
  return {config_.heads, config_.activation, config_.layer_norm_epsilon, options_.dropout, false};
}

torch::Tensor TurnEncoder::Embed(const RaggedBatch& batch, bool training) const {
  auto x = torch::embedding(words_, batch.tokens) +
           torch::embedding(positions_, batch.positions + config_.position_offset) + types_[0];
  x = torch::layer_norm(x, {config_.embedding}, norm_weight_, norm_bias_,
                        config_.layer_norm_epsilon);
  if (training && frozen_ < 0 && options_.dropout > 0) x = Dropout(x, options_.dropout);
  if (projection_weight_.defined()) x = torch::linear(x, projection_weight_, projection_bias_);
  return x;  // (V, H)
}

torch::Tensor TurnEncoder::HiddenStates(const RaggedBatch& batch, int layers, bool training) const {
  return LocalLayers(Embed(batch, training), batch, 0, layers, training);
}

torch::Tensor TurnEncoder::LocalLayers(torch::Tensor x, const RaggedBatch& batch, int begin,
                                       int end, bool training) const {
  const Attention local = [blocks = batch.blocks, bounds = batch.bounds,
                           heads = config_.heads](const torch::Tensor& qkv) {
    return LocalAttention(qkv, blocks, bounds, heads);
  };
  for (int i = begin; i < end; ++i) x = Layer(i, x, local, training);
  return x;  // (V, H)
}

torch::Tensor TurnEncoder::Layer(int i, const torch::Tensor& x, const Attention& attention,
                                 bool training, const std::vector<torch::Tensor>& more) const {
  const bool learns = training && i >= frozen_;
  const LayerWeights& weights = layer(i);
  if (!learns || !recompute_) return TransformerLayer(x, weights, shape(), attention, learns);
  std::vector<torch::Tensor> parameters = TensorsOf(weights);
  parameters.insert(parameters.end(), more.begin(), more.end());
  return Recomputed(x, parameters,
                    [weights, attention, shape = shape()](const torch::Tensor& states) {
                      return TransformerLayer(states, weights, shape, attention, true);
                    });
}

torch::Tensor TurnEncoder::PoolDistinct(const torch::Tensor& x, const RaggedBatch& batch) const {
  // A GPU takes one kernel for all turns, not one for every length.
  if (x.is_cuda() && options_.pool_mean) {
    return MeansOf(x, batch.bounds.diff().to(torch::kInt64));
  }
  std::vector<std::int64_t> sizes;
  for (const auto& [count, length] : batch.blocks) sizes.push_back(std::int64_t{count} * length);
  const auto parts = x.split_with_sizes(sizes, 0);
  std::vector<torch::Tensor> pooled;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto turns = parts[i].view({batch.blocks[i].first, batch.blocks[i].second, -1});
    pooled.push_back(options_.pool_mean ? turns.mean(1) : turns.select(1, 0));
  }
  return torch::cat(pooled, 0);
}

torch::Tensor TurnEncoder::LowerStates(const RaggedBatch& batch, bool training,
                                       KnownTurns* known) const {
  const int kept = training ? std::clamp(frozen_, 0, lower()) : lower();
  const bool look = known != nullptr && kept > 0 && batch.tokens.is_cpu();
  auto x = look ? KnownStates(batch, kept, known) : HiddenStates(batch, kept, training);
  if (kept < lower()) x = LocalLayers(x, batch, kept, lower(), training);
  const bool pooled = look && PooledAfter(kept);
  return PooledAfter(lower()) && !pooled ? PoolDistinct(x, batch) : x;
}

torch::Tensor TurnEncoder::KnownStates(const RaggedBatch& batch, int layers,
                                       KnownTurns* known) const {
  std::vector<torch::Tensor> states;  // (U)
  std::vector<std::size_t> missing;
  std::vector<std::int64_t> tokens, rows;
  RaggedBatch fresh;
  std::int64_t at = 0;
  for (std::size_t u = 0; u < batch.distinct.size(); ++u) {
    const auto length = static_cast<std::int64_t>(batch.distinct[u]->size());
    states.push_back(known->Find(*batch.distinct[u]));
    if (!states.back().defined()) {
      missing.push_back(u);
      rows.push_back(PooledAfter(layers) ? 1 : length);
      for (std::int64_t t = 0; t < length; ++t) tokens.push_back(at + t);
      CountTurn(static_cast<int>(length), &fresh.blocks);
    }
    at += length;
  }
  if (!missing.empty()) {
    const auto index = torch::tensor(tokens, torch::kInt64);
    fresh.tokens = batch.tokens.index_select(0, index);
    fresh.positions = batch.positions.index_select(0, index);
    auto x = HiddenStates(fresh, layers, /*training=*/false);
    if (PooledAfter(layers)) x = PoolDistinct(x, fresh);
    const auto parts = x.split_with_sizes(rows, 0);
    for (std::size_t m = 0; m < missing.size(); ++m) {
      states[missing[m]] = parts[m];
      known->Keep(*batch.distinct[missing[m]], parts[m]);
    }
  }
  return torch::cat(states, 0);
}

torch::Tensor TurnEncoder::TokenStates(const RaggedBatch& batch, bool training,
                                       const std::vector<TurnMemory*>& memories,
                                       KnownTurns* known) const {
  if (options_.cross_turn_layers == 0) {
    return HiddenStates(batch, config_.layers, training).index_select(0, batch.token_of);
  }
  auto x = LowerStates(batch, training, known);  // (V, H)
  const auto plan = std::make_shared<const CrossPlan>(MakeCrossPlan(
      batch.turn_lengths, batch.conversation_turns, options_.window, x.device(), memories));
  x = x.index_select(0, batch.token_of) +
      torch::embedding(speaker_, batch.speaker.index_select(0, batch.turn_of));  // (T, H)
  for (int i = 0; i < options_.cross_turn_layers; ++i) {
    const Attention cross = [plan, bias = bias_, heads = config_.heads,
                             i](const torch::Tensor& qkv) {
      return CrossTurnAttention(qkv, *plan, BiasTable(bias[i]), heads, i);
    };
    x = Layer(lower() + i, x, cross, training, {bias_});
  }
  return x;
}

torch::Tensor TurnEncoder::Forward(const RaggedBatch& batch, bool training,
                                   const std::vector<TurnMemory*>& memories,
                                   KnownTurns* known) const {
  if (options_.cross_turn_layers == 0) {
    return LowerStates(batch, training, known).index_select(0, batch.unique_of);
  }
  const auto x = TokenStates(batch, training, memories, known);
  const auto lengths = MoveTo(
      torch::tensor(std::vector<std::int64_t>(batch.turn_lengths.begin(), batch.turn_lengths.end()),
                    torch::kInt64),
      x.device());
  if (!options_.pool_mean) return x.index_select(0, lengths.cumsum(0) - lengths);
  return MeansOf(x, lengths);
}

std::map<std::string, torch::Tensor> TurnEncoder::HuggingFaceTensors() const {
  auto out = kept_;
  out.insert(named_.begin(), named_.end());
  const bool albert = config_.family == EncoderFamily::kAlbert;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string base =
        albert ? fmt::format("encoder.albert_layer_groups.{}.albert_layers.0.attention.", i)
               : fmt::format("encoder.layer.{}.attention.self.", i);
    const auto weights = layers_[i].qkv_weight.chunk(3, 0);
    const auto biases = layers_[i].qkv_bias.chunk(3, 0);
    const char* const parts[] = {"query", "key", "value"};
    for (std::size_t p = 0; p < 3; ++p) {
      out[base + parts[p] + ".weight"] = weights[p];
      out[base + parts[p] + ".bias"] = biases[p];
    }
  }
  return out;
}

}  // namespace arcsat
