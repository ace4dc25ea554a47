#include "data/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "data/error.h"
#include "data/temporary_files.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFileBlock = std::size_t{1} << 20;

/// What a person can do about a failed system call.
std::string RemedyFor(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "make room on the disk, or write to another one";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a place where you may read and write";
    case ENOENT:
    case ENOTDIR:
      return "check the path, and create the folder if it is missing";
    case EISDIR:
      return "name a file, not a folder";
    default:
      return "check the path and the disk";
  }
}

[[noreturn]] void FailWith(const fs::path& path, const std::string& deed, int code) {
  throw Error({path.string(), fmt::format("{} failed: {}", deed, std::strerror(code)), "",
               RemedyFor(code)});
}

/// Writes all bytes; the errno on failure, else 0.
int WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

/// A descriptor that is closed when it goes out of scope.
class OpenFile {
 public:
  explicit OpenFile(const fs::path& path) : path_(path) {
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) FailWith(path, "opening", errno);
  }
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// Fills `buffer` with what comes next; false at the end.
  bool ReadSome(char* buffer, std::size_t size, std::size_t* count) const {
    for (;;) {
      const ssize_t got = read(descriptor_, buffer, size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) FailWith(path_, "reading", errno);
      *count = static_cast<std::size_t>(got);
      return got > 0;
    }
  }
  std::uintmax_t size() const {
    struct stat info {};
    return fstat(descriptor_, &info) == 0 && info.st_size > 0
               ? static_cast<std::uintmax_t>(info.st_size)
               : 0;
  }

 private:
  fs::path path_;
  int descriptor_;
};

void CheckHashed(bool done) {
  if (!done) throw Error({"SHA-256", "OpenSSL refused to compute it", "", "check OpenSSL"});
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  if (path_.filename().empty()) FailWith(path, "opening", EISDIR);
  std::error_code none;
  // A link stays a link: what it points at is replaced.
  if (fs::is_symlink(path_, none) && fs::exists(path_, none)) path_ = fs::canonical(path_);
  struct stat info {};
  const bool exists = stat(path_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) FailWith(path, "writing", EISDIR);
  if (exists && !S_ISREG(info.st_mode)) {
    // A device or a pipe (/dev/stdout): renaming over it would destroy it, so it is written to.
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) FailWith(path, "opening", errno);
    return;
  }
  static std::atomic<int> counter{0};
  temporary_ = path_.parent_path() / fmt::format(".arcsat-{}-{}.tmp", getpid(), counter++);
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) FailWith(path, "creating", errno);
  slot_ = KeepTemporary(temporary_);
  // What was private stays private.
  if (exists && fchmod(descriptor_, info.st_mode & 0777) != 0) {
    const int code = errno;
    close(std::exchange(descriptor_, -1));
    RemoveTemporary();
    FailWith(path, "setting the permissions", code);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  RemoveTemporary();
}

void AtomicFile::RemoveTemporary() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  ForgetTemporary(std::exchange(slot_, -1));
}

void AtomicFile::Write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kFileBlock || descriptor_ < 0) Flush();
}

void AtomicFile::Flush() {
  if (descriptor_ < 0) FailWith(path_, "writing to a file that is closed", EBADF);
  const int code = WriteAll(descriptor_, buffer_);
  buffer_.clear();
  if (code == 0) return;
  close(std::exchange(descriptor_, -1));
  RemoveTemporary();
  FailWith(path_, "writing", code);
}

void AtomicFile::Commit() {
  Flush();
  if (temporary_.empty()) {
    if (close(std::exchange(descriptor_, -1)) != 0) FailWith(path_, "closing", errno);
    return;
  }
  const auto check = [this](bool done, const char* deed) {
    if (done) return;
    const int code = errno;
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
    RemoveTemporary();
    FailWith(path_, deed, code);
  };
  check(fsync(descriptor_) == 0, "saving");
  check(close(std::exchange(descriptor_, -1)) == 0, "closing");
  check(rename(temporary_.c_str(), path_.c_str()) == 0, "renaming");
  ForgetTemporary(std::exchange(slot_, -1));
  SyncFolder(path_.parent_path());
}

void RemoveHalfWritten(const fs::path& folder) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".arcsat-") && name.ends_with(".tmp")) fs::remove(entry.path(), code);
  }
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.Write(bytes);
  file.Commit();
}

std::string ReadFile(const fs::path& path, std::uintmax_t limit) {
  const OpenFile file(path);
  const auto refuse = [&](std::uintmax_t size) {
    throw Error({path.string(), fmt::format("found {} bytes or more", size),
                 fmt::format("expected at most {}", limit), "check that this is the right file"});
  };
  const std::uintmax_t size = file.size();
  if (size > limit) refuse(size);
  std::string bytes;
  bytes.reserve(size);
  std::string block(kFileBlock, '\0');
  for (std::size_t count = 0; file.ReadSome(block.data(), block.size(), &count);) {
    // A pipe or a file that grows tells no size beforehand.
    if (bytes.size() + count > limit) refuse(bytes.size() + count);
    bytes.append(block, 0, count);
  }
  return bytes;
}

void SyncFolder(const fs::path& folder) {
  const fs::path name = folder.empty() ? fs::path(".") : folder;
  const int descriptor = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) FailWith(name, "opening the folder", errno);
  const int code = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // Some network file systems cannot sync a folder; there the rename is as safe as it gets.
  if (code != 0 && code != EINVAL && code != ENOTSUP) FailWith(name, "saving the folder", code);
}

/// OpenSSL's.
struct Sha256Sum::Context {
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  Context() = default;
  ~Context() { EVP_MD_CTX_free(digest); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256Sum::Sha256Sum() : context_(std::make_unique<Context>()) {
  CheckHashed(context_->digest != nullptr &&
              EVP_DigestInit_ex(context_->digest, EVP_sha256(), nullptr) == 1);
}

Sha256Sum::~Sha256Sum() = default;

void Sha256Sum::Update(std::string_view bytes) {
  CheckHashed(EVP_DigestUpdate(context_->digest, bytes.data(), bytes.size()) == 1);
}

std::string Sha256Sum::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CheckHashed(EVP_DigestFinal_ex(context_->digest, digest.data(), &size) == 1);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string Sha256File(const fs::path& path, const std::function<void()>& on_block) {
  const OpenFile file(path);
  Sha256Sum sum;
  std::string block(kFileBlock, '\0');
  for (std::size_t count = 0; file.ReadSome(block.data(), block.size(), &count);) {
    sum.Update({block.data(), count});
    if (on_block) on_block();
  }
  return sum.Finish();
}

std::string Sha256(std::string_view bytes) {
  Sha256Sum sum;
  sum.Update(bytes);
  return sum.Finish();
}

}  // namespace arcsat
