#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/parquet/lines.h"

namespace arcsat {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

}  // namespace

// bzip2's magic is letters, so what follows is looked at too: a block, or the end of an empty file.
bool LooksCompressed(std::string_view bytes) {
  using std::string_view_literals::operator""sv;
  if (bytes.starts_with("BZh")) {
    const std::string_view next =
        bytes.substr(0, 10).substr(std::min<std::size_t>(4, bytes.size()));
    return next.size() < 6 || next == "1AY&SY"sv || next == "\x17\x72\x45\x38\x50\x90"sv;
  }
  return bytes.starts_with("\x1F\x8B"sv) || bytes.starts_with("\x28\xB5\x2F\xFD"sv) ||
         bytes.starts_with("\xFD\x37\x7A\x58\x5A\x00"sv);
}

struct LineReader::Impl {
  std::string name;  // as messages show it
  std::size_t limit = 0;
  int descriptor = -1;
  bool close_descriptor = false;
  std::uint64_t consumed = 0, total = 0;
  std::string raw;             // the block last read from the descriptor
  bool raw_waits = false;      // the first block was read to look at it, and not yet used
  archive* decoder = nullptr;  // none: the file is plain
  std::string decoded;         // the decoder's block
  std::string_view rest;       // what of the block no line has taken
  bool first = true;
  std::unique_ptr<ParquetLines> table;  // rows in place of lines

  ~Impl() {
    if (decoder != nullptr) archive_read_free(decoder);
    if (close_descriptor) close(descriptor);
  }

  /// The next block of the file as it lies on disk into `raw`; its size, or -1 with errno.
  ssize_t ReadRaw() {
    raw.resize(kBlock);
    for (;;) {
      const ssize_t count = read(descriptor, raw.data(), raw.size());
      if (count < 0 && errno == EINTR) continue;
      if (count >= 0) {
        raw.resize(static_cast<std::size_t>(count));
        consumed += raw.size();
      }
      return count;
    }
  }

  /// libarchive's read callback.
  static la_ssize_t Feed(archive* reader, void* self, const void** buffer) {
    Impl* impl = static_cast<Impl*>(self);
    if (!impl->raw_waits && impl->ReadRaw() < 0) {
      archive_set_error(reader, errno, "%s", std::strerror(errno));
      return ARCHIVE_FATAL;
    }
    impl->raw_waits = false;
    *buffer = impl->raw.data();
    return static_cast<la_ssize_t>(impl->raw.size());
  }

  [[noreturn]] void FailDecoding(std::int64_t line) {
    const char* reason = archive_error_string(decoder);
    throw Error({fmt::format("{}:{}", name, line),
                 fmt::format("found compressed data that is cut off or damaged ({})",
                             reason != nullptr ? reason : "unknown"),
                 "expected a whole .gz, .zst, .xz or .bz2 file",
                 "copy or compress the file again"});
  }

  void OpenDecoder() {
    decoder = archive_read_new();
    archive_read_support_filter_gzip(decoder);
    archive_read_support_filter_zstd(decoder);
    archive_read_support_filter_xz(decoder);
    archive_read_support_filter_bzip2(decoder);
    archive_read_support_format_raw(decoder);
    archive_read_support_format_empty(decoder);
    archive_entry* entry = nullptr;
    if (archive_read_open(decoder, this, nullptr, Feed, nullptr) != ARCHIVE_OK) FailDecoding(1);
    const int status = archive_read_next_header(decoder, &entry);
    if (status == ARCHIVE_FATAL) FailDecoding(1);
    // A header cut off is not recognised and would pass as plain text.
    if (archive_filter_count(decoder) < 2) {
      archive_set_error(decoder, EINVAL, "the header is not whole");
      FailDecoding(1);
    }
    if (status == ARCHIVE_OK) decoded.resize(kBlock);
  }

  /// Refills `rest`; false at the end of the file.
  bool Fill(std::int64_t line) {
    if (decoder == nullptr) {
      if (!raw_waits && ReadRaw() < 0) {
        throw Error(
            {name, fmt::format("reading failed: {}", std::strerror(errno)), "",
             errno == EISDIR ? "name a file, not a folder" : "check the path and the disk"});
      }
      raw_waits = false;
      rest = raw;
      return !rest.empty();
    }
    if (decoded.empty()) return false;  // a compressed empty file
    const la_ssize_t count = archive_read_data(decoder, decoded.data(), decoded.size());
    if (count < 0) FailDecoding(line);
    rest = {decoded.data(), static_cast<std::size_t>(count)};
    return count > 0;
  }
};

LineReader::LineReader(const std::string& path, std::size_t limit)
    : impl_(std::make_unique<Impl>()) {
  impl_->limit = limit;
  impl_->name = path == "-" ? "standard input" : path;
  impl_->descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (impl_->descriptor < 0) {
    throw Error({path, fmt::format("opening failed: {}", std::strerror(errno)), "",
                 "check the path and that you may read it"});
  }
  impl_->close_descriptor = path != "-";
  struct stat info {};
  if (fstat(impl_->descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
    impl_->total = static_cast<std::uint64_t>(info.st_size);
  }
  if (impl_->ReadRaw() < 0) {
    throw Error({impl_->name, fmt::format("reading failed: {}", std::strerror(errno)), "",
                 errno == EISDIR ? "name a file, not a folder" : "check the path and the disk"});
  }
  impl_->raw_waits = true;
  if (LooksCompressed(impl_->raw)) impl_->OpenDecoder();
  if (BeginsLikeParquet(impl_->raw)) {
    // Standard input may be a file, too.
    impl_->table = std::make_unique<ParquetLines>(path == "-" ? "/dev/stdin" : impl_->name, limit);
  }
}

LineReader::~LineReader() = default;

bool LineReader::Next(std::string* line) {
  if (impl_->table) {
    if (!impl_->table->Next(line)) return false;
    ++number_;
    return true;
  }
  line->clear();
  bool any = false;
  for (bool ended = false; !ended;) {
    if (impl_->rest.empty() && !impl_->Fill(number_ + 1)) break;
    any = true;
    const std::size_t end = impl_->rest.find('\n');
    ended = end != std::string_view::npos;
    line->append(impl_->rest.substr(0, end));
    impl_->rest.remove_prefix(ended ? end + 1 : impl_->rest.size());
    if (line->size() > impl_->limit) {
      throw Error({fmt::format("{}:{}", impl_->name, number_ + 1),
                   fmt::format("found a line longer than {} bytes", impl_->limit),
                   "expected one record a line", "check that the file has line breaks"});
    }
  }
  if (!any) return false;
  ++number_;
  if (std::exchange(impl_->first, false) && line->starts_with("\xEF\xBB\xBF")) line->erase(0, 3);
  if (line->ends_with('\r')) line->pop_back();
  return true;
}

bool LineReader::is_table() const { return impl_->table != nullptr; }

std::string LineReader::place() const { return fmt::format("{}:{}", impl_->name, number_); }

std::uint64_t LineReader::bytes_read() const {
  return impl_->table ? impl_->table->bytes_read() : impl_->consumed;
}

std::uint64_t LineReader::bytes_total() const { return impl_->total; }

}  // namespace arcsat
