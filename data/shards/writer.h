#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/files.h"
#include "data/shards/manifest.h"

namespace arcsat {

/// How ids are looked at for one that is there twice.
struct IdCheck {
  std::string file = {};  ///< the only one that they are from, for the message; empty: several
  std::function<void()> on_part = {};  ///< called while it goes on
};

/// Writes conversations as shards. Memory is a shard's index, whatever their number.
///
///   ShardWriter out(folder, {kind, {}}, 100'000);
///   const ShardEntry entry = AppendRecord(conversation, kind.layout, &record);
///   out.Add(record, entry);
///   out.Finish();
class ShardWriter {
 public:
  /// `folder` must be there. A shard holds `most` conversations, the last one may hold fewer.
  /// `begun` has the shards that are whole already, none or some.
  ShardWriter(std::filesystem::path folder, ShardManifest begun, std::int64_t most);
  ~ShardWriter();

  /// A conversation's record and entry, as AppendRecord gave them. True where it ended a shard.
  bool Add(std::string_view record, ShardEntry entry);
  /// The id of a conversation that gets no record, as it has no turns; no other may have it.
  void LeaveOut(std::string id) { left_out_.push_back(std::move(id)); }
  /// Ends the last shard and writes shards.json. Error where an id is there twice, or nothing is.
  void Finish(const IdCheck& ids = {});

  const ShardManifest& manifest() const { return manifest_; }

 private:
  void EndShard();
  std::filesystem::path folder_;
  std::int64_t most_;
  ShardManifest manifest_;
  std::unique_ptr<AtomicFile> file_;
  std::string name_;
  std::uint64_t offset_ = 0;
  std::vector<ShardEntry> index_;
  std::vector<std::string> left_out_;
};

}  // namespace arcsat
