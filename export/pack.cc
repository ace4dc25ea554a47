#include "export/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

void Check(archive* writer, int code, const fs::path& out) {
  if (code >= ARCHIVE_WARN) return;
  const char* reason = archive_error_string(writer);
  throw Error({out.string(), fmt::format("cannot be packed: {}", reason ? reason : "no reason"),
               "expected a .tar.gz", "this is a fault in arcsat; report it"});
}

la_ssize_t Append(archive*, void* file, const void* bytes, std::size_t size) {
  static_cast<AtomicFile*>(file)->Write({static_cast<const char*>(bytes), size});
  return static_cast<la_ssize_t>(size);
}

void AddFile(archive* writer, const fs::path& file, const std::string& name, const fs::path& out) {
  const Entry entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(fs::file_size(file)));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  Check(writer, archive_write_header(writer, entry.get()), out);
  std::ifstream in(file, std::ios::binary);
  std::vector<char> block(1 << 20);
  std::uintmax_t left = fs::file_size(file);
  while (left > 0 &&
         in.read(block.data(), static_cast<std::streamsize>(block.size())).gcount() > 0) {
    const auto got = static_cast<std::size_t>(in.gcount());
    Check(writer, archive_write_data(writer, block.data(), got) < 0 ? ARCHIVE_FATAL : ARCHIVE_OK,
          out);
    left -= std::min<std::uintmax_t>(left, got);
  }
  if (left > 0) {
    throw Error({file.string(), fmt::format("ends {} bytes early", left),
                 "expected a file that nobody writes to", "try again"});
  }
}

}  // namespace

void PackFolder(const fs::path& folder, const std::string& name, const fs::path& out) {
  std::set<std::string> names;
  for (const auto& item : fs::directory_iterator(folder)) {
    if (!fs::is_regular_file(item.symlink_status())) {
      throw Error({item.path().string(), "is no file", "expected files only", "take it away"});
    }
    names.insert(item.path().filename().string());
  }
  AtomicFile file(out);
  const Writer writer(archive_write_new(), &archive_write_free);
  Check(writer.get(), archive_write_add_filter_gzip(writer.get()), out);
  Check(writer.get(), archive_write_set_options(writer.get(), "gzip:!timestamp"), out);
  Check(writer.get(), archive_write_set_format_pax_restricted(writer.get()), out);
  Check(writer.get(), archive_write_open(writer.get(), &file, nullptr, Append, nullptr), out);
  for (const std::string& inside : names) {
    AddFile(writer.get(), folder / inside, name + "/" + inside, out);
  }
  Check(writer.get(), archive_write_close(writer.get()), out);
  file.Commit();
}

}  // namespace arcsat
