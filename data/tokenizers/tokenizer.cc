#include "data/tokenizer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/tokenizers/sentencepiece.h"
#include "data/tokenizers/wordpiece.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kCopyRemedy = "copy the folder anew from where the model came from";

/// A JSON object of the folder; null where there is no such file. Of tokenizer.json the "model",
/// which can hold hundreds of thousands of entries, is passed over.
json ReadConfig(const fs::path& path) {
  if (!fs::exists(path)) return nullptr;
  const std::string text = ReadFile(path, std::uintmax_t{256} << 20);
  const json::parser_callback_t without_model = [](int depth, json::parse_event_t event,
                                                   json& parsed) {
    return !(depth == 1 && event == json::parse_event_t::key && parsed == json("model"));
  };
  try {
    json config = json::parse(text, without_model);
    if (config.is_object()) return config;
  } catch (const json::exception& broken) {
    throw Error({path.string(), fmt::format("found broken JSON ({})", broken.what()),
                 "expected a JSON object", kCopyRemedy});
  }
  throw Error({path.string(), "found another kind of JSON", "expected an object", kCopyRemedy});
}

/// config[key] as true, false or absent (null counts as absent).
std::optional<bool> Flag(const json& config, const std::string& key, const fs::path& path) {
  if (!config.is_object() || !config.contains(key) || config[key].is_null()) return std::nullopt;
  if (config[key].is_boolean()) return config[key].get<bool>();
  throw Error({fmt::format("{}: {}", path.string(), key),
               fmt::format("found {}", config[key].dump()), "expected true, false or null",
               kCopyRemedy});
}

/// A special token's text: a string, or an object whose "content" is one.
void ReadToken(const json& config, const std::string& key, std::string* token) {
  if (!config.is_object() || !config.contains(key)) return;
  const json& value = config[key];
  if (value.is_string()) *token = value.get<std::string>();
  if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    *token = value["content"].get<std::string>();
  }
}

struct AddedToken {
  std::string content;
  bool plain = true;  ///< matched as it stands: no stripping, no whole-word rule, raw text
};

/// The added tokens of tokenizer.json that are not special: those are cut out of the text.
std::vector<AddedToken> AddedTokens(const json& tokenizer, const fs::path& path) {
  std::vector<AddedToken> tokens;
  if (!tokenizer.is_object() || !tokenizer.contains("added_tokens")) return tokens;
  for (const json& entry : tokenizer["added_tokens"]) {
    if (!entry.is_object() || !entry.contains("content") || !entry["content"].is_string()) {
      throw Error({path.string() + ": added_tokens", fmt::format("found {}", entry.dump()),
                   "expected objects with \"content\"", kCopyRemedy});
    }
    const auto flag = [&](const char* key) { return Flag(entry, key, path).value_or(false); };
    if (flag("special")) continue;
    const bool plain =
        !flag("single_word") && !flag("lstrip") && !flag("rstrip") && !flag("normalized");
    tokens.push_back({entry["content"].get<std::string>(), plain});
  }
  return tokens;
}

/// True where a normaliser of this type is anywhere in tokenizer.json's "normalizer".
bool HasNormalizer(const json& tokenizer, const std::string& type) {
  if (!tokenizer.is_object() || !tokenizer.contains("normalizer")) return false;
  const json& top = tokenizer["normalizer"];
  if (!top.is_object() || !top.contains("normalizers")) return false;
  for (const json& part : top["normalizers"]) {
    if (part.is_object() && part.contains("type") && part["type"] == type) return true;
  }
  return false;
}

/// `first` and those of the usual companions that are there.
std::vector<fs::path> Companions(const fs::path& folder, const fs::path& first) {
  std::vector<fs::path> files = {first};
  for (const char* name : {"tokenizer_config.json", "tokenizer.json", "special_tokens_map.json"}) {
    if (fs::exists(folder / name)) files.push_back(folder / name);
  }
  return files;
}

