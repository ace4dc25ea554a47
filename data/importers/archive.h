#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/error.h"

namespace arcsat {

/// A regular file inside a folder or an archive.
struct ArchiveFile {
  std::string name;   ///< path below the folder or archive, "/" between: "star/dialogues/1.json"
  std::string place;  ///< for messages: "star.tar.xz:star/dialogues/1.json"
  std::string bytes;
};

struct VisitOptions {
  std::uint64_t limit = std::uint64_t{256} << 20;  ///< bytes of one file, unpacked
  /// Called in place of throwing for a file beyond the limit, which is passed over.
  std::function<void(const Error&)> too_large = {};
};

/// Whether the first file of `path` that is `wanted` holds all of `words`; false where there is
/// none or it cannot be read. For Importer::Sniff().
bool FirstFileHolds(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                    const std::vector<std::string_view>& words);

/// Visits the regular files of a folder (recursively, sorted by name; links to folders are not
/// followed) or of an archive (.tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .zip, in its own order),
/// one in memory at a time and nothing unpacked to disk. `wanted` is asked with each name before a
/// file is read; `use` returns false to stop. Throws Error where `path` is missing or no archive,
/// where an archive is cut off, damaged, or unpacks to more than kMostUnpacked times its size (and
/// 1 GiB), and where a file is larger than the limit.
void VisitFiles(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                const std::function<bool(ArchiveFile&&)>& use, const VisitOptions& options = {});

/// An archive that claims more is made to fill a disk or an afternoon.
inline constexpr std::uint64_t kMostUnpacked = 1000;

/// Whether the file is a .zip or a .tar, compressed or not; false where it cannot be read.
bool IsArchive(const std::string& path);

/// The names of the regular files below a folder, sorted, "/" between.
std::vector<std::string> FilesBelow(const std::string& folder);

/// What a .gz, .zst, .xz or .bz2 held in memory unpacks to; other bytes come back as they are.
/// Error where it is damaged, larger than `limit`, or more than kMostUnpacked times its size (and
/// 16 MiB).
std::string Unpacked(std::string bytes, const std::string& place, std::uint64_t limit);

}  // namespace arcsat
