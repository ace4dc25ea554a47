#include "export/stream_graph.h"

#include <fmt/format.h>

#include <optional>

#include "export/arc_graph.h"
#include "export/layer_graph.h"
#include "export/lexical_graph.h"
#include "export/memory_graph.h"
#include "export/packing.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

Value SpeakerInput(Graph& g) { return g.Input("speaker", Type::kInt64, {1}, kSpeakerMeaning); }

Value IdsInput(Graph& g) {
  return g.Input("input_ids", Type::kInt64, {"tokens"},
                 "token ids of the turn, special tokens included");
}

/// The vector of one turn (1, H) from its tokens (L, H).
Value PoolTurn(Graph& g, const Value& x, bool mean) {
  const auto scope = g.Enter("pool");
  if (!mean) return g.Slice(x, g.Ints({0}), g.Ints({1}), 0);
  const Value sum = g.Reduce("Sum", g.Cast(x, Type::kDouble), 0);
  const Value count = g.Cast(g.Size(x, 0), Type::kDouble);
  return g.Unsqueeze(g.Cast(g.Div(sum, count), Type::kFloat), 0);
}

/// The conversation encoder's layers, against what it remembers. x (1, D).
Value ConverseOn(Graph& g, GraphWeights* weights, const ArcModel& model, Value x) {
  const ArcModel::Upper& u = model.upper();
  const ModelOptions& options = model.options();
  if (u.layers.empty()) return x;
  GraphMemory memory(g, "conversation",
                     {static_cast<std::int64_t>(u.layers.size()), options.conversation_hidden,
                      options.conversation_heads, options.conversation_window,
                      /*token_is_turn=*/true},
                     g.Int(1));
  for (std::size_t i = 0; i < u.layers.size(); ++i) {
    const std::string name = fmt::format("conversation/layer.{}", i);
    const Value bias =
        weights->AddBias(name + "/turn_distance", u.bias[static_cast<std::int64_t>(i)]);
    x = LayerGraph(
        g, weights, name, x, u.layers[i], model.upper_shape(),
        [&](const Value& qkv) { return memory.Attend(qkv, bias); }, Precision::kFloat32);
  }
  memory.Finish();
  return x;
}

}  // namespace

onnx::ModelDef BuildTurnEncoderGraph(const ArcModel& model, const std::string& name) {
  torch::NoGradGuard no_grad;
  Graph g("turn_encoder");
  GraphWeights weights(g);
  const TurnEncoder& encoder = model.encoder();
  const EncoderConfig& config = encoder.config();
  const int cross = encoder.options().cross_turn_layers, lower = config.layers - cross;
  const Value ids = IdsInput(g);
  const Value tokens = g.Size(ids, 0);
  Value speaker;
  std::optional<GraphMemory> memory;
  if (cross > 0) {
    speaker = SpeakerInput(g);
    memory.emplace(g, "tokens",
                   GraphMemory::Shape{cross, config.hidden, config.heads, encoder.options().window,
                                      /*token_is_turn=*/false},
                   tokens);
  }
  Value x = EmbedGraph(g, &weights, encoder, ids, g.Range(g.Int(0), tokens), Precision::kFloat32);
  for (int i = 0; i < config.layers; ++i) {
    const std::string layer = fmt::format("encoder/layer.{}", i);
    GraphAttention attention = [&](const Value& qkv) {
      return DenseAttention(g, qkv, config.heads, config.hidden);
    };
    if (i >= lower) {
      const Value bias = weights.AddBias(layer + "/turn_distance", encoder.bias()[i - lower]);
      attention = [&memory, bias](const Value& qkv) { return memory->Attend(qkv, bias); };
    }
    if (i == lower) {
      x = g.Add(x, g.Gather(weights.Add("encoder/speaker", encoder.speaker()), speaker));
    }
    x = LayerGraph(g, &weights, layer, x, encoder.layer(i), encoder.shape(), attention,
                   Precision::kFloat32);
  }
  g.Output("turn", PoolTurn(g, x, encoder.options().pool_mean), Type::kFloat, {1, config.hidden},
           "the turn's vector, for conversation_step");
  if (memory) memory->Finish();
  return ModelOf(g, {{"model", name}}, "arcsat: one turn of a running conversation to its vector");
}

onnx::ModelDef BuildConversationStepGraph(const ArcModel& model, const Calibration& calibration,
                                          const std::string& name) {
  torch::NoGradGuard no_grad;
  Graph g("conversation_step");
  GraphWeights weights(g);
  const Value turn = g.Input("turn", Type::kFloat, {1, model.encoder().config().hidden},
                             "the turn's vector, of turn_encoder");
  const Value speaker = SpeakerInput(g);
  const Value channel = g.Input("channel", Type::kInt64, {1}, kChannelMeaning);
  const Value gap = g.Input("gap_seconds", Type::kFloat, {1}, kGapMeaning);
  const Value count = g.Input("past_count", Type::kInt64, {1}, "turns before this one");
  const Value states = g.Input("past_states", Type::kDouble, {"ends"},
                               "states at the customer's first and last turn so far");
  Value x =
      ConversationInput(g, &weights, model, turn, TurnFeatures(g, gap, count), speaker, channel);
  x = ConversationNorm(g, &weights, model, ConverseOn(g, &weights, model, x));
  HeadLogits logits = HeadsGraph(g, &weights, model, x);
  std::optional<LexicalTurn> words;
  if (model.lexical()) {
    const Value ids = IdsInput(g);
    const Value before = g.Input("past_words", Type::kInt64, {"words"},
                                 "words and pairs of the turns before, each once");
    const Value said = g.Input("past_said", Type::kInt64, {1}, "how many there were in all");
    words = AddLexicalTurn(g, *model.lexical(), ids, speaker, before, said);
    logits.outlook = g.Add(logits.outlook, words->shift);
  }
  const Value ends = AddTurnScores(g, logits, speaker, states, calibration);
  g.Output("present_count", g.Add(count, g.Int(1)), Type::kInt64, {1}, "turns so far");
  g.Output("present_states", ends, Type::kDouble, {"ends_now"},
           "states at the customer's first and last turn so far");
  if (words) {
    g.Output("present_words", words->words, Type::kInt64, {"words_now"},
             "words and pairs so far, each once");
    g.Output("present_said", words->said, Type::kInt64, {1}, "how many there were in all");
  }
  return ModelOf(g, {{"model", name}},
                 "arcsat: the state of a running conversation after one more turn");
}

}  // namespace arcsat
