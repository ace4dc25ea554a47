#include "model/encoder_config.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

class Reader {
 public:
  Reader(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

  int Size(const char* key, int low, int high) const {
    if (!json_.contains(key))
      Fail(key, "is missing", fmt::format("a whole number {}..{}", low, high));
    return Size(key, low, high, 0);
  }
  int Size(const char* key, int low, int high, int otherwise) const {
    if (!json_.contains(key) || json_[key].is_null()) return otherwise;
    const auto wanted = fmt::format("a whole number {}..{}", low, high);
    if (!json_[key].is_number_integer()) Fail(key, "is " + json_[key].dump(), wanted);
    const auto value = json_[key].get<std::int64_t>();
    if (value < low || value > high) Fail(key, fmt::format("is {}", value), wanted);
    return static_cast<int>(value);
  }
  double Number(const char* key, double otherwise) const {
    if (!json_.contains(key)) return otherwise;
    if (!json_[key].is_number()) Fail(key, "is " + json_[key].dump(), "a number");
    return json_[key].get<double>();
  }
  std::string Text(const char* key, const std::string& otherwise) const {
    if (!json_.contains(key)) return otherwise;
    if (!json_[key].is_string()) Fail(key, "is " + json_[key].dump(), "text");
    return json_[key].get<std::string>();
  }
  [[noreturn]] void Fail(const std::string& key, const std::string& found,
                         const std::string& expected) const {
    throw Error({place_, fmt::format("\"{}\" {}", key, found), "expected " + expected,
                 "give the folder of a BERT, RoBERTa, XLM-R or ALBERT encoder"});
  }

 private:
  const Json& json_;
  std::string place_;
};

Activation ReadActivation(const Reader& read) {
  const std::string name = read.Text("hidden_act", "gelu");
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  read.Fail("hidden_act", "is \"" + name + "\"", "gelu, gelu_new or relu");
}

EncoderFamily ReadFamily(const Reader& read) {
  const std::string type = read.Text("model_type", "");
  if (type == "bert") return EncoderFamily::kBert;
  if (type == "xlm-roberta" || type == "roberta") return EncoderFamily::kXlmRoberta;
  if (type == "albert") return EncoderFamily::kAlbert;
  read.Fail("model_type", "is \"" + type + "\"", "bert, roberta, xlm-roberta or albert");
}

}  // namespace

EncoderConfig ParseEncoderConfig(const Json& json, const std::string& place) {
  const Reader read(json, place);
  if (!json.is_object()) read.Fail("", "the file is not a JSON object", "a JSON object");
  EncoderConfig config;
  config.original = json;
  config.family = ReadFamily(read);
  config.hidden = read.Size("hidden_size", 1, 16384);
  config.layers = read.Size("num_hidden_layers", 1, 256);
  config.heads = read.Size("num_attention_heads", 1, 1024);
  config.intermediate = read.Size("intermediate_size", 1, 1 << 17);
  config.vocabulary = read.Size("vocab_size", 1, 4'000'000);
  config.positions = read.Size("max_position_embeddings", 4, 1 << 20);
  config.types = read.Size("type_vocab_size", 1, 64, 2);
  config.embedding = config.hidden;
  config.layer_norm_epsilon = read.Number("layer_norm_eps", 1e-12);
  config.activation = ReadActivation(read);
  if (config.family == EncoderFamily::kAlbert) {
    config.embedding = read.Size("embedding_size", 1, 16384, 128);
    config.groups = read.Size("num_hidden_groups", 1, config.layers, 1);
    if (read.Size("inner_group_num", 1, 64, 1) != 1) {
      read.Fail("inner_group_num", "is not 1", "1: one layer a group");
    }
  }
  if (config.family == EncoderFamily::kXlmRoberta) {
    config.position_offset = read.Size("pad_token_id", 0, config.positions - 3, 1) + 1;
  }
  if (config.hidden % config.heads != 0) {
    read.Fail("hidden_size", fmt::format("is {}", config.hidden),
              fmt::format("a multiple of num_attention_heads ({})", config.heads));
  }
  const std::string kind = read.Text("position_embedding_type", "absolute");
  if (kind != "absolute") read.Fail("position_embedding_type", "is \"" + kind + "\"", "absolute");
  return config;
}

EncoderConfig ReadEncoderConfig(const std::filesystem::path& folder) {
  const auto path = folder / "config.json";
  const Json json = Json::parse(ReadFile(path, 16U << 20), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    throw Error({path.string(), "not JSON", "the config.json of a Hugging Face folder",
                 "copy the folder again"});
  }
  return ParseEncoderConfig(json, path.string());
}

}  // namespace arcsat
