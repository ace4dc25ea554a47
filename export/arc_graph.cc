#include "export/arc_graph.h"

#include <fmt/format.h>

#include "export/attention_graph.h"
#include "export/layer_graph.h"
#include "export/lexical_graph.h"
#include "export/packing.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Value;

/// Queries of a block: few where only a turn's own tokens are seen, since what lies between a
/// block's turns is computed and thrown away; more where windows overlap.
constexpr int kLocalBlock = 64;
constexpr int kCrossBlock = 256;

/// Attention by a plan, with a bias of so many rows.
GraphAttention Looking(Graph& g, const AttentionPlan& plan, const Value& bias, std::int64_t rows,
                       std::int64_t heads, std::int64_t hidden) {
  return [&g, &plan, bias, rows, heads, hidden](const Value& qkv) {
    return BlockAttention(g, qkv, plan, bias, rows, heads, hidden);
  };
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
  Value x = EmbedGraph(g, weights, encoder, in.ids, in.positions, precision);
  if (lower > 0) {
    const AttentionPlan local = MakeAttentionPlan(g, in.token_count, in.turn_of, in.start, in.end,
                                                  own_turn, /*window=*/0, kLocalBlock);
    const Value bias = weights->AddBias("encoder/same_turn", torch::zeros({1, 1}));
    for (int i = 0; i < lower; ++i) {
      x = LayerGraph(g, weights, fmt::format("encoder/layer.{}", i), x, encoder.layer(i),
                     encoder.shape(),
                     Looking(g, local, bias, 2, encoder.shape().heads, config.hidden), precision);
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
      const Value bias = weights->AddBias(name + "/turn_distance", encoder.bias()[i]);
      x = LayerGraph(
          g, weights, name, x, encoder.layer(lower + i), encoder.shape(),
          Looking(g, plan, bias, kDistanceBuckets + 1, encoder.shape().heads, config.hidden),
          precision);
    }
  }
  return Pool(g, x, in, encoder.options().pool_mean);
}

/// model/arc_model.h's Converse: (M, H) to (M, D).
Value Converse(Graph& g, GraphWeights* weights, const ArcModel& model, const Value& turns,
               const PackedInputs& in) {
  const auto scope = g.Enter("conversation");
  const ArcModel::Upper& u = model.upper();
  Value x = ConversationInput(g, weights, model, turns, in.features, in.speaker, in.channel);
  if (!u.layers.empty()) {
    const Value each = g.Range(g.Int(0), in.turn_count);  // here a turn is one token
    const AttentionPlan plan =
        MakeAttentionPlan(g, in.turn_count, each, each, g.Add(each, g.Int(1)), in.first_turn,
                          model.options().conversation_window, kCrossBlock);
    for (std::size_t i = 0; i < u.layers.size(); ++i) {
      const std::string name = fmt::format("conversation/layer.{}", i);
      const Value bias =
          weights->AddBias(name + "/turn_distance", u.bias[static_cast<std::int64_t>(i)]);
      x = LayerGraph(g, weights, name, x, u.layers[i], model.upper_shape(),
                     Looking(g, plan, bias, kDistanceBuckets + 1, model.upper_shape().heads,
                             model.options().conversation_hidden),
                     Precision::kFloat32);
    }
  }
  return ConversationNorm(g, weights, model, x);
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
  HeadLogits logits = HeadsGraph(g, &weights, model, x);
  if (model.lexical()) {
    logits.outlook = g.Add(logits.outlook, AddLexicalShift(g, *model.lexical(), in));
  }
  AddScores(g, logits, in, calibration);
  return ModelOf(
      g, {{"model", name}, {"max_turn_tokens", std::to_string(model.options().max_turn_tokens)}},
      "arcsat: the state a customer is in at every turn of a conversation, and the chance that it "
      "ends satisfied; calibrated. Inputs and outputs: docs/bundle.md.");
}

}  // namespace arcsat
