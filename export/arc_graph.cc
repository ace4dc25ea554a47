#include "export/arc_graph.h"

#include <fmt/format.h>

#include "export/attention_graph.h"
#include "export/calibration_graph.h"
#include "export/graph_weights.h"
#include "export/lexical_graph.h"
#include "export/packing.h"
#include "model/arc_model.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Value;

/// Queries of a block: few where only a turn's own tokens are seen, since what lies between a
/// block's turns is computed and thrown away; more where windows overlap.
constexpr int kLocalBlock = 64;
constexpr int kCrossBlock = 256;

Value Activate(Graph& g, const Value& x, Activation activation) {
  if (activation == Activation::kRelu) return g.Op("Relu", {x});
  const std::string kind = activation == Activation::kGelu ? "none" : "tanh";
  return g.Op("Gelu", {x}, {{"approximate", kind}});
}

/// One attention of a layer: how it looks about, its bias, and the bias' rows.
struct Sight {
  const AttentionPlan* plan;
  Value bias;
  std::int64_t rows;
};

/// model/layers.h's TransformerLayer, its constants under `name` ("encoder/layer.0"). x (P, H).
Value Layer(Graph& g, GraphWeights* weights, const std::string& name, const Value& x,
            const LayerWeights& w, const LayerShape& shape, const Sight& sight,
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
    const Value seen = BlockAttention(g, qkv, *sight.plan, sight.bias, sight.rows, shape.heads,
                                      w.out_weight.size(0));
    return linear("out", seen, w.out_weight, w.out_bias);
  };
  const auto feed = [&](const Value& t) {
    const auto inner = g.Enter("feed_forward");
    const Value up = linear("up", t, w.up_weight, w.up_bias);
    return linear("down", Activate(g, up, shape.activation), w.down_weight, w.down_bias);
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

Value Embed(Graph& g, GraphWeights* weights, const TurnEncoder& encoder, const PackedInputs& in,
            Precision precision) {
  const auto scope = g.Enter("embeddings");
  const EncoderConfig& config = encoder.config();
  const Value words =
      weights->Embed("encoder/embeddings/words", encoder.words(), in.ids, precision);
  const Value places = weights->Add("encoder/embeddings/positions", encoder.positions());
  const Value type = weights->Add("encoder/embeddings/type.0", encoder.types()[0]);
  const Value position = config.position_offset == 0
                             ? in.positions
                             : g.Add(in.positions, g.Int(config.position_offset));
  Value x = g.Add(g.Add(words, g.Gather(places, position)), type);
  x = g.LayerNorm(x, weights->Add("encoder/embeddings/norm.weight", encoder.norm_weight()),
                  weights->Add("encoder/embeddings/norm.bias", encoder.norm_bias()),
                  config.layer_norm_epsilon);
  if (!encoder.projection_weight().defined()) return x;
  return g.Gemm(x, weights->Add("encoder/projection.weight", encoder.projection_weight()),
                weights->Add("encoder/projection.bias", encoder.projection_bias()));
}

/// One vector a turn (M, H).
Value Pool(Graph& g, const Value& x, const PackedInputs& in, bool mean) {
  const auto scope = g.Enter("pool");
  if (!mean) return g.Gather(x, in.start);
  // Differences of a running sum; in double precision, or a long batch would lose digits.
  const Value sums = g.CumSum(g.Cast(x, onnx::Type::kDouble), /*exclusive=*/false);
  const Value until = g.Gather(sums, g.Sub(in.end, g.Int(1)));
  const Value later = g.Slice(in.start, g.Ints({1}), g.Unsqueeze(in.turn_count, 0), 0);
  const Value before = g.Gather(sums, g.Sub(later, g.Int(1)));
  const Value first = g.Slice(until, g.Ints({0}), g.Ints({1}), 0);
  const Value rest = g.Sub(g.Slice(until, g.Ints({1}), g.Unsqueeze(in.turn_count, 0), 0), before);
  const Value total = g.Concat({first, rest}, 0);
  const Value count = g.Unsqueeze(g.Cast(in.lengths, onnx::Type::kDouble), 1);
  return g.Cast(g.Div(total, count), onnx::Type::kFloat);
}

/// model/turn_encoder.h's Forward: (M, H).
Value EncodeTurns(Graph& g, GraphWeights* weights, const TurnEncoder& encoder,
                  const PackedInputs& in, Precision precision) {
  const auto scope = g.Enter("encoder");
  const EncoderConfig& config = encoder.config();
  const int cross = encoder.options().cross_turn_layers, lower = config.layers - cross;
  const Value own_turn = g.Range(g.Int(0), in.turn_count);
  Value x = Embed(g, weights, encoder, in, precision);
  if (lower > 0) {
    const AttentionPlan local = MakeAttentionPlan(g, in.token_count, in.turn_of, in.start, in.end,
                                                  own_turn, /*window=*/0, kLocalBlock);
    const Sight sight{&local, weights->AddBias("encoder/same_turn", torch::zeros({1, 1})), 2};
    for (int i = 0; i < lower; ++i) {
      x = Layer(g, weights, fmt::format("encoder/layer.{}", i), x, encoder.layer(i),
                encoder.shape(), sight, precision);
    }
  }
  if (cross > 0) {
    const AttentionPlan plan =
        MakeAttentionPlan(g, in.token_count, in.turn_of, in.start, in.end, in.first_turn,
                          encoder.options().window, kCrossBlock);
    const Value speaker = g.Gather(weights->Add("encoder/speaker", encoder.speaker()), in.speaker);
    x = g.Add(x, g.Gather(speaker, in.turn_of));
    for (int i = 0; i < cross; ++i) {
      const std::string name = fmt::format("encoder/layer.{}", lower + i);
      const Sight sight{&plan, weights->AddBias(name + "/turn_distance", encoder.bias()[i]),
                        kDistanceBuckets + 1};
      x = Layer(g, weights, name, x, encoder.layer(lower + i), encoder.shape(), sight, precision);
    }
  }
  return Pool(g, x, in, encoder.options().pool_mean);
}

/// model/arc_model.h's Converse: (M, H) to (M, D).
Value Converse(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& turns,
               const PackedInputs& in) {
  const auto scope = g.Enter("conversation");
  const ArcModel::Upper& u = model.upper();
  const auto add = [&](const char* name, const torch::Tensor& tensor) {
    return weights->Add(std::string("conversation/") + name, tensor);
  };
  Value x = g.Gemm(turns, add("input.weight", u.input_weight), add("input.bias", u.input_bias));
  x = g.Add(x, g.MatMul(in.features, add("features.weight", u.feature_weight.t().contiguous())));
  x = g.Add(x, g.Gather(add("speaker", u.speaker), in.speaker));
  x = g.Add(x, g.Gather(add("channel", u.channel), in.channel));
  if (!u.layers.empty()) {
    const Value each = g.Range(g.Int(0), in.turn_count);  // here a turn is one token
    const AttentionPlan plan =
        MakeAttentionPlan(g, in.turn_count, each, each, g.Add(each, g.Int(1)), in.first_turn,
                          model.options().conversation_window, kCrossBlock);
    for (std::size_t i = 0; i < u.layers.size(); ++i) {
      const std::string name = fmt::format("conversation/layer.{}", i);
      const Sight sight{
          &plan, weights->AddBias(name + "/turn_distance", u.bias[static_cast<std::int64_t>(i)]),
          kDistanceBuckets + 1};
      x = Layer(g, weights, name, x, u.layers[i], model.upper_shape(), sight, Precision::kFloat32);
    }
  }
  return g.LayerNorm(x, add("norm.weight", u.norm_weight), add("norm.bias", u.norm_bias), 1e-5);
}

HeadLogits Heads(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& x) {
  const auto scope = g.Enter("heads");
  const ArcModel::Upper& u = model.upper();
  const Value level = g.Gemm(x, weights->Add("heads/state.weight", u.state_weight),
                             weights->Add("heads/state.bias", u.state_bias));  // (M, 1)
  HeadLogits logits;
  logits.state = g.Sub(level, weights->Add("heads/thresholds", model.Thresholds()));
  const Value outlook = g.Squeeze(g.Gemm(x, weights->Add("heads/outlook.weight", u.outlook_weight),
                                         weights->Add("heads/outlook.bias", u.outlook_bias)),
                                  1);
  logits.outlook = g.Cast(outlook, onnx::Type::kDouble);
  return logits;
}

}  // namespace

