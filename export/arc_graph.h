#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/calibration.h"
#include "export/onnx_writer.h"
#include "export/precision.h"

namespace arcsat {

class ArcModel;
class Tokenizer;

/// Names of the outputs that every graph has, in order.
inline constexpr const char* kGraphOutputs[] = {"state", "outlook",     "entry",    "exit",
                                                "delta", "p_satisfied", "interval", "csat"};
/// Those of a graph with this calibration: "boxes" too where it has them.
std::vector<std::string> GraphOutputs(const Calibration& calibration);

/// The whole model, calibration included, as one ONNX graph (inputs and outputs: docs/bundle.md).
/// `precision` is the encoder's; what follows it is fp32, and the last few operations a turn
/// calibrate in double precision as the program does. Padding is taken out at the beginning and
/// never computed. The definition shares the model's weights; it stays valid when the model is
/// destroyed.
onnx::ModelDef BuildArcGraph(const ArcModel& model, const Calibration& calibration,
                             std::int64_t pad_id, const std::string& name,
                             Precision precision = Precision::kFloat32);

/// The same with texts in place of ids: the tokenizer is inside the graph, in operators of ONNX
/// Runtime Extensions (export/text_graph.h, and its errors). fp32.
onnx::ModelDef BuildTextArcGraph(const ArcModel& model, const Calibration& calibration,
                                 const Tokenizer& tokenizer, const std::string& name);

}  // namespace arcsat