std::unique_ptr<Tokenizer> LoadWordPiece(const fs::path& folder, const fs::path& vocabulary) {
  const fs::path config_path = folder / "tokenizer_config.json",
                 full_path = folder / "tokenizer.json";
  const json config = ReadConfig(config_path), full = ReadConfig(full_path);
  const json normalizer =
      full.is_object() && full.contains("normalizer") ? full["normalizer"] : json();
  const auto flag = [&](const char* in_config, const char* in_full) {
    const std::optional<bool> value = Flag(config, in_config, config_path);
    return value ? value : Flag(normalizer, in_full, full_path);
  };
  const auto added = AddedTokens(full, full_path);
  if (!added.empty()) {
    throw Error({full_path.string() + ": added_tokens",
                 fmt::format("found \"{}\", which is not special", added.front().content),
                 "expected special tokens only",
                 "use a model without tokens added after its training"});
  }
  WordPieceOptions options;
  options.lower_case = flag("do_lower_case", "lowercase").value_or(true);
  options.strip_accents = flag("strip_accents", "strip_accents").value_or(options.lower_case);
  options.tokenize_chinese_chars =
      flag("tokenize_chinese_chars", "handle_chinese_chars").value_or(true);
  options.clean_text = Flag(normalizer, "clean_text", full_path).value_or(true);
  ReadToken(config, "unk_token", &options.unknown);
  ReadToken(config, "cls_token", &options.begin);
  ReadToken(config, "sep_token", &options.end);
  ReadToken(config, "pad_token", &options.pad);
  ReadToken(config, "mask_token", &options.mask);
  return std::make_unique<WordPieceTokenizer>(vocabulary, options, Companions(folder, vocabulary));
}

SentencePieceOptions::Layout ReadLayout(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const json config = ReadConfig(path);
  std::string type = "none";
  if (config.is_object() && config.contains("model_type") && config["model_type"].is_string()) {
    type = config["model_type"].get<std::string>();
  }
  if (type == "albert") return SentencePieceOptions::Layout::kAlbert;
  if (type == "xlm-roberta" || type == "roberta") return SentencePieceOptions::Layout::kXlmR;
  throw Error({path.string() + ": model_type", fmt::format("found {}", type),
               "expected xlm-roberta, roberta or albert beside a SentencePiece model",
               "put the model's own config.json into the folder"});
}

std::unique_ptr<Tokenizer> LoadSentencePiece(const fs::path& folder, const fs::path& model) {
  const fs::path config_path = folder / "tokenizer_config.json",
                 full_path = folder / "tokenizer.json";
  const json config = ReadConfig(config_path), full = ReadConfig(full_path);
  SentencePieceOptions options;
  options.layout = ReadLayout(folder);
  if (full.is_object()) {  // what Hugging Face's fast tokenizer reads, before the .model file
    options.lower_case = HasNormalizer(full, "Lowercase");
    options.keep_accents = !HasNormalizer(full, "StripAccents");
    options.added_from_model = false;
    for (const AddedToken& token : AddedTokens(full, full_path)) {
      if (!token.plain) {
        throw Error({full_path.string() + ": added_tokens",
                     fmt::format("found \"{}\" with rules of its own", token.content),
                     "expected added tokens that match raw text as they stand",
                     "use a model without tokens added after its training"});
      }
      options.added.push_back(token.content);
    }
  } else {
    options.lower_case = Flag(config, "do_lower_case", config_path).value_or(true);
    options.keep_accents = Flag(config, "keep_accents", config_path).value_or(false);
  }
  return std::make_unique<SentencePieceTokenizer>(model, options, Companions(folder, model));
}

}  // namespace

std::vector<std::int32_t> Tokenizer::EncodeTurn(std::string_view text, int max_length) const {
  if (max_length < 2) {
    throw UsageError({"length of a turn", fmt::format("found {}", max_length),
                      "expected at least 2, for the two special tokens", "raise it"});
  }
  std::vector<std::int32_t> ids = Encode(text);
  const auto room = static_cast<std::size_t>(max_length) - 2;
  if (ids.size() > room) {
    const auto head = static_cast<std::ptrdiff_t>((room + 1) / 2);
    const auto tail = static_cast<std::ptrdiff_t>(room / 2);
    ids.erase(ids.begin() + head, ids.end() - tail);
  }
  ids.insert(ids.begin(), begin_id());
  ids.push_back(end_id());
  return ids;
}

std::string Fingerprint(const Tokenizer& tokenizer) {
  std::string text;
  for (const fs::path& file : tokenizer.files()) {
    text += file.filename().string() + " " + Sha256File(file) + "\n";
  }
  return Sha256(text);
}

std::unique_ptr<Tokenizer> LoadTokenizer(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw Error({folder.string(), "found no such folder", "expected a Hugging Face folder",
                 "check the path"});
  }
  if (const fs::path path = folder / "vocab.txt"; fs::exists(path))
    return LoadWordPiece(folder, path);
  for (const char* name : {"sentencepiece.bpe.model", "spiece.model", "spm.model"}) {
    if (const fs::path path = folder / name; fs::exists(path))
      return LoadSentencePiece(folder, path);
  }
  throw Error({folder.string(), "found no tokenizer",
               "expected vocab.txt, sentencepiece.bpe.model, spiece.model or spm.model",
               "copy the tokenizer's files into the folder as well"});
}

}  // namespace arcsat
