#include "export/layer_graph.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Value;

Value ActivateGraph(Graph& g, const Value& x, Activation activation) {
  if (activation == Activation::kRelu) return g.Op("Relu", {x});
  const std::string kind = activation == Activation::kGelu ? "none" : "tanh";
  return g.Op("Gelu", {x}, {{"approximate", kind}});
}

/// A constant of the conversation encoder.
Value AddConversation(GraphWeights* weights, const char* name, const torch::Tensor& tensor) {
  return weights->Add(std::string("conversation/") + name, tensor);
}

}  // namespace

Value LayerGraph(Graph& g, GraphWeights* weights, const std::string& name, const Value& x,
                 const LayerWeights& w, const LayerShape& shape, const GraphAttention& attention,
                 Precision precision) {
  const auto scope = g.Enter(name.substr(name.rfind('/') + 1));
  const auto add = [&](const char* part, const torch::Tensor& tensor) {
    return weights->Add(name + "/" + part, tensor);
  };
  const auto linear = [&](const char* part, const Value& t, const torch::Tensor& weight,
                          const torch::Tensor& bias) {
    return weights->Linear(name + "/" + part, t, weight, bias, precision);
  };
  const auto attend = [&](const Value& t) {
    const auto inner = g.Enter("attention");
    const Value qkv = linear("qkv", t, w.qkv_weight, w.qkv_bias);
    return linear("out", attention(qkv), w.out_weight, w.out_bias);
  };
  const auto feed = [&](const Value& t) {
    const auto inner = g.Enter("feed_forward");
    const Value up = linear("up", t, w.up_weight, w.up_bias);
    return linear("down", ActivateGraph(g, up, shape.activation), w.down_weight, w.down_bias);
  };
  const auto norm1 = [&](const Value& t) {
    return g.LayerNorm(t, add("attention_norm.weight", w.attention_norm_weight),
                       add("attention_norm.bias", w.attention_norm_bias), shape.epsilon);
  };
  const auto norm2 = [&](const Value& t) {
    return g.LayerNorm(t, add("output_norm.weight", w.output_norm_weight),
                       add("output_norm.bias", w.output_norm_bias), shape.epsilon);
  };
  if (shape.norm_first) {
    const Value y = g.Add(x, attend(norm1(x)));
    return g.Add(y, feed(norm2(y)));
  }
  const Value y = norm1(g.Add(x, attend(x)));
  return norm2(g.Add(y, feed(y)));
}

Value EmbedGraph(Graph& g, GraphWeights* weights, const TurnEncoder& encoder, const Value& ids,
                 const Value& positions, Precision precision) {
  const auto scope = g.Enter("embeddings");
  const EncoderConfig& config = encoder.config();
  const Value words = weights->Embed("encoder/embeddings/words", encoder.words(), ids, precision);
  const Value places = weights->Add("encoder/embeddings/positions", encoder.positions());
  const Value type = weights->Add("encoder/embeddings/type.0", encoder.types()[0]);
  const Value position =
      config.position_offset == 0 ? positions : g.Add(positions, g.Int(config.position_offset));
  Value x = g.Add(g.Add(words, g.Gather(places, position)), type);
  x = g.LayerNorm(x, weights->Add("encoder/embeddings/norm.weight", encoder.norm_weight()),
                  weights->Add("encoder/embeddings/norm.bias", encoder.norm_bias()),
                  config.layer_norm_epsilon);
  if (!encoder.projection_weight().defined()) return x;
  return g.Gemm(x, weights->Add("encoder/projection.weight", encoder.projection_weight()),
                weights->Add("encoder/projection.bias", encoder.projection_bias()));
}

Value ConversationInput(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& turns,
                        const Value& features, const Value& speaker, const Value& channel) {
  const ArcModel::Upper& u = model.upper();
  Value x = g.Gemm(turns, AddConversation(weights, "input.weight", u.input_weight),
                   AddConversation(weights, "input.bias", u.input_bias));
  x = g.Add(x, g.MatMul(features, AddConversation(weights, "features.weight",
                                                  u.feature_weight.t().contiguous())));
  x = g.Add(x, g.Gather(AddConversation(weights, "speaker", u.speaker), speaker));
  return g.Add(x, g.Gather(AddConversation(weights, "channel", u.channel), channel));
}

Value ConversationNorm(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& x) {
  return g.LayerNorm(x, AddConversation(weights, "norm.weight", model.upper().norm_weight),
                     AddConversation(weights, "norm.bias", model.upper().norm_bias), 1e-5);
}

HeadLogits HeadsGraph(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& x) {
  const auto scope = g.Enter("heads");
  const ArcModel::Upper& u = model.upper();
  const Value level = g.Gemm(x, weights->Add("heads/state.weight", u.state_weight),
                             weights->Add("heads/state.bias", u.state_bias));  // (M, 1)
  HeadLogits logits;
  logits.state = g.Sub(level, weights->Add("heads/thresholds", model.Thresholds()));
  const Value outlook = g.Gemm(x, weights->Add("heads/outlook.weight", u.outlook_weight),
                               weights->Add("heads/outlook.bias", u.outlook_bias));
  logits.outlook = g.Cast(g.Squeeze(outlook, 1), onnx::Type::kDouble);
  return logits;
}

}  // namespace arcsat
