#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/survey.h"
#include "data/tokenizer.h"
#include "model/arc_model.h"

namespace arcsat {

/// A model with what it needs to read text.
struct LoadedModel {
  std::unique_ptr<ArcModel> model;
  std::unique_ptr<Tokenizer> tokenizer;
  SurveyOptions survey;  ///< what it was trained to predict
  std::string name;      ///< a short fingerprint of the weights
  std::filesystem::path folder;
};

/// A Hugging Face folder to begin from. Without model.safetensors the encoder starts from `seed`.
LoadedModel StartModel(const std::filesystem::path& encoder, const ModelOptions& options,
                       const SurveyOptions& survey, std::uint64_t seed);

/// Writes config.json, model.safetensors and the tokenizer's files into `folder`, which appears
/// whole; one of the same name is replaced. The encoder opens in transformers.AutoModel.
void SaveModel(const LoadedModel& loaded, const std::filesystem::path& folder);

/// Reads what SaveModel wrote, weights checked against the SHA-256 in config.json.
LoadedModel LoadModel(const std::filesystem::path& folder);

/// RUN/model when given a run folder, the folder itself otherwise. Error when it is neither.
std::filesystem::path ModelFolder(const std::filesystem::path& path);

}  // namespace arcsat
