#pragma once

#include <functional>
#include <string>

#include "export/calibration_graph.h"
#include "export/graph_weights.h"
#include "model/arc_model.h"

namespace arcsat {

/// Queries, keys and values side by side (P, 3H) to what each token attends to (P, H).
using GraphAttention = std::function<onnx::Value(const onnx::Value& qkv)>;

/// model/layers.h's TransformerLayer, (P, H) to (P, H); its constants go under `name`
/// ("encoder/layer.0"), and nodes under the last part of that.
onnx::Value LayerGraph(onnx::Graph& g, GraphWeights* weights, const std::string& name,
                       const onnx::Value& x, const LayerWeights& w, const LayerShape& shape,
                       const GraphAttention& attention, Precision precision);

/// The encoder's embeddings of token ids (P) at places in their turns (P): (P, H).
onnx::Value EmbedGraph(onnx::Graph& g, GraphWeights* weights, const TurnEncoder& encoder,
                       const onnx::Value& ids, const onnx::Value& positions, Precision precision);

/// What the conversation encoder begins with (M, D): the turns' vectors (M, H), their features
/// (M, 3), speakers (M) and channels (M).
onnx::Value ConversationInput(onnx::Graph& g, GraphWeights* weights, const ArcModel& model,
                              const onnx::Value& turns, const onnx::Value& features,
                              const onnx::Value& speaker, const onnx::Value& channel);
/// The norm after its last layer.
onnx::Value ConversationNorm(onnx::Graph& g, GraphWeights* weights, const ArcModel& model,
                             const onnx::Value& x);

/// (M, D) to the heads' log-odds.
HeadLogits HeadsGraph(onnx::Graph& g, GraphWeights* weights, const ArcModel& model,
                      const onnx::Value& x);

}  // namespace arcsat
