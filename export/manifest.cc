#include "export/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "export/arc_graph.h"
#include "export/graph_builder.h"
#include "export/packing.h"
#include "export/stream_graph.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "arcsat-bundle";
constexpr const char* kRemedy = "export the model again: arcsat export --model RUN --out BUNDLE";

Json Tensor(const char* name, const char* type, Json shape, const char* meaning) {
  return {{"name", name}, {"type", type}, {"shape", std::move(shape)}, {"meaning", meaning}};
}

Json Inputs() {
  const Json turns = {"batch", "turns"};
  return {
      Tensor("input_ids", "int64", {"batch", "turns", "tokens"},
             "token ids of each turn, special tokens included, padded with any id"),
      Tensor("turn_tokens", "int64", turns, "how many of a turn's ids are real; 0: no such turn"),
      Tensor("speaker", "int64", turns, kSpeakerMeaning),
      Tensor("channel", "int64", Json::array({"batch"}), kChannelMeaning),
      Tensor("gap_seconds", "float32", turns, kGapMeaning)};
}

Json Outputs(const CsatMap& csat) {
  const Json turns = {"batch", "turns"}, batch = Json::array({"batch"});
  Json outputs = {
      Tensor("state", "float32", turns,
             "how satisfied the customer is, 0..1; read it at the customer's turns"),
      Tensor("outlook", "float32", turns, "chance that the conversation ends satisfied, 0..1"),
      Tensor("entry", "float32", batch, "state at the customer's first turn"),
      Tensor("exit", "float32", batch, "state at the customer's last turn"),
      Tensor("delta", "float32", batch, "exit - entry, -1..1"),
      Tensor("p_satisfied", "float32", batch, "chance of a satisfied answer, 0..1"),
      Tensor("interval", "float32", {"batch", 2},
             "95% interval of p_satisfied; NaN where the calibration has none"),
      Tensor("csat", "float32", batch,
             "expected answer on the survey's scale; NaN where it was not fitted")};
  if (csat.boxes.fitted()) {
    outputs.push_back(
        Tensor("boxes", "float32", {"batch", static_cast<int>(csat.high - csat.low) + 1},
               "chance of each answer of the survey's scale, lowest first; together 1"));
  }
  return outputs;
}

std::string TextLayout(const LoadedModel& loaded) {
  const auto files = loaded.tokenizer->files();
  if (!files.empty() && files.front().filename() == "vocab.txt") return "wordpiece";
  const bool albert = loaded.encoder_config().family == EncoderFamily::kAlbert;
  return albert ? "albert" : "xlm-roberta";
}

Json FileList(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != kManifestName) names.insert(name);
  }
  Json files = Json::object();
  for (const std::string& name : names) {
    files[name] = {{"bytes", fs::file_size(folder / name)}, {"sha256", Sha256File(folder / name)}};
  }
  return files;
}

/// The value at a path of keys, or null.
const Json& At(const Json& json, std::initializer_list<const char*> keys) {
  static const Json kNull;
  const Json* at = &json;
  for (const char* key : keys) {
    if (!at->is_object() || !at->contains(key)) return kNull;
    at = &(*at)[key];
  }
  return *at;
}

/// `shown` of `part`: what was measured of each output.
void CheckParity(const Json& manifest, const Json& shown, const std::string& part,
                 std::vector<std::string>* problems) {
  std::set<std::string> outputs(std::begin(kGraphOutputs), std::end(kGraphOutputs));
  const Json& told = At(manifest, {"graph", "outputs"});
  for (std::size_t i = 0; told.is_array() && i < told.size(); ++i) {
    const Json& name = At(told[i], {"name"});
    if (name.is_string()) outputs.insert(name.get<std::string>());
  }
  for (const std::string& output : outputs) {
    const Json& value = At(shown, {output.c_str()});
    if (!value.is_number()) {
      problems->push_back(fmt::format("manifest.json: {} of \"{}\" was not shown", part, output));
    } else if (!(value.get<double>() <= kParityTolerance)) {
      problems->push_back(fmt::format("manifest.json: {} of \"{}\" is {}, more than {}", part,
                                      output, value.get<double>(), kParityTolerance));
    }
  }
}

bool IsListed(const Json& manifest, const Json& file) {
  return file.is_string() &&
         !At(manifest, {"files", file.get_ref<const std::string&>().c_str()}).is_null();
}

