#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/shards/manifest.h"
#include "data/survey.h"

namespace arcsat {

/// In a run's folder: its files of conversations, tokenised once for all processes. A folder of
/// shards for each file, by its number, and tokenised.json.
inline constexpr char kTokenisedFolder[] = "tokenised";
inline constexpr char kTokenisedList[] = "tokenised.json";

/// A file of conversations, and the shards that were made of it.
struct TokenisedFile {
  std::int64_t bytes = 0;
  std::string sha256;
  SurveyOptions survey;      ///< by which its answers were read
  std::string shards;        ///< SHA-256 of their shards.json; empty: no conversation has turns
  std::int64_t skipped = 0;  ///< lines that could not be read
};

/// tokenised.json: what the shards are of. Two folders with the same text hold the same.
struct Tokenised {
  ShardKind kind;  ///< of all; its survey has no meaning
  bool skip_bad = false;
  std::vector<TokenisedFile> files;
};

std::string ToText(const Tokenised& list);
/// Nothing where it is not what ToText gave.
std::optional<Tokenised> ParseTokenised(const std::string& text);
/// The list of a folder; nothing where there is none that can be read.
std::optional<Tokenised> FindTokenised(const std::filesystem::path& folder);

/// Whether both are of the same files, read and tokenised in the same way.
bool SameSources(const Tokenised& a, const Tokenised& b);

/// Where the shards of a file lie.
std::filesystem::path ShardsOf(const std::filesystem::path& folder, std::size_t file);

/// Whether the folder has every file of every shard as it was written. Reads them all; `on_block`
/// is called after each MB.
bool IsWhole(const std::filesystem::path& folder, const Tokenised& list,
             const std::function<void()>& on_block = {});

/// Gives what was made in `part` its name, in place of what has it. Error where that is something
/// else.
void PutTokenised(const std::filesystem::path& part, const std::filesystem::path& folder);

/// Removes a folder that has a tokenised.json; any other stays as it is.
void RemoveTokenised(const std::filesystem::path& folder);

}  // namespace arcsat
