#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/encoded.h"
#include "data/survey.h"
#include "data/tokenizer.h"
#include "model/encoder_config.h"
#include "model/options.h"

namespace arcsat {

// model/arc_model.h and model/mlm_head.h take LibTorch's headers, which most readers do not need.
class ArcModel;
class MlmHead;

/// A model with what it needs to read text.
struct LoadedModel {
  std::shared_ptr<ArcModel> model;  ///< never null once loaded
  std::unique_ptr<Tokenizer> tokenizer;
  SurveyOptions survey;  ///< what it was trained to predict
  std::string name;      ///< a short fingerprint of the weights
  std::filesystem::path folder;

  const ModelOptions& options() const;
  const EncoderConfig& encoder_config() const;
  /// Of conversations, for this model.
  ConversationEncoder MakeEncoder() const;
};

/// A Hugging Face folder to begin from. Without model.safetensors the encoder starts from `seed`.
LoadedModel StartModel(const std::filesystem::path& encoder, const ModelOptions& options,
                       const SurveyOptions& survey, std::uint64_t seed);

/// Writes config.json, model.safetensors and the tokenizer's files into `folder`, which appears
/// whole; one of the same name is replaced. The encoder opens in transformers.AutoModel.
void SaveModel(const LoadedModel& loaded, const std::filesystem::path& folder);

/// The encoder and the head of masked language modelling alone, as a Hugging Face folder. What the
/// encoder learned of turns (arcsat.speaker, arcsat.turn_distance) is kept there for StartModel;
/// transformers passes it over.
void SaveEncoder(const LoadedModel& loaded, const MlmHead& head,
                 const std::filesystem::path& folder);

/// Reads what SaveModel wrote, weights checked against the SHA-256 in config.json.
LoadedModel LoadModel(const std::filesystem::path& folder);

/// RUN/model when given a run folder, the folder itself otherwise. Error when it is neither.
std::filesystem::path ModelFolder(const std::filesystem::path& path);

/// RUN/encoder or RUN/model when given a run folder, the folder itself otherwise.
std::filesystem::path EncoderFolder(const std::filesystem::path& path);

/// LibTorch's threads from now on; its own choice where `threads` is 0.
void UseThreads(int threads);

/// "2.13.0", the LibTorch that the program was built with.
const char* TorchVersion();

}  // namespace arcsat
