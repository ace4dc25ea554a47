#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace arcsat {

/// A regular file inside a folder or an archive.
struct ArchiveFile {
  std::string name;   ///< path below the folder or archive, "/" between: "star/dialogues/1.json"
  std::string place;  ///< for messages: "star.tar.xz:star/dialogues/1.json"
  std::string bytes;
};

/// Visits the regular files of a folder (recursively, sorted by name; links to folders are not
/// followed) or of an archive (.tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .zip, in its own order),
/// one in memory at a time and nothing unpacked to disk. `wanted` is asked with each name before a
/// file is read; `use` returns false to stop. Throws Error where `path` is missing or no archive,
/// where an archive is cut off or damaged, and where a file is larger than `limit` bytes.
void VisitFiles(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                const std::function<bool(ArchiveFile&&)>& use,
                std::uint64_t limit = std::uint64_t{256} << 20);

}  // namespace arcsat
