#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/survey.h"

namespace arcsat {

struct InspectOptions {
  bool skip_bad = false;
  int show = 1;  ///< conversations, scores or log lines shown whole
  SurveyOptions survey;
};

/// What was found, for a person and for a machine.
struct Inspection {
  std::string text;
  Json json;
};

Inspection InspectConversations(const std::string& path, const InspectOptions& options);
Inspection InspectScores(const std::string& path, const InspectOptions& options);
/// Whether a JSON value is what `split` writes as split.json.
bool IsSplit(const Json& json);
Inspection InspectSplit(const std::string& path);
/// A run folder: configuration, last metrics, checkpoints.
Inspection InspectRun(const std::filesystem::path& folder);
/// A model folder or a checkpoint: what it is, its tensors, its calibration.
Inspection InspectModel(const std::filesystem::path& folder);
/// One .safetensors file.
Inspection InspectTensors(const std::filesystem::path& file);

/// Text from outside, safe to show: control characters (C0 but the line end, DEL, and C1, which is
/// C2 80 to C2 9F in UTF-8), which could steer a terminal, as "·"; tabs and returns as spaces.
std::string Printable(const std::string& text);

/// A conversation as a person reads it, Printable; of a conversation with more than `most` turns
/// the middle is left out.
std::string Transcript(const Conversation& conversation, std::size_t most = 40);

/// "  train.lr   0.1" for every field, those inside objects under their joined names.
std::string FieldLines(const Json& object, const std::string& prefix);

/// Quantile of sorted numbers by nearest rank, q in 0..1; 0 where there are none.
double Quantile(const std::vector<double>& sorted, double q);

}  // namespace arcsat
