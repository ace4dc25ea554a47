#include "eval/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

constexpr std::size_t kIdDigits = 12;

/// Holds the ledger for one writer. The lock is on the file itself, which the writer then replaces;
/// so whoever waited looks whether the file it has locked is still the one under the name.
class WriterLock {
 public:
  explicit WriterLock(const std::string& path) : path_(path) {
    for (;;) {
      made_ = !std::filesystem::exists(path);
      descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      if (descriptor_ < 0) Fail("opening", "choose a ledger in a folder where you may write");
      int code = 0;
      do {
        code = flock(descriptor_, LOCK_EX);
      } while (code != 0 && errno == EINTR);
      if (code != 0) Fail("locking", "keep the ledger on a file system that can lock files");
      if (StillNamed()) return;
      close(std::exchange(descriptor_, -1));
    }
  }
  ~WriterLock() {
    // Nothing came of the file that the lock needed.
    struct stat info {};
    if (made_ && StillNamed() && fstat(descriptor_, &info) == 0 && info.st_size == 0) {
      unlink(path_.c_str());
    }
    close(descriptor_);
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  bool StillNamed() const {
    struct stat locked {
    }, named{};
    return fstat(descriptor_, &locked) == 0 && stat(path_.c_str(), &named) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
  }
  [[noreturn]] void Fail(const char* deed, const char* remedy) {
    const int code = errno;
    if (descriptor_ >= 0) close(descriptor_);
    throw Error({path_, fmt::format("{} failed: {}", deed, std::strerror(code)), "", remedy});
  }

  std::string path_;
  bool made_ = false;
  int descriptor_ = -1;
};

}  // namespace

const LedgerFigure* LedgerEntry::Find(std::string_view side, std::string_view figure) const {
  for (const LedgerFigure& one : figures) {
    if (one.side == side && one.name == figure) return &one;
  }
  return nullptr;
}

std::string LedgerId(const LedgerEntry& entry) {
  Json content = ToJson(entry);
  content.erase("id");
  content.erase("date");
  return Sha256(DumpJson(content, "entry of a ledger")).substr(0, kIdDigits);
}

ReadReport ForEachLedgerEntry(const std::string& path, const ReadOptions& options,
                              const std::function<void(LedgerEntry&&)>& use) {
  std::unordered_map<std::string, std::string> seen;
  LedgerEntry entry;
  return ForEachRecord(path, options, [&](const std::string& line, const std::string& place) {
    entry = ParseLedgerEntry(line, place);
    const auto [first, fresh] = seen.emplace(entry.id, place);
    if (!fresh) {
      throw Error({place + ": id",
                   fmt::format("found \"{}\" again, the id at {}", entry.id, first->second),
                   "expected every id once", "remove one of the lines"});
    }
    return [&] { use(std::move(entry)); };
  });
}

std::vector<LedgerEntry> ReadLedger(const std::string& path, const ReadOptions& options,
                                    ReadReport* report) {
  std::vector<LedgerEntry> entries;
  ReadReport result = ForEachLedgerEntry(
      path, options, [&](LedgerEntry&& entry) { entries.push_back(std::move(entry)); });
  if (report != nullptr) *report = std::move(result);
  return entries;
}

std::string AppendToLedger(const std::string& path, LedgerEntry entry) {
  if (entry.date.empty()) entry.date = Now();
  entry.id = LedgerId(entry);
  const std::string line = DumpJson(ToJson(entry), "entry of a ledger");
  ParseLedgerEntry(line, "entry of a ledger");  // what is written can be read
  const WriterLock lock(path);
  ForEachLedgerEntry(path, {}, [&](LedgerEntry&& other) {
    if (other.id != entry.id) return;
    throw Error({path,
                 fmt::format("the ledger has this entry already: {}, of {}", other.id, other.date),
                 "expected something new", "leave it, or say what is different"});
  });
  const std::string before = ReadFile(path);
  AtomicFile file(path);
  file.Write(before);
  if (!before.empty() && before.back() != '\n') file.Write("\n");
  file.Write(line + "\n");
  file.Commit();
  return entry.id;
}

}  // namespace arcsat
