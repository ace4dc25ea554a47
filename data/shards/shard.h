#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "data/mapped_file.h"
#include "data/shards/manifest.h"

namespace arcsat {

/// At a shard's beginning.
struct ShardHeader {
  char magic[8];
  std::uint32_t version, unused;
};

/// At its end, after the index.
struct ShardFooter {
  std::uint64_t index;  ///< where it begins
  std::uint64_t count;  ///< of its entries
  char magic[8];
};

inline constexpr std::string_view kShardMagic = "ARCSATSH";
inline constexpr std::uint32_t kShardVersion = 1;

/// One file of a folder of shards, mapped.
class Shard {
 public:
  /// Error where it is not the file that `file` tells of, by its shape; its bytes are looked at as
  /// they are read.
  Shard(const std::filesystem::path& folder, const ShardFile& file, const ShardLayout& layout);

  std::int64_t size() const { return size_; }
  void ReadAtRandom() const { file_.ReadAtRandom(); }
  ShardEntry Entry(std::int64_t i) const;
  EncodedConversation Read(std::int64_t i) const;

 private:
  std::string path_;
  MappedFile file_;
  ShardLayout layout_;
  std::int64_t size_ = 0;
  std::uint64_t index_ = 0;
};

}  // namespace arcsat
