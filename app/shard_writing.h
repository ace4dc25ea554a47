#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/shard_progress.h"
#include "data/corpus.h"
#include "data/shards/writer.h"
#include "data/tokenizer.h"

namespace arcsat {

/// Files of conversations that become a folder of shards.
struct ShardJob {
  std::vector<std::string> data;         ///< in their order
  std::string out;                       ///< the folder, as ShardProgress::Begin made it
  std::string settings;                  ///< kept beside the shards; empty: none
  ReadOptions read;                      ///< of the files
  int threads = 0;                       ///< that tokenise; 0: one a core
  std::int64_t conversations = 100'000;  ///< of a shard, at most
  bool may_be_nothing = false;  ///< without a conversation that has turns there is no shards.json
  IdCheck ids;
  /// Called as it goes on, by the calling thread: bytes of the files that were read, and
  /// conversations that have a record.
  std::function<void(std::int64_t bytes, std::int64_t conversations)> on_progress;
};

/// Tokenises the files, from where `progress` stands to the end; what is in the folder then. Memory
/// is a few pieces of the files a thread and a shard's index.
ShardManifest WriteShards(const ShardJob& job, const Tokenizer& tokenizer, ShardProgress* progress);

/// The size of all files, as far as it is known.
std::int64_t BytesOfAll(const std::vector<std::string>& files);

}  // namespace arcsat
