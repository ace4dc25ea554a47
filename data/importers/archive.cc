#include "data/importers/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kAlwaysUnpacked = std::uint64_t{1} << 30;  // passing through
constexpr std::uint64_t kAlwaysHeld = std::uint64_t{16} << 20;     // in memory
constexpr std::size_t kBlock = std::size_t{1} << 18;

Error TooLarge(const std::string& place, std::uint64_t limit) {
  return Error({place, fmt::format("found more than {} bytes", limit), "expected a smaller file",
                "check that this is the right file"});
}

/// Throws where `unpacked` is more than something of `size` bytes can honestly hold.
void CheckRatio(const std::string& place, std::uint64_t unpacked, std::uint64_t size,
                std::uint64_t always) {
  if (unpacked <= always || unpacked / kMostUnpacked <= size) return;
  throw Error({place, fmt::format("found {} bytes packed into {}", unpacked, size),
               fmt::format("expected at most {} times as many", kMostUnpacked),
               "check where the file comes from"});
}

using Wanted = std::function<bool(const std::string&)>;
using Use = std::function<bool(ArchiveFile&&)>;

std::vector<std::string> NamesBelow(const fs::path& root, const Wanted& wanted) {
  std::vector<std::string> names;
  std::error_code code;
  fs::recursive_directory_iterator walk(root, code);
  for (; !code && walk != fs::recursive_directory_iterator(); walk.increment(code)) {
    std::error_code none;
    if (!walk->is_regular_file(none)) continue;
    std::string name = walk->path().lexically_relative(root).generic_string();
    if (wanted(name)) names.push_back(std::move(name));
  }
  if (code) {
    throw Error({root.string(), "reading the folder failed: " + code.message(), "",
                 "check the path and that you may read it"});
  }
  std::sort(names.begin(), names.end());
  return names;
}

void VisitFolder(const fs::path& root, const Wanted& wanted, const Use& use,
                 const VisitOptions& options) {
  for (const std::string& name : NamesBelow(root, wanted)) {
    const fs::path path = root / name;
    std::error_code none;
    if (options.too_large && fs::file_size(path, none) > options.limit && !none) {
      options.too_large(TooLarge(path.string(), options.limit));
      continue;
    }
    if (!use({name, path.string(), ReadFile(path, options.limit)})) return;
  }
}

/// Only what publishers use, and nothing that starts another program.
void SupportFilters(archive* reader) {
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_bzip2(reader);
}

/// What is thrown for one file; the archive's others can still be read.
struct FileTooLarge {
  Error error;
};

/// An archive that is open for reading.
class ArchiveReader {
 public:
  ArchiveReader(const std::string& path, std::uint64_t limit)
      : path_(path), limit_(limit), reader_(archive_read_new(), archive_read_free) {
    SupportFilters(reader_.get());
    std::error_code none;
    size_ = fs::file_size(path, none);
    if (none) size_ = 0;
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_zip(reader_.get());
    if (archive_read_open_filename(reader_.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
      Fail();
    }
  }

  /// The next regular file's name, or false at the end.
  bool Next(std::string* name) {
    for (archive_entry* entry = nullptr;;) {
      PassOver();
      const int status = archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) return false;
      if (status < ARCHIVE_WARN) Fail();
      ++count_;
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      // In the C locale the plain name of a file with an accent is null.
      const char* text = archive_entry_pathname_utf8(entry);
      if (text == nullptr) text = archive_entry_pathname(entry);
      *name = text != nullptr ? text : fmt::format("entry {}", count_);
      return true;
    }
  }

  /// The file under way; TooLarge where it is longer than the limit.
  std::string Bytes(const std::string& place) {
    std::string bytes, block(kBlock, '\0');
    for (;;) {
      const std::size_t got = Read(&block);
      if (got == 0) return bytes;
      bytes.append(block, 0, got);
      if (bytes.size() > limit_) throw FileTooLarge{TooLarge(place, limit_)};
    }
  }

