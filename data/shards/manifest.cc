#include "data/shards/manifest.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr char kFormat[] = "arcsat-shards";
constexpr int kVersion = 1;

template <class T>
T Field(const Json& from, const char* name, const JsonSource& source) {
  const auto found = from.is_object() ? from.find(name) : from.end();
  if (!from.is_object() || found == from.end()) RefuseMissing(source, {name}, "a value");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    RefuseField(source, {name}, *found, "a value of another type");
  }
}

/// A number in a range, beyond which nothing that was made fits.
std::int64_t Whole(const Json& from, const char* name, std::int64_t low, std::int64_t high,
                   const JsonSource& source) {
  const auto value = Field<std::int64_t>(from, name, source);
  if (value < low || value > high || !from[name].is_number_integer()) {
    RefuseField(source, {name}, from[name], fmt::format("a whole number from {} to {}", low, high));
  }
  return value;
}

ShardFile FileOf(const Json& from, const JsonSource& source) {
  ShardFile file{Field<std::string>(from, "name", source),
                 Whole(from, "conversations", 1, std::int64_t{1} << 32, source),
                 Field<std::string>(from, "sha256", source)};
  // The name comes from a file: it must not lead out of the folder.
  if (file.name.empty() || fs::path(file.name).filename() != file.name) {
    RefuseField(source, {"name"}, from["name"], "the name of a file in this folder");
  }
  return file;
}

}  // namespace

bool HoldsShards(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) && fs::exists(path / kShardManifest, ignored);
}

bool BeganShards(const fs::path& path) {
  std::error_code ignored;
  return !HoldsShards(path) && fs::exists(path / kPartialShards, ignored);
}

Json ToJson(const ShardManifest& manifest) {
  const ShardKind& kind = manifest.kind;
  std::int64_t conversations = 0;
  Json files = Json::array();
  for (const ShardFile& file : manifest.files) {
    conversations += file.conversations;
    files.push_back(
        {{"name", file.name}, {"conversations", file.conversations}, {"sha256", file.sha256}});
  }
  return {{"format", kFormat},
          {"version", kVersion},
          {"conversations", conversations},
          {"token_bytes", kind.layout.token_bytes},
          {"boxes", kind.layout.boxes},
          {"vocabulary", kind.layout.vocabulary},
          {"max_turn_tokens", kind.max_turn_tokens},
          {"tokenizer_sha256", kind.tokenizer},
          {"survey_target", kind.survey.target},
          {"satisfied_from", kind.survey.satisfied_from},
          {"files", std::move(files)}};
}

ShardManifest ReadShardManifest(const fs::path& folder) {
  const fs::path path = folder / kShardManifest;
  const JsonSource source{path.string(), "copy the folder again, or make it anew (arcsat shard)"};
  ShardManifest manifest =
      ParseShardManifest(ParseJson(ReadFile(path, std::uintmax_t{64} << 20), source), source);
  if (manifest.files.empty()) RefuseField(source, {"files"}, Json::array(), "a list of files");
  return manifest;
}

ShardManifest ParseShardManifest(const Json& json, const JsonSource& source) {
  if (Field<std::string>(json, "format", source) != kFormat) {
    RefuseField(source, {"format"}, json["format"], kFormat);
  }
  if (const auto version = Whole(json, "version", 1, 1 << 30, source); version > kVersion) {
    throw Error({source.place, fmt::format("format version {}", version),
                 fmt::format("expected at most {}", kVersion), "use a newer arcsat"});
  }
  ShardManifest manifest;
  ShardKind& kind = manifest.kind;
  kind.layout.token_bytes = static_cast<int>(Whole(json, "token_bytes", 2, 4, source));
  if (kind.layout.token_bytes == 3) RefuseField(source, {"token_bytes"}, 3, "2 or 4");
  kind.layout.boxes = static_cast<int>(Whole(json, "boxes", 2, 1000, source));
  kind.layout.vocabulary = static_cast<std::int32_t>(Whole(json, "vocabulary", 1, 1 << 30, source));
  kind.max_turn_tokens = static_cast<int>(Whole(json, "max_turn_tokens", 2, 65'535, source));
  kind.tokenizer = Field<std::string>(json, "tokenizer_sha256", source);
  kind.survey.target = Field<std::string>(json, "survey_target", source);
  kind.survey.satisfied_from = Field<double>(json, "satisfied_from", source);
  const auto files = Field<Json>(json, "files", source);
  if (!files.is_array()) RefuseField(source, {"files"}, files, "a list of files");
  for (const Json& file : files) manifest.files.push_back(FileOf(file, source));
  return manifest;
}

void CheckKind(const ShardKind& found, const ShardKind& wanted, const fs::path& folder,
               bool survey) {
  const auto check = [&](const auto& is, const auto& should, const char* what) {
    if (is == should) return;
    throw Error({folder.string(), fmt::format("holds shards with {} {}", what, is),
                 fmt::format("expected {}, as asked for or as the model has it", should),
                 "give what they were made with (shards.cfg), or make others in another folder: "
                 "arcsat shard --data FILE --encoder ENCODER --out FOLDER"});
  };
  check(found.tokenizer, wanted.tokenizer, "the tokenizer");
  check(found.layout.vocabulary, wanted.layout.vocabulary, "a vocabulary of");
  check(found.max_turn_tokens, wanted.max_turn_tokens, "model.max_turn_tokens");
  check(found.layout.boxes, wanted.layout.boxes, "model.boxes");
  if (!survey) return;
  check(found.survey.target, wanted.survey.target, "survey.target");
  check(found.survey.satisfied_from, wanted.survey.satisfied_from, "survey.satisfied_from");
}

}  // namespace arcsat
