#include "data/shards/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "data/error.h"

namespace arcsat {

Shard::Shard(const std::filesystem::path& folder, const ShardFile& file, const ShardLayout& layout)
    : path_((folder / file.name).string()), file_(path_, "shard"), layout_(layout) {
  const std::string_view bytes = file_.bytes();
  const auto refuse = [&](const std::string& found) {
    throw Error({path_, found, "expected what arcsat shard wrote",
                 "copy the file again, or make the folder anew"});
  };
  ShardHeader header{};
  ShardFooter footer{};
  if (bytes.size() < sizeof(header) + sizeof(footer)) refuse("is cut off");
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(footer), sizeof(footer));
  const auto is_magic = [](const char* at) {
    return std::memcmp(at, kShardMagic.data(), kShardMagic.size()) == 0;
  };
  if (!is_magic(header.magic)) refuse("is no shard");
  if (header.version != kShardVersion) refuse(fmt::format("is of version {}", header.version));
  if (!is_magic(footer.magic)) refuse("is cut off");
  const std::uint64_t end = bytes.size() - sizeof(footer);
  if (footer.index < sizeof(header) || footer.index > end ||
      footer.count != (end - footer.index) / sizeof(ShardEntry) ||
      (end - footer.index) % sizeof(ShardEntry) != 0) {
    refuse("has an index that does not fit the file");
  }
  if (footer.count != static_cast<std::uint64_t>(file.conversations)) {
    refuse(fmt::format("holds {} conversations, not the {} of {}", footer.count, file.conversations,
                       kShardManifest));
  }
  size_ = file.conversations;
  index_ = footer.index;
}

ShardEntry Shard::Entry(std::int64_t i) const {
  ShardEntry entry;
  std::memcpy(&entry, file_.bytes().data() + index_ + static_cast<std::uint64_t>(i) * sizeof(entry),
              sizeof(entry));
  if (entry.satisfied < -1 || entry.satisfied > 1 || entry.rated > 1) {
    throw Error({fmt::format("{}: conversation {}", path_, i + 1), "has a damaged index entry",
                 "expected what arcsat shard wrote",
                 "copy the file again, or make the folder anew"});
  }
  return entry;
}

EncodedConversation Shard::Read(std::int64_t i) const {
  const ShardEntry entry = Entry(i);
  const std::string place = fmt::format("{}: conversation {}", path_, i + 1);
  const std::uint64_t begin = std::min<std::uint64_t>(entry.offset, index_);
  return ReadRecord(file_.bytes().substr(begin, index_ - begin), layout_, place);
}

}  // namespace arcsat