 private:
  std::size_t Read(std::string* block) {
    const la_ssize_t got = archive_read_data(reader_.get(), block->data(), block->size());
    if (got < 0) Fail();
    unpacked_ += static_cast<std::uint64_t>(got);
    CheckRatio(path_, unpacked_, size_, kAlwaysUnpacked);
    return static_cast<std::size_t>(got);
  }

  /// What is left of a .tar's file is unpacked to be passed over, and counts like what is read. A
  /// .zip's is not.
  void PassOver() {
    if (count_ == 0 ||
        (archive_format(reader_.get()) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_TAR) {
      return;
    }
    std::string block(kBlock, '\0');
    while (Read(&block) > 0) {
    }
  }

  [[noreturn]] void Fail() const {
    const char* reason = archive_error_string(reader_.get());
    throw Error({path_,
                 fmt::format("found an archive that cannot be read ({})",
                             reason != nullptr ? reason : "unknown"),
                 "expected a whole .tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2 or .zip, or a folder",
                 "check the path, or copy the archive again"});
  }

  std::string path_;
  std::uint64_t limit_;
  std::unique_ptr<archive, decltype(&archive_read_free)> reader_;
  std::int64_t count_ = 0;
  std::uint64_t size_ = 0, unpacked_ = 0;
};

}  // namespace

void VisitFiles(const std::string& path, const Wanted& wanted, const Use& use,
                const VisitOptions& options) {
  std::error_code none;
  if (fs::is_directory(path, none)) {
    VisitFolder(path, wanted, use, options);
    return;
  }
  ArchiveReader reader(path, options.limit);
  for (std::string name; reader.Next(&name);) {
    if (!wanted(name)) continue;
    const std::string place = fmt::format("{}:{}", path, name);
    std::string bytes;
    try {
      bytes = reader.Bytes(place);
    } catch (const FileTooLarge& large) {
      if (!options.too_large) throw large.error;
      options.too_large(large.error);
      continue;
    }
    if (!use({name, place, std::move(bytes)})) return;
  }
}

bool FirstFileHolds(const std::string& path, const Wanted& wanted,
                    const std::vector<std::string_view>& words) {
  bool found = false;
  try {
    VisitFiles(path, wanted, [&](ArchiveFile&& file) {
      found = std::all_of(words.begin(), words.end(), [&](std::string_view word) {
        return file.bytes.find(word) != std::string::npos;
      });
      return false;
    });
  } catch (const Error&) {
    return false;
  }
  return found;
}

bool IsArchive(const std::string& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none)) return false;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  SupportFilters(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_zip(reader.get());
  archive_entry* entry = nullptr;
  return archive_read_open_filename(reader.get(), path.c_str(), kBlock) == ARCHIVE_OK &&
         archive_read_next_header(reader.get(), &entry) >= ARCHIVE_WARN;
}

std::vector<std::string> FilesBelow(const std::string& folder) {
  return NamesBelow(folder, [](const std::string&) { return true; });
}

std::string Unpacked(std::string bytes, const std::string& place, std::uint64_t limit) {
  if (!LooksCompressed(bytes)) return bytes;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  SupportFilters(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  const auto fail = [&] {
    throw Error({place, "found compressed data that is cut off or damaged",
                 "expected a whole .gz, .zst, .xz or .bz2 file", "copy the file again"});
  };
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) fail();
  const int status = archive_read_next_header(reader.get(), &entry);
  if (status < ARCHIVE_WARN && status != ARCHIVE_EOF) fail();
  std::string unpacked, block(kBlock, '\0');
  while (status != ARCHIVE_EOF) {
    const la_ssize_t got = archive_read_data(reader.get(), block.data(), block.size());
    if (got < 0) fail();
    if (got == 0) break;
    unpacked.append(block, 0, static_cast<std::size_t>(got));
    CheckRatio(place, unpacked.size(), bytes.size(), kAlwaysHeld);
    if (unpacked.size() > limit) throw TooLarge(place, limit);
  }
  return unpacked;
}

}  // namespace arcsat