void CheckVariants(const Json& manifest, std::vector<std::string>* problems) {
  const Json& variants = At(manifest, {"variants"});
  if (!variants.is_object()) return;
  for (const auto& [name, variant] : variants.items()) {
    if (!IsListed(manifest, At(variant, {"file"}))) {
      problems->push_back(fmt::format("manifest.json: variants.{}: its file is not listed", name));
    }
    if (!At(variant, {"golden_difference"}).is_number()) {
      problems->push_back(fmt::format("manifest.json: variants.{} was not measured", name));
    }
  }
}

void CheckStream(const Json& manifest, std::vector<std::string>* problems) {
  const Json& stream = At(manifest, {"stream"});
  if (stream.is_null()) return;
  for (const char* name : {kTurnEncoderName, kConversationStepName}) {
    if (!IsListed(manifest, At(stream, {name, "file"}))) {
      problems->push_back(fmt::format("manifest.json: stream.{}: its file is not listed", name));
    }
  }
  CheckParity(manifest, At(stream, {"max_abs_difference"}), "turn-by-turn parity", problems);
}

void CheckText(const Json& manifest, std::vector<std::string>* problems) {
  const Json& graph = At(manifest, {"text_graph"});
  if (graph.is_null()) return;
  if (!IsListed(manifest, At(graph, {"file"}))) {
    problems->push_back("manifest.json: text_graph: its file is not listed");
  }
  const Json& golden = At(graph, {"golden"});
  if (!golden.is_number_integer() || golden < 1 || !At(graph, {"golden_difference"}).is_number()) {
    problems->push_back("manifest.json: text_graph was not measured");
  }
}

void CheckFile(const fs::path& bundle, const std::string& name, const Json& told,
               std::vector<std::string>* problems) {
  const fs::path path = bundle / name;
  if (name.empty() || fs::path(name).filename() != name || !At(told, {"sha256"}).is_string()) {
    problems->push_back(
        fmt::format("manifest.json: files: \"{}\" is no plain file's name and sum", name));
  } else if (fs::is_symlink(path)) {
    problems->push_back(fmt::format("{} is a link; expected a regular file", name));
  } else if (!fs::is_regular_file(path)) {
    problems->push_back(fmt::format("{} is missing, or no regular file", name));
  } else if (At(told, {"bytes"}) != fs::file_size(path)) {
    problems->push_back(fmt::format("{} has {} bytes, the manifest says {}", name,
                                    fs::file_size(path), At(told, {"bytes"}).dump()));
  } else if (const std::string sum = Sha256File(path); sum != told["sha256"].get<std::string>()) {
    problems->push_back(fmt::format("{} was changed: its SHA-256 is {}, the manifest says {}", name,
                                    sum, told["sha256"].get<std::string>()));
  }
}

}  // namespace

Json MakeManifest(const LoadedModel& loaded, const Calibration& calibration, bool calibrated,
                  int golden, const fs::path& folder) {
  const Tokenizer& tokenizer = *loaded.tokenizer;
  const CsatMap& csat = calibration.csat;
  const EncoderConfig& encoder = loaded.encoder_config();
  Json provenance = encoder.original.contains("arcsat") ? encoder.original["arcsat"] : Json();
  const std::string made_with =
      fmt::format("arcsat {}, LibTorch {}", ARCSAT_VERSION, TorchVersion());
  return {{"format", kFormat},
          {"version", kBundleVersion},
          {"model", loaded.name},
          {"made_with", made_with},
          {"graph",
           {{"file", "model.onnx"},
            {"opset", onnx::kOpset},
            {"ir_version", onnx::kIrVersion},
            {"inputs", Inputs()},
            {"outputs", Outputs(csat)}}},
          {"text",
           {{"layout", TextLayout(loaded)},
            {"file", tokenizer.files().front().filename().string()},
            {"max_turn_tokens", loaded.options().max_turn_tokens},
            {"begin_id", tokenizer.begin_id()},
            {"end_id", tokenizer.end_id()},
            {"pad_id", tokenizer.pad_id()},
            {"unknown_id", tokenizer.unknown_id()},
            {"ids", tokenizer.size()}}},
          {"scoring",
           {{"calibrated", calibrated},
            {"labels", calibration.labels},
            {"p_satisfied_from", calibration.chosen},
            {"threshold", calibration.threshold},
            {"threshold_rule", calibration.threshold_rule},
            {"target", loaded.survey.target},
            {"satisfied_from", loaded.survey.satisfied_from},
            {"outlook_map", calibration.outlook.method},
            {"csat_scale", csat.fitted ? Json::array({csat.low, csat.high}) : Json()}}},
          {"provenance", provenance},
          {"golden", {{"file", "golden.jsonl"}, {"conversations", golden}}},
          {"parity", nullptr},
          {"files", FileList(folder)}};
}

