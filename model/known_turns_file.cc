#include "model/known_turns_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "data/checksum.h"
#include "data/encoded.h"
#include "data/error.h"

namespace arcsat {
namespace {

constexpr std::string_view kMagic = "ARCSATKT";
constexpr std::uint32_t kVersion = 1, kTurn = 0x4E525554;  // "TURN"
constexpr std::int32_t kMostTokens = 1 << 20;

/// At the file's beginning. Numbers are little-endian, as on every machine that LibTorch runs on.
struct Header {
  char magic[8];
  std::uint32_t version, width;
  char fingerprint[64];
};

}  // namespace

/// Before a turn's ids and states.
struct KnownTurnsFile::Record {
  std::uint32_t magic = kTurn;
  std::int32_t tokens = 0;
  std::uint64_t checksum = 0;  // of the ids and the states
};

std::int64_t KnownTurnsFile::Size(const Record& record) const {
  return static_cast<std::int64_t>(sizeof(Record)) +
         4 * (record.tokens + Rows(record.tokens) * place_.width);
}

KnownTurnsFile::KnownTurnsFile(const Place& place) : place_(place) {
  descriptor_ = open(place_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) Fail("opening");
  try {
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error({place_.path, "is in use by another process", "expected one at a time",
                   "wait for it, or name another --turn-cache"});
    }
    struct stat info {};
    if (fstat(descriptor_, &info) != 0) Fail("looking at");
    if (!S_ISREG(info.st_mode)) {
      throw Error({place_.path, "is no regular file", "expected one", "name another --turn-cache"});
    }
    CheckHeader(info.st_size == 0);
    ReadIndex();
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

KnownTurnsFile::~KnownTurnsFile() { close(descriptor_); }

void KnownTurnsFile::CheckHeader(bool fresh) {
  Header header{};
  std::memcpy(header.magic, kMagic.data(), sizeof(header.magic));
  header.version = kVersion;
  header.width = static_cast<std::uint32_t>(place_.width);
  std::memcpy(header.fingerprint, place_.fingerprint.data(),
              std::min(sizeof(header.fingerprint), place_.fingerprint.size()));
  if (fresh) {
    WriteAt(0, &header, sizeof(header));
    return;
  }
  Header found{};
  const bool whole = ReadAt(0, &found, sizeof(found));
  if (!whole || std::memcmp(found.magic, header.magic, sizeof(header.magic)) != 0 ||
      found.version != kVersion) {
    throw Error({place_.path, "holds no turns that this arcsat has kept",
                 "expected a file of --turn-cache, or none", "name another file"});
  }
  if (std::memcmp(&found, &header, sizeof(header)) != 0) {
    throw Error({place_.path, "belongs to another model, or was kept by another arcsat or LibTorch",
                 "expected that of this model", "name another file, or remove this one"});
  }
}

void KnownTurnsFile::ReadIndex() {
  end_ = static_cast<std::int64_t>(sizeof(Header));
  const off_t size = lseek(descriptor_, 0, SEEK_END);
  std::vector<std::int32_t> tokens;
  for (Record record; ReadAt(end_, &record, sizeof(record));) {
    if (record.magic != kTurn || record.tokens < 1 || record.tokens > kMostTokens ||
        Size(record) > size - end_) {
      break;
    }
    tokens.resize(static_cast<std::size_t>(record.tokens));
    if (!ReadAt(end_ + static_cast<std::int64_t>(sizeof(record)), tokens.data(),
                tokens.size() * 4)) {
      break;
    }
    index_.emplace(HashTokens(0, tokens), end_);
    end_ += Size(record);
  }
  // Where a turn was half written, what follows cannot be found.
  if (size > end_ && ftruncate(descriptor_, end_) != 0) Fail("cutting the end off");
}

torch::Tensor KnownTurnsFile::Find(const std::vector<std::int32_t>& tokens) {
  const auto [begin, end] = index_.equal_range(HashTokens(0, tokens));
  for (auto it = begin; it != end; ++it) {
    Record record;
    if (!ReadAt(it->second, &record, sizeof(record)) ||
        record.tokens != static_cast<std::int32_t>(tokens.size())) {
      continue;
    }
    std::string bytes(static_cast<std::size_t>(Size(record)) - sizeof(record), '\0');
    if (!ReadAt(it->second + static_cast<std::int64_t>(sizeof(record)), bytes.data(),
                bytes.size()) ||
        Checksum(bytes) != record.checksum ||
        std::memcmp(bytes.data(), tokens.data(), tokens.size() * 4) != 0) {
      continue;
    }
    torch::Tensor states = torch::empty({Rows(record.tokens), place_.width});
    std::memcpy(states.data_ptr(), bytes.data() + tokens.size() * 4, states.nbytes());
    ++found_;
    return states;
  }
  return {};
}

void KnownTurnsFile::Keep(const std::vector<std::int32_t>& tokens, const torch::Tensor& states) {
  Record record;
  record.tokens = static_cast<std::int32_t>(tokens.size());
  if (record.tokens > kMostTokens || end_ + Size(record) > place_.most) return;
  const torch::Tensor plain = states.to(torch::kCPU, torch::kFloat32).contiguous();
  std::string bytes(sizeof(record), '\0');
  bytes.append(reinterpret_cast<const char*>(tokens.data()), tokens.size() * 4);
  bytes.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
  record.checksum = Checksum(std::string_view(bytes).substr(sizeof(record)));
  std::memcpy(bytes.data(), &record, sizeof(record));
  WriteAt(end_, bytes.data(), bytes.size());
  index_.emplace(HashTokens(0, tokens), end_);
  end_ += static_cast<std::int64_t>(bytes.size());
}

bool KnownTurnsFile::ReadAt(std::int64_t offset, void* out, std::size_t size) const {
  char* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t count = pread(descriptor_, to, size, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail("reading");
    if (count == 0) return false;
    to += count;
    offset += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

void KnownTurnsFile::WriteAt(std::int64_t offset, const void* bytes, std::size_t size) const {
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t count = pwrite(descriptor_, from, size, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail("writing");
    from += count;
    offset += count;
    size -= static_cast<std::size_t>(count);
  }
}

void KnownTurnsFile::Fail(const char* deed) const {
  throw Error({place_.path, fmt::format("{} failed: {}", deed, std::strerror(errno)), "",
               "check the path and the room on the disk, or score without --turn-cache"});
}

}  // namespace arcsat
