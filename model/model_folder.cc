#include "model/model_folder.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "model/arc_model.h"
#include "model/mlm_head.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
constexpr int kFormatVersion = 1;

Json DescribeModel(const LoadedModel& loaded, const std::string& sha256) {
  const ModelOptions& o = loaded.model->options();
  return {{"format", "arcsat-model"},
          {"version", kFormatVersion},
          {"cross_turn_layers", loaded.model->encoder().options().cross_turn_layers},
          {"cross_turn_window", o.cross_turn_window},
          {"pooling", o.pooling},
          {"conversation_layers", o.conversation_layers},
          {"conversation_hidden", o.conversation_hidden},
          {"conversation_heads", o.conversation_heads},
          {"conversation_window", o.conversation_window},
          {"boxes", o.boxes},
          {"dropout", o.dropout},
          {"max_turn_tokens", o.max_turn_tokens},
          {"survey_target", loaded.survey.target},
          {"satisfied_from", loaded.survey.satisfied_from},
          {"sha256", sha256}};
}

template <class T>
T Get(const Json& json, const char* key, const std::string& place) {
  try {
    return json.at(key).get<T>();
  } catch (const Json::exception&) {
    throw Error({place, fmt::format("\"arcsat.{}\" is missing or of the wrong type", key),
                 "expected a model that this program saved", "save the model again"});
  }
}

ModelOptions ReadModelOptions(const Json& json, const std::string& place) {
  ModelOptions o;
  o.cross_turn_layers = Get<int>(json, "cross_turn_layers", place);
  o.cross_turn_window = Get<int>(json, "cross_turn_window", place);
  o.pooling = Get<std::string>(json, "pooling", place);
  o.conversation_layers = Get<int>(json, "conversation_layers", place);
  o.conversation_hidden = Get<int>(json, "conversation_hidden", place);
  o.conversation_heads = Get<int>(json, "conversation_heads", place);
  o.conversation_window = Get<int>(json, "conversation_window", place);
  o.boxes = Get<int>(json, "boxes", place);
  o.dropout = Get<double>(json, "dropout", place);
  o.max_turn_tokens = Get<int>(json, "max_turn_tokens", place);
  const bool sane =
      o.cross_turn_layers >= 0 && o.cross_turn_window >= 1 && o.conversation_layers >= 0 &&
      o.conversation_layers <= 64 && o.conversation_hidden >= 1 && o.conversation_hidden <= 16384 &&
      o.conversation_heads >= 1 && o.conversation_hidden % o.conversation_heads == 0 &&
      o.conversation_window >= 1 && o.boxes >= 2 && o.boxes <= 100 && o.max_turn_tokens >= 2 &&
      (o.pooling == "mean" || o.pooling == "first");
  if (!sane) {
    throw Error({place, "\"arcsat\" holds a size out of range", "expected a model that was saved",
                 "copy the folder again"});
  }
  return o;
}

void CheckSizes(const LoadedModel& loaded) {
  const auto& config = loaded.model->encoder().config();
  if (loaded.tokenizer->size() > config.vocabulary) {
    throw Error({loaded.folder.string(),
                 fmt::format("the tokenizer has {} ids, the encoder {} rows",
                             loaded.tokenizer->size(), config.vocabulary),
                 "expected a tokenizer no larger than the encoder's vocabulary",
                 "check that the tokenizer's files and config.json belong together"});
  }
  if (loaded.model->options().max_turn_tokens > config.max_length()) {
    throw Error({"model.max_turn_tokens",
                 fmt::format("is {}", loaded.model->options().max_turn_tokens),
                 fmt::format("expected at most {}, the encoder's positions", config.max_length()),
                 "choose a smaller number"});
  }
}

void DemandLayers(const EncoderConfig& config, int layers) {
  const bool albert = config.family == EncoderFamily::kAlbert && config.groups > 1;
  if (layers <= config.layers && !(albert && layers < config.layers && layers > 0)) return;
  throw UsageError({"model.encoder_layers", fmt::format("is {}", layers),
                    albert ? "expected all: this ALBERT's layers share several sets of weights"
                           : fmt::format("expected at most {}, the encoder's", config.layers),
                    "leave it out to take all"});
}

