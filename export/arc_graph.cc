#include "export/arc_graph.h"

#include <fmt/format.h>

#include "export/attention_graph.h"
#include "export/layer_graph.h"
#include "export/lexical_graph.h"
#include "export/packing.h"
#include "export/text_graph.h"
#include "model/cross_attention.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Value;

/// Queries of a block: few where only a turn's own tokens are seen, since what lies between a
/// block's turns is computed and thrown away; more where windows overlap.
constexpr int kLocalBlock = 64;
constexpr int kCrossBlock = 256;

/// What a whole graph is built on.
struct ArcInputs {
  PaddedInputs padded;
  PackedInputs packed;
  std::int64_t pad_id;
};

ArcInputs Packed(Graph& g, PaddedInputs padded, std::int64_t pad_id) {
  PackedInputs packed = PackInputs(g, padded, pad_id);
  return {std::move(padded), std::move(packed), pad_id};
}

/// Attention by a plan, with a bias of so many rows.
GraphAttention Looking(Graph& g, const AttentionPlan& plan, const Value& bias, std::int64_t rows,
                       std::int64_t heads, std::int64_t hidden) {
  return [&g, &plan, bias, rows, heads, hidden](const Value& qkv) {
    return BlockAttention(g, qkv, plan, bias, rows, heads, hidden);
  };
}

/// One vector a turn from its tokens (tokens, H), which lie turn by turn from `start` to `end`.
Value Pool(Graph& g, const Value& x, const Value& start, const Value& end, const Value& lengths,
           bool mean) {
  const auto scope = g.Enter("pool");
  if (!mean) return g.Gather(x, start);
  // Differences of a running sum; in double precision, or a long batch would lose digits.
  const Value sums = g.CumSum(g.Cast(x, onnx::Type::kDouble), /*exclusive=*/false);
  const Value until = g.Gather(sums, g.Sub(end, g.Int(1)));
  const Value count = g.Unsqueeze(g.Size(start, 0), 0);
  const Value later = g.Slice(start, g.Ints({1}), count, 0);
  const Value before = g.Gather(sums, g.Sub(later, g.Int(1)));
  const Value first = g.Slice(until, g.Ints({0}), g.Ints({1}), 0);
  const Value rest = g.Sub(g.Slice(until, g.Ints({1}), count, 0), before);
  const Value total = g.Concat({first, rest}, 0);
  const Value tokens = g.Unsqueeze(g.Cast(lengths, onnx::Type::kDouble), 1);
  return g.Cast(g.Div(total, tokens), onnx::Type::kFloat);
}

/// The layers that see one turn at a time, of every different turn once: (D, H).
Value EncodeDistinct(Graph& g, GraphWeights* weights, const TurnEncoder& encoder, int lower,
                     const DistinctTurns& turns, Precision precision) {
  Value x = EmbedGraph(g, weights, encoder, turns.ids, turns.positions, precision);
  const Value own_turn = g.Range(g.Int(0), turns.turn_count);
  const AttentionPlan local = MakeAttentionPlan(g, turns.token_count, turns.turn_of, turns.start,
                                                turns.end, own_turn, /*window=*/0, kLocalBlock);
  const Value bias = weights->AddBias("encoder/same_turn", torch::zeros({1, 1}));
  for (int i = 0; i < lower; ++i) {
    x = LayerGraph(
        g, weights, fmt::format("encoder/layer.{}", i), x, encoder.layer(i), encoder.shape(),
        Looking(g, local, bias, 2, encoder.shape().heads, encoder.config().hidden), precision);
  }
  return x;
}

/// model/turn_encoder.h's Forward: (M, H).
Value EncodeTurns(Graph& g, GraphWeights* weights, const TurnEncoder& encoder,
                  const ArcInputs& inputs, Precision precision) {
  const auto scope = g.Enter("encoder");
  const EncoderConfig& config = encoder.config();
  const PackedInputs& in = inputs.packed;
  const bool mean = encoder.options().pool_mean;
  const int cross = encoder.options().cross_turn_layers, lower = config.layers - cross;
  Value x;
  if (lower > 0) {
    const DistinctTurns turns = FindDistinctTurns(g, inputs.padded, in, inputs.pad_id);
    x = EncodeDistinct(g, weights, encoder, lower, turns, precision);
    if (cross == 0) {
      return g.Gather(Pool(g, x, turns.start, turns.end, turns.lengths, mean), turns.turn_at);
    }
    x = g.Gather(x, turns.token_at);
  } else {
    x = EmbedGraph(g, weights, encoder, in.ids, in.positions, precision);
  }
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
  return Pool(g, x, in.start, in.end, in.lengths, mean);
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

/// Everything behind the inputs.
onnx::ModelDef FinishArcGraph(Graph* graph, const ArcInputs& in, const ArcModel& model,
                              const Calibration& calibration, Precision precision,
                              std::vector<std::pair<std::string, std::string>> metadata) {
  torch::NoGradGuard no_grad;
  Graph& g = *graph;
  GraphWeights weights(g);
  const Value turns = EncodeTurns(g, &weights, model.encoder(), in, precision);
  const Value x = Converse(g, &weights, model, turns, in.packed);
  HeadLogits logits = HeadsGraph(g, &weights, model, x);
  if (model.lexical()) {
    logits.outlook = g.Add(logits.outlook, AddLexicalShift(g, *model.lexical(), in.packed));
  }
  AddScores(g, logits, in.packed, calibration);
  return ModelOf(
      g, std::move(metadata),
      "arcsat: the state a customer is in at every turn of a conversation, and the chance that it "
      "ends satisfied; calibrated. Inputs and outputs: docs/bundle.md.");
}

}  // namespace

std::vector<std::string> GraphOutputs(const Calibration& calibration) {
  std::vector<std::string> outputs(std::begin(kGraphOutputs), std::end(kGraphOutputs));
  if (calibration.csat.boxes.fitted()) outputs.emplace_back("boxes");
  return outputs;
}

onnx::ModelDef BuildArcGraph(const ArcModel& model, const Calibration& calibration,
                             std::int64_t pad_id, const std::string& name, Precision precision) {
  Graph g("arcsat");
  return FinishArcGraph(
      &g, Packed(g, AddIdInputs(g), pad_id), model, calibration, precision,
      {{"model", name}, {"max_turn_tokens", std::to_string(model.options().max_turn_tokens)}});
}

onnx::ModelDef BuildTextArcGraph(const ArcModel& model, const Calibration& calibration,
                                 const Tokenizer& tokenizer, const std::string& name) {
  Graph g("arcsat");
  PaddedInputs in = AddTextInputs(g, tokenizer, model.options().max_turn_tokens);
  return FinishArcGraph(&g, Packed(g, std::move(in), tokenizer.pad_id()), model, calibration,
                        Precision::kFloat32, {{"model", name}});
}

}  // namespace arcsat
