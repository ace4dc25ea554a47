#include "data/shards/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "data/error.h"
#include "data/shards/shard.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSortedAtOnce = 1'000'000;  // hashes, 16 MB with their places

template <class T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

constexpr std::uint32_t kLeftOut = std::numeric_limits<std::uint32_t>::max();

/// What has one hash, and where it is: in a shard, or among those left out.
struct Hashed {
  std::uint64_t hash = 0;
  std::uint32_t shard = 0, place = 0;
};

[[noreturn]] void RefuseTwice(const std::string& id, const IdCheck& check) {
  const bool one = !check.file.empty();
  throw Error({one ? check.file : "data", fmt::format("the id \"{}\" is there twice", id),
               one ? "expected every conversation once"
                   : "expected every conversation once, over all files",
               "remove one of the two"});
}

/// Error where two conversations have one id. Looks through the indices several times, each time at
/// a part of the hashes, so that memory stays flat.
void CheckIdsDiffer(const ShardManifest& manifest, const fs::path& folder,
                    const std::vector<std::string>& left_out, const IdCheck& check) {
  std::vector<std::unique_ptr<Shard>> shards;
  std::int64_t count = 0;
  for (const ShardFile& file : manifest.files) {
    shards.push_back(std::make_unique<Shard>(folder, file, manifest.kind.layout));
    count += file.conversations;
  }
  const auto id_of = [&](const Hashed& at) -> std::string {
    if (at.shard == kLeftOut) return left_out[at.place];
    return shards[at.shard]->Read(at.place).id;
  };
  const auto parts = static_cast<std::uint64_t>(count / kSortedAtOnce + 1);
  for (std::uint64_t part = 0; part < parts; ++part) {
    std::vector<Hashed> found;
    for (std::uint32_t s = 0; s < shards.size(); ++s) {
      for (std::uint32_t i = 0; i < shards[s]->size(); ++i) {
        const std::uint64_t hash = shards[s]->Entry(i).id_hash;
        if (hash % parts == part) found.push_back({hash, s, i});
      }
      if (check.on_part) check.on_part();
    }
    for (std::uint32_t i = 0; i < left_out.size(); ++i) {
      const std::uint64_t hash = HashId(left_out[i]);
      if (hash % parts == part) found.push_back({hash, kLeftOut, i});
    }
    std::sort(found.begin(), found.end(),
              [](const Hashed& a, const Hashed& b) { return a.hash < b.hash; });
    for (std::size_t i = 1; i < found.size(); ++i) {
      if (found[i].hash != found[i - 1].hash) continue;
      const std::string id = id_of(found[i]);
      if (id_of(found[i - 1]) == id) RefuseTwice(id, check);
    }
  }
}

}  // namespace

ShardWriter::ShardWriter(fs::path folder, ShardManifest begun, std::int64_t most)
    : folder_(std::move(folder)), most_(most), manifest_(std::move(begun)) {}

ShardWriter::~ShardWriter() = default;

bool ShardWriter::Add(std::string_view record, ShardEntry entry) {
  if (!file_) {
    name_ = fmt::format("{:05}.shard", manifest_.files.size());
    file_ = std::make_unique<AtomicFile>(folder_ / name_);
    ShardHeader header{{}, kShardVersion, 0};
    std::memcpy(header.magic, kShardMagic.data(), kShardMagic.size());
    file_->Write(BytesOf(header));
    offset_ = sizeof(header);
  }
  entry.offset = offset_;
  file_->Write(record);
  offset_ += record.size();
  index_.push_back(entry);
  if (std::ssize(index_) < most_) return false;
  EndShard();
  return true;
}

void ShardWriter::EndShard() {
  for (const ShardEntry& entry : index_) file_->Write(BytesOf(entry));
  ShardFooter footer{offset_, index_.size(), {}};
  std::memcpy(footer.magic, kShardMagic.data(), kShardMagic.size());
  file_->Write(BytesOf(footer));
  file_->Commit();
  file_.reset();
  manifest_.files.push_back(
      {name_, static_cast<std::int64_t>(index_.size()), Sha256File(folder_ / name_)});
  index_.clear();
}

void ShardWriter::Finish(const IdCheck& ids) {
  if (file_) EndShard();
  if (manifest_.files.empty()) {
    throw Error({"data", "holds no conversation with turns", "expected at least one",
                 "see docs/formats.md; arcsat inspect FILE"});
  }
  CheckIdsDiffer(manifest_, folder_, left_out_, ids);
  const std::string json = DumpJson(ToJson(manifest_), folder_.string(), 2);
  WriteFile(folder_ / kShardManifest, json + "\n");
}

}  // namespace arcsat