/// Leaves the lowest `layers` of an encoder: the others' weights, and what was learned for them of
/// speakers and distances, are taken out.
void TakeLowest(int layers, EncoderConfig* config, TensorFile* weights) {
  const int whole = std::exchange(config->layers, layers);
  config->original["num_hidden_layers"] = layers;
  const std::string mark = "encoder.layer.";
  std::erase_if(weights->tensors, [&](const auto& one) {
    const auto at = one.first.find(mark);
    return at != std::string::npos && std::atoi(one.first.c_str() + at + mark.size()) >= layers;
  });
  const auto distance = weights->tensors.find("arcsat.turn_distance");
  if (distance == weights->tensors.end() || distance->second.dim() == 0) return;
  const auto left = distance->second.size(0) - (whole - layers);  // of the layers across turns
  if (left > 0) {
    distance->second = distance->second.narrow(0, 0, left).contiguous();
  } else {
    weights->tensors.erase(distance);
    weights->tensors.erase("arcsat.speaker");
  }
}

}  // namespace

LoadedModel StartModel(const fs::path& encoder, const ModelOptions& options,
                       const SurveyOptions& survey, std::uint64_t seed) {
  LoadedModel loaded;
  loaded.folder = encoder;
  loaded.survey = survey;
  loaded.tokenizer = LoadTokenizer(encoder);
  EncoderConfig config = ReadEncoderConfig(encoder);
  DemandLayers(config, options.encoder_layers);
  TensorFile weights;
  const bool pretrained = fs::exists(encoder / "model.safetensors");
  if (pretrained) weights = ReadSafetensors(encoder / "model.safetensors");
  if (options.encoder_layers > 0) TakeLowest(options.encoder_layers, &config, &weights);
  loaded.model = std::make_shared<ArcModel>(config, options, pretrained ? &weights : nullptr, seed);
  CheckSizes(loaded);
  return loaded;
}

namespace {

/// SHA-256 of the tokenizer's files, by name: a changed vocabulary would give other ids, unseen.
Json TokenizerSums(const Tokenizer& tokenizer) {
  Json sums = Json::object();
  for (const fs::path& file : tokenizer.files()) {
    sums[file.filename().string()] = Sha256File(file);
  }
  return sums;
}

void FillModelFolder(const LoadedModel& loaded, const fs::path& folder) {
  WriteSafetensors(folder / "model.safetensors",
                   {loaded.model->NamedTensors(), {{"format", "pt"}}});
  Json config = loaded.encoder_config().original;
  config["arcsat"] = DescribeModel(loaded, Sha256File(folder / "model.safetensors"));
  config["arcsat"]["tokenizer_sha256"] = TokenizerSums(*loaded.tokenizer);
  WriteFile(folder / "config.json", config.dump(2) + "\n");
}

struct MaskedLmNames {
  std::string prefix;        ///< of the encoder's tensors beside a head
  std::string architecture;  ///< transformers' class of both
};

MaskedLmNames NamesOf(const EncoderConfig& config) {
  switch (config.family) {
    case EncoderFamily::kBert:
      return {"bert.", "BertForMaskedLM"};
    case EncoderFamily::kAlbert:
      return {"albert.", "AlbertForMaskedLM"};
    case EncoderFamily::kXlmRoberta:
      break;
  }
  const bool multilingual = config.original.value("model_type", "") == "xlm-roberta";
  return {"roberta.", multilingual ? "XLMRobertaForMaskedLM" : "RobertaForMaskedLM"};
}

void FillEncoderFolder(const LoadedModel& loaded, const MlmHead& head, const fs::path& folder) {
  const TurnEncoder& encoder = loaded.model->encoder();
  const MaskedLmNames names = NamesOf(loaded.encoder_config());
  std::map<std::string, torch::Tensor> tensors = head.tensors();
  for (const auto& [name, tensor] : encoder.HuggingFaceTensors()) {
    tensors.emplace(names.prefix + name, tensor);
  }
  if (encoder.speaker().defined()) {
    tensors["arcsat.speaker"] = encoder.speaker();
    tensors["arcsat.turn_distance"] = encoder.bias();
  }
  WriteSafetensors(folder / "model.safetensors", {tensors, {{"format", "pt"}}});
  Json config = loaded.encoder_config().original;
  config.erase("arcsat");
  config["architectures"] = {names.architecture};
  WriteFile(folder / "config.json", config.dump(2) + "\n");
}

void CheckSum(const fs::path& path, const std::string& expected) {
  const std::string sum = Sha256File(path);
  if (sum == expected) return;
  throw Error({path.string(), "SHA-256 is " + sum, "expected " + expected,
               "the file changed or was cut short after it was saved; copy the folder again"});
}

/// Makes `folder` by `fill` under another name, with the tokenizer's files, and renames it.
void ReplaceFolder(const fs::path& folder, const LoadedModel& loaded,
                   const std::function<void(const fs::path&)>& fill) {
  fs::path part = folder;
  part += fmt::format(".part{}", ::getpid());
  fs::remove_all(part);
  std::error_code code;
  fs::create_directories(part, code);
  if (code) {
    throw Error({part.string(), "cannot be made: " + code.message(), "a folder that can be written",
                 "choose another --out"});
  }
  try {
    fill(part);
    for (const fs::path& file : loaded.tokenizer->files()) {
      WriteFile(part / file.filename(), ReadFile(file));
    }
    SyncFolder(part);
  } catch (...) {
    fs::remove_all(part, code);  // nothing half-written stays
    throw;
  }
  // The old folder steps aside first: at every moment one whole model lies under one of the names.
  fs::path old = folder;
  old += ".old";
  if (fs::exists(folder)) {
    fs::remove_all(old);
    fs::rename(folder, old);
  }
  fs::rename(part, folder);
  SyncFolder(folder.parent_path().empty() ? fs::path(".") : folder.parent_path());
  fs::remove_all(old);
}

}  // namespace