Json DescribeGraph(const onnx::GraphDef& graph, const std::string& file) {
  const auto type = [](onnx::Type t) {
    if (t == onnx::Type::kInt64) return "int64";
    if (t == onnx::Type::kString) return "string";
    return t == onnx::Type::kDouble ? "float64" : "float32";
  };
  const auto list = [&](const std::vector<onnx::ValueInfo>& values) {
    Json all = Json::array();
    for (const onnx::ValueInfo& value : values) {
      Json shape = Json::array();
      for (const onnx::Dim& dim : value.shape) {
        std::visit([&shape](const auto& size) { shape.push_back(size); }, dim);
      }
      all.push_back(Tensor(value.name.c_str(), type(value.type), shape, value.doc.c_str()));
    }
    return all;
  };
  return {{"file", file}, {"inputs", list(graph.inputs)}, {"outputs", list(graph.outputs)}};
}

void ListFiles(const fs::path& folder, Json* manifest) { (*manifest)["files"] = FileList(folder); }

void AddParity(const CheckReport& report, Json* manifest) {
  (*manifest)["parity"] = {{"tolerance", kParityTolerance},
                           {"cases", report.cases},
                           {"max_abs_difference", report.parity},
                           {"golden_difference", report.golden_difference},
                           {"versions", report.versions}};
  if (manifest->contains("stream")) {
    (*manifest)["stream"]["max_abs_difference"] = report.stream.parity;
    (*manifest)["stream"]["golden_difference"] = report.stream.golden_difference;
    (*manifest)["stream"]["turns"] = report.stream.turns;
  }
  if (manifest->contains("text_graph")) {
    (*manifest)["text_graph"]["golden"] = report.text.golden;
    (*manifest)["text_graph"]["golden_difference"] = report.text.golden_difference;
    (*manifest)["text_graph"]["scripts"] = report.text.scripts;
  }
}

Json ReadManifest(const fs::path& bundle) {
  const fs::path path = bundle / kManifestName;
  if (fs::is_symlink(path) || !fs::is_regular_file(path)) {
    throw Error({path.string(), fs::is_symlink(path) ? "is a link" : "is missing",
                 "expected a bundle that arcsat export made", "check the path, or export again"});
  }
  Json manifest = ParseJson(ReadFile(path, 16U << 20), {path.string(), kRemedy});
  if (At(manifest, {"format"}) != kFormat || !At(manifest, {"version"}).is_number_integer()) {
    throw Error({path.string(), "is no manifest of a bundle",
                 fmt::format("expected \"format\": \"{}\" and a version", kFormat), kRemedy});
  }
  if (manifest["version"] > kBundleVersion) {
    throw Error({path.string(), "found version " + manifest["version"].dump(),
                 fmt::format("expected at most {}", kBundleVersion), "use a newer arcsat"});
  }
  return manifest;
}

std::vector<std::string> CheckManifest(const Json& manifest, const fs::path& bundle) {
  std::vector<std::string> problems;
  for (const auto& [part, field] :
       {std::pair("graph", "inputs"), std::pair("graph", "outputs"),
        std::pair("text", "max_turn_tokens"), std::pair("scoring", "threshold"),
        std::pair("golden", "conversations")}) {
    if (At(manifest, {part, field}).is_null()) {
      problems.push_back(fmt::format("manifest.json: {}.{} is missing", part, field));
    }
  }
  if (!At(manifest, {"golden", "conversations"}).is_number_integer()) {
    problems.push_back("manifest.json: golden.conversations is no number");
  }
  CheckParity(manifest, At(manifest, {"parity", "max_abs_difference"}), "parity", &problems);
  const Json& files = At(manifest, {"files"});
  CheckVariants(manifest, &problems);
  CheckStream(manifest, &problems);
  CheckText(manifest, &problems);
  for (const char* needed : {"model.onnx", "golden.jsonl", "calibration.json"}) {
    if (At(files, {needed}).is_null()) {
      problems.push_back(fmt::format("manifest.json: files: {} is not listed", needed));
    }
  }
  if (files.is_object()) {
    for (const auto& [name, told] : files.items()) CheckFile(bundle, name, told, &problems);
  }
  for (const auto& entry : fs::directory_iterator(bundle)) {
    const std::string name = entry.path().filename().string();
    if (name != kManifestName && !(files.is_object() && files.contains(name))) {
      problems.push_back(fmt::format("{} is not in the manifest", name));
    }
  }
  return problems;
}

}  // namespace arcsat
