#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/shards/manifest.h"

namespace arcsat {

/// How far `arcsat shard` has come: shards.partial.json, written after each shard.
struct ShardProgress {
  ShardManifest manifest;           ///< the shards that are whole
  std::vector<std::string> data;    ///< files that are read
  std::vector<std::int64_t> sizes;  ///< of those, in bytes
  std::size_t source = 0;           ///< the file of the last conversation in a whole shard
  std::int64_t line = 0;            ///< and its line
  std::int64_t conversations = 0, empty = 0, skipped = 0;
  std::vector<std::string> reasons;

  /// Makes the folder, or finds how far a run that is to be gone on with came. Error where it holds
  /// something else, or that run was of other data or for another model.
  static ShardProgress Begin(const std::string& folder, const std::vector<std::string>& data,
                             const ShardKind& kind, bool resume);
  /// Counts conversations without turns and lines that cannot be read; `why` has the
  /// reasons of these, and perhaps of later ones.
  void LeaveOut(std::int64_t without_turns, std::int64_t unreadable,
                const std::vector<std::string>& why);
  void Save(const std::string& folder) const;
  static void Remove(const std::string& folder);
};

/// The size of a file; 0 of standard input.
std::int64_t FileBytes(const std::string& path);

}  // namespace arcsat
