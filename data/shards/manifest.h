#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/json.h"
#include "data/shards/record.h"
#include "data/survey.h"

namespace arcsat {

inline constexpr char kShardManifest[] = "shards.json";

/// What a folder of shards is made from; a model must agree with it to learn from them.
struct ShardKind {
  ShardLayout layout;
  int max_turn_tokens = 128;
  std::string tokenizer;  ///< Fingerprint() of it
  SurveyOptions survey;   ///< by which their answers were read
};

/// One file of a folder of shards.
struct ShardFile {
  std::string name;
  std::int64_t conversations = 0;
  std::string sha256;
};

/// shards.json, written last: a folder without it is not whole.
struct ShardManifest {
  ShardKind kind;
  std::vector<ShardFile> files;  ///< in the order of the conversations
};

inline constexpr char kPartialShards[] = "shards.partial.json";

/// Whether `path` is a folder of shards; and whether of shards that were begun, and not finished.
bool HoldsShards(const std::filesystem::path& path);
bool BeganShards(const std::filesystem::path& path);

Json ToJson(const ShardManifest& manifest);
/// Error where it is of another version or not what ToJson gave.
ShardManifest ParseShardManifest(const Json& json, const JsonSource& source);
/// shards.json of a folder. Error where it is missing, as well.
ShardManifest ReadShardManifest(const std::filesystem::path& folder);

/// Error that names what of `folder`'s shards differs from `wanted`, and how to make them anew. How
/// answers were read counts where they are used, with `survey`.
void CheckKind(const ShardKind& found, const ShardKind& wanted, const std::filesystem::path& folder,
               bool survey);

}  // namespace arcsat