std::vector<std::string> GraphOutputs(const Calibration& calibration) {
  std::vector<std::string> outputs(std::begin(kGraphOutputs), std::end(kGraphOutputs));
  if (calibration.csat.boxes.fitted()) outputs.emplace_back("boxes");
  return outputs;
}

onnx::ModelDef BuildArcGraph(const ArcModel& model, const Calibration& calibration,
                             std::int64_t pad_id, const std::string& name, Precision precision) {
  torch::NoGradGuard no_grad;
  Graph g("arcsat");
  GraphWeights weights(g);
  const PackedInputs in = PackInputs(g, pad_id);
  const Value turns = EncodeTurns(g, &weights, model.encoder(), in, precision);
  const Value x = Converse(g, &weights, model, turns, in);
  HeadLogits logits = Heads(g, &weights, model, x);
  if (model.lexical()) {
    logits.outlook = g.Add(logits.outlook, AddLexicalShift(g, *model.lexical(), in));
  }
  AddScores(g, logits, in, calibration);
  onnx::ModelDef def;
  def.ir_version = kIrVersion;
  def.opset = kOpset;
  def.producer = "arcsat";
  def.producer_version = "1";
  def.doc =
      "arcsat: the state a customer is in at every turn of a conversation, and the chance "
      "that it ends satisfied; calibrated. Inputs and outputs: docs/bundle.md.";
  def.metadata = {{"model", name},
                  {"max_turn_tokens", std::to_string(model.options().max_turn_tokens)}};
  def.graph = g.Finish();
  def.graph.doc = def.doc;
  return def;
}

}  // namespace arcsat