void SaveModel(const LoadedModel& loaded, const fs::path& folder) {
  ReplaceFolder(folder, loaded, [&](const fs::path& part) { FillModelFolder(loaded, part); });
}

void SaveEncoder(const LoadedModel& loaded, const MlmHead& head, const fs::path& folder) {
  ReplaceFolder(folder, loaded,
                [&](const fs::path& part) { FillEncoderFolder(loaded, head, part); });
}

LoadedModel LoadModel(const fs::path& folder) {
  const std::string place = (folder / "config.json").string();
  const EncoderConfig config = ReadEncoderConfig(folder);
  if (!config.original.contains("arcsat") || !config.original["arcsat"].is_object()) {
    throw Error({place, "has no \"arcsat\" part: this is an encoder, not a trained model",
                 "expected the model folder of a run", "train one first: arcsat train"});
  }
  const Json& ours = config.original["arcsat"];
  if (const int version = Get<int>(ours, "version", place); version > kFormatVersion) {
    throw Error({place, fmt::format("format version {}", version),
                 fmt::format("expected at most {}", kFormatVersion), "use a newer arcsat"});
  }
  const fs::path weights_path = folder / "model.safetensors";
  const std::string sum = Get<std::string>(ours, "sha256", place);
  CheckSum(weights_path, sum);
  // Models saved before the sums were kept lack them.
  const Json sums = ours.contains("tokenizer_sha256") ? ours["tokenizer_sha256"] : Json::object();
  for (const auto& [name, value] : sums.items()) {
    // The name comes from the file: it must not lead out of the folder.
    CheckSum(folder / fs::path(name).filename(), Get<std::string>(sums, name.c_str(), place));
  }
  const TensorFile weights = ReadSafetensors(weights_path);
  LoadedModel loaded;
  loaded.folder = folder;
  loaded.survey.target = Get<std::string>(ours, "survey_target", place);
  loaded.survey.satisfied_from = Get<double>(ours, "satisfied_from", place);
  loaded.tokenizer = LoadTokenizer(folder);
  loaded.model = std::make_shared<ArcModel>(config, ReadModelOptions(ours, place), &weights, 0);
  loaded.name = sum.substr(0, 12);
  CheckSizes(loaded);
  return loaded;
}

fs::path ModelFolder(const fs::path& path) {
  // Where saving ended between two renames the model still has its old name (SaveModel).
  for (const fs::path& candidate : {path / "model", path, path / "model.old"}) {
    if (fs::exists(candidate / "config.json")) return candidate;
  }
  throw Error({path.string(), fs::exists(path) ? "holds no config.json" : "does not exist",
               "expected a run folder or its model folder", "check the path"});
}

fs::path EncoderFolder(const fs::path& path) {
  if (fs::exists(path / "config.json")) return path;
  for (const char* of_run : {"encoder", "model"}) {
    if (fs::exists(path / of_run / "config.json")) return path / of_run;
  }
  return path;
}

const ModelOptions& LoadedModel::options() const { return model->options(); }

const EncoderConfig& LoadedModel::encoder_config() const { return model->encoder().config(); }

ConversationEncoder LoadedModel::MakeEncoder() const {
  return ConversationEncoder(*tokenizer, {options().max_turn_tokens}, options().boxes);
}

void UseThreads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

const char* TorchVersion() { return TORCH_VERSION; }

}  // namespace arcsat
