#include "model/arc_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/error.h"
#include "model/cross_attention.h"

namespace arcsat {
namespace {

constexpr char kLexicalWeight[] = "arcsat.lexical.weight", kLexicalHead[] = "arcsat.lexical.head";

/// (features) weights in single precision, and (2) bias and share in double.
void AddLexicalTensors(const LexicalModel& lexical, std::map<std::string, torch::Tensor>* out) {
  (*out)[kLexicalWeight] = torch::tensor(lexical.weight, torch::kFloat32);
  (*out)[kLexicalHead] = torch::tensor({lexical.bias, lexical.share}, torch::kFloat64);
}

std::optional<LexicalModel> ReadLexical(const std::map<std::string, torch::Tensor>& tensors,
                                        std::int64_t vocabulary) {
  const auto weight = tensors.find(kLexicalWeight), head = tensors.find(kLexicalHead);
  if (weight == tensors.end() && head == tensors.end()) return std::nullopt;
  const std::int64_t count = LexicalFeatureCount(vocabulary);
  const bool fits = weight != tensors.end() && head != tensors.end() && weight->second.dim() == 1 &&
                    weight->second.size(0) == count &&
                    weight->second.scalar_type() == torch::kFloat32 && head->second.dim() == 1 &&
                    head->second.size(0) == 2 && head->second.scalar_type() == torch::kFloat64;
  if (!fits) {
    throw Error({"model.safetensors: arcsat.lexical", "is incomplete or of another shape or type",
                 fmt::format("expected weight ({}) float32 and head (2) float64", count),
                 "the file and its config.json do not belong together; copy both again"});
  }
  const auto weights = weight->second.contiguous(), values = head->second.contiguous();
  LexicalModel lexical{vocabulary, {}, values[0].item<double>(), values[1].item<double>()};
  lexical.weight.assign(weights.data_ptr<float>(), weights.data_ptr<float>() + count);
  return lexical;
}

}  // namespace

std::int64_t ArcMemory::bytes() const {
  std::int64_t total = 0;
  for (const TurnMemory* memory : {&tokens, &turns}) {
    for (const KeysValues& layer : memory->layers) total += layer.bytes();
  }
  return total;
}

ArcModel::ArcModel(const EncoderConfig& encoder, const ModelOptions& options,
                   const TensorFile* pretrained, std::uint64_t seed)
    : options_(options) {
  Initialiser initialiser(seed);
  const TurnEncoderOptions turn{options.cross_turn_layers, options.cross_turn_window,
                                options.dropout, options.pooling == "mean"};
  encoder_ = std::make_unique<TurnEncoder>(encoder, turn, pretrained, &initialiser, &parameters_);
  MakeUpper(&initialiser);
  if (pretrained != nullptr && pretrained->tensors.count("arcsat.outlook.weight") != 0) {
    LoadTensors(this, pretrained->tensors, "model.safetensors");
    lexical_ = ReadLexical(pretrained->tensors, encoder.vocabulary);
  }
}

void ArcModel::MakeUpper(Initialiser* initialiser) {
  const std::int64_t hidden = encoder_->config().hidden, width = options_.conversation_hidden;
  const auto matrix = [&](const std::string& name, std::int64_t rows, std::int64_t columns) {
    return parameters_.Add({name, initialiser->Normal(name, {rows, columns}, 0.02), 0, true});
  };
  const auto fill = [&](const std::string& name, std::vector<std::int64_t> shape, double value) {
    return parameters_.Add({name, torch::full(shape, value), 0, false});
  };
  Upper& u = upper_;
  u.input_weight = matrix("arcsat.input.weight", width, hidden);
  u.input_bias = fill("arcsat.input.bias", {width}, 0);
  u.feature_weight = matrix("arcsat.features.weight", width, 3);
  u.speaker = matrix("arcsat.turn_speaker", 3, width);
  u.channel = fill("arcsat.channel", {3, width}, 0);
  for (int i = 0; i < options_.conversation_layers; ++i) {
    u.layers.push_back(MakeLayer(fmt::format("arcsat.conversation.{}", i), static_cast<int>(width),
                                 static_cast<int>(4 * width), 0, initialiser, &parameters_));
  }
  if (options_.conversation_layers > 0) {
    u.bias = fill("arcsat.conversation.turn_distance",
                  {options_.conversation_layers, kDistanceBuckets, options_.conversation_heads}, 0);
  }
  u.norm_weight = fill("arcsat.norm.weight", {width}, 1);
  u.norm_bias = fill("arcsat.norm.bias", {width}, 0);
  u.state_weight = matrix("arcsat.state.weight", 1, width);
  u.state_bias = fill("arcsat.state.bias", {1}, 0);
  // Levels one log-odds apart around zero; softplus(0.5413) = 1.
  u.thresholds = fill("arcsat.state.thresholds", {options_.boxes - 1}, 0.5413);
  torch::NoGradGuard no_grad;
  u.thresholds.narrow(0, 0, 1).fill_(-0.5 * (options_.boxes - 2));
  u.outlook_weight = matrix("arcsat.outlook.weight", 1, width);
  u.outlook_bias = fill("arcsat.outlook.bias", {1}, 0);
}

LayerShape ArcModel::upper_shape() const {
  return {options_.conversation_heads, Activation::kGelu, 1e-5, options_.dropout, true};
}

torch::Tensor ArcModel::Thresholds() const {
  const auto steps = torch::softplus(upper_.thresholds.narrow(0, 1, options_.boxes - 2));
  return torch::cat({upper_.thresholds.narrow(0, 0, 1), steps}, 0).cumsum(0);
}

torch::Tensor ArcModel::Converse(const torch::Tensor& turns, const RaggedBatch& batch,
                                 bool training, const std::vector<TurnMemory*>& memories) const {
  const Upper& u = upper_;
  auto x = torch::linear(turns, u.input_weight, u.input_bias) +
           torch::linear(batch.features, u.feature_weight) +
           torch::embedding(u.speaker, batch.speaker) +
           torch::embedding(u.channel, batch.channel);  // (N, D)
  if (!u.layers.empty()) {
    const std::vector<int> ones(batch.turn_lengths.size(), 1);
    const CrossPlan plan = MakeCrossPlan(ones, batch.conversation_turns,
                                         options_.conversation_window, x.device(), memories);
    for (std::size_t i = 0; i < u.layers.size(); ++i) {
      const auto table = BiasTable(u.bias[static_cast<std::int64_t>(i)]);
      const Attention attend = [&](const torch::Tensor& qkv) {
        return CrossTurnAttention(qkv, plan, table, options_.conversation_heads,
                                  static_cast<int>(i));
      };
      x = TransformerLayer(x, u.layers[i], upper_shape(), attend, training);
    }
  }
  return torch::layer_norm(x, {x.size(1)}, u.norm_weight, u.norm_bias, 1e-5);
}

ArcOutput ArcModel::Forward(const RaggedBatch& batch, bool training,
                            const std::vector<ArcMemory*>& memories, KnownTurns* known) const {
  std::vector<TurnMemory*> of_tokens, of_turns;
  for (ArcMemory* memory : memories) {
    of_tokens.push_back(&memory->tokens);
    of_turns.push_back(&memory->turns);
  }
  const auto turns = encoder_->Forward(batch, training, of_tokens, known);  // (N, H)
  const auto x = Converse(turns, batch, training, of_turns).to(torch::kFloat32);
  const auto level = torch::linear(x, upper_.state_weight, upper_.state_bias);  // (N, 1)
  return {level - Thresholds(),
          torch::linear(x, upper_.outlook_weight, upper_.outlook_bias).squeeze(1)};
}

torch::Tensor ArcModel::ExpectedState(const torch::Tensor& state_logits) {
  return torch::sigmoid(state_logits).mean(1);
}

int ArcModel::receptive_field() const {
  return encoder_->options().cross_turn_layers * options_.cross_turn_window +
         options_.conversation_layers * options_.conversation_window;
}

std::map<std::string, torch::Tensor> ArcModel::NamedTensors() const {
  auto out = encoder_->HuggingFaceTensors();
  for (const Parameter& parameter : parameters_.all()) {
    if (parameter.name.starts_with("arcsat.")) out[parameter.name] = parameter.value;
  }
  if (lexical_) AddLexicalTensors(*lexical_, &out);
  return out;
}

void ArcModel::Freeze(int layers) {
  encoder_->Freeze(layers);
  const int deepest = encoder_->config().layers + 1;
  for (Parameter& parameter : parameters_.all()) {
    const bool encoder = !parameter.name.starts_with("arcsat.");
    const bool frozen = layers >= 0 && encoder && parameter.depth >= deepest - layers;
    if (frozen) parameter.value.requires_grad_(false);
  }
}

void ArcModel::To(torch::Device device) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : parameters_.all()) {
    // Modules share the tensor, so its data moves, not the handle.
    parameter.value.set_data(parameter.value.data().to(device));
  }
}

std::vector<double> OutlookShift(const ArcModel& model, const EncodedConversation& conversation) {
  if (!model.lexical()) return {};
  std::vector<double> shift = LexicalLogits(*model.lexical(), conversation);
  for (double& x : shift) x *= model.lexical()->share;
  return shift;
}

void LoadTensors(ArcModel* model, const std::map<std::string, torch::Tensor>& tensors,
                 const std::string& place) {
  torch::NoGradGuard no_grad;
  // Views of the fused weights, so that a copy into a view fills the parameter.
  for (auto& [name, target] : model->NamedTensors()) {
    const auto found = tensors.find(name);
    const bool missing = found == tensors.end();
    if (missing || found->second.sizes() != target.sizes()) {
      throw Error({place + ": " + name,
                   missing ? "is missing"
                           : fmt::format("has shape {}", fmt::join(found->second.sizes(), "x")),
                   fmt::format("expected {}", fmt::join(target.sizes(), "x")),
                   "the file and its config.json do not belong together; copy both again"});
    }
    target.copy_(found->second);
  }
}

}  // namespace arcsat
