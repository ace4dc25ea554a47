#pragma once

#include <string>

#include "eval/calibration.h"
#include "export/onnx_writer.h"

namespace arcsat {

class ArcModel;

/// Their names in the manifest; the files are NAME.onnx.
inline constexpr const char* kTurnEncoderName = "turn_encoder";
inline constexpr const char* kConversationStepName = "conversation_step";

/// A running conversation, a turn at a time, in two graphs (docs/bundle.md). Every output
/// `present_X` is the next turn's input `past_X`; for the first turn those are zeros whose varying
/// axes are 0.
///
/// `turn_encoder`: a turn's ids (L) and speaker to its vector (1, H), against keys and values of
/// the turns that it can see.
onnx::ModelDef BuildTurnEncoderGraph(const ArcModel& model, const std::string& name);

/// `conversation_step`: that vector, the turn's ids, speaker and time, to the figures of the
/// conversation so far: what the whole model says of it (BuildArcGraph), calibrated.
onnx::ModelDef BuildConversationStepGraph(const ArcModel& model, const Calibration& calibration,
                                          const std::string& name);

}  // namespace arcsat
