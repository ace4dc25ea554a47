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

using Wanted = std::function<bool(const std::string&)>;
using Use = std::function<bool(ArchiveFile&&)>;

void VisitFolder(const fs::path& root, const Wanted& wanted, const Use& use, std::uint64_t limit) {
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
  for (const std::string& name : names) {
    const fs::path path = root / name;
    if (!use({name, path.string(), ReadFile(path, limit)})) return;
  }
}

/// An archive that is open for reading.
class ArchiveReader {
 public:
  ArchiveReader(const std::string& path, std::uint64_t limit)
      : path_(path), limit_(limit), reader_(archive_read_new(), archive_read_free) {
    // Only what publishers use, and nothing that starts another program.
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_zip(reader_.get());
    if (archive_read_open_filename(reader_.get(), path.c_str(), std::size_t{1} << 18) !=
        ARCHIVE_OK) {
      Fail();
    }
  }

  /// The next regular file's name, or false at the end.
  bool Next(std::string* name) {
    for (archive_entry* entry = nullptr;;) {
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

  std::string Bytes(const std::string& place) {
    std::string bytes, block(std::size_t{1} << 18, '\0');
    for (;;) {
      const la_ssize_t got = archive_read_data(reader_.get(), block.data(), block.size());
      if (got < 0) Fail();
      if (got == 0) return bytes;
      bytes.append(block, 0, static_cast<std::size_t>(got));
      if (bytes.size() > limit_) {
        throw Error({place, fmt::format("found more than {} bytes", limit_),
                     "expected a smaller file", "check that this is the right archive"});
      }
    }
  }

 private:
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
};

}  // namespace

void VisitFiles(const std::string& path, const Wanted& wanted, const Use& use,
                std::uint64_t limit) {
  std::error_code none;
  if (fs::is_directory(path, none)) {
    VisitFolder(path, wanted, use, limit);
    return;
  }
  ArchiveReader reader(path, limit);
  for (std::string name; reader.Next(&name);) {
    if (!wanted(name)) continue;
    const std::string place = path + ":" + name;
    std::string bytes = reader.Bytes(place);
    if (!use({name, place, std::move(bytes)})) return;
  }
}

}  // namespace arcsat
