#include "data/importers/file_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <initializer_list>

namespace arcsat {
namespace fs = std::filesystem;
namespace {

bool EndsWith(const std::string& name, std::string_view end) {
  return name.size() >= end.size() &&
         std::equal(end.rbegin(), end.rend(), name.rbegin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

bool EndsWithAny(const std::string& name, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return EndsWith(name, end); });
}

}  // namespace

std::string RefusedByName(const std::string& name) {
  const fs::path path(name);
  for (const fs::path& part : path) {
    if (part == "..") return "its name leads out of the archive";
    if (part == "__MACOSX") return "a computer's own notes";
  }
  if (path.is_absolute() || name.find('\\') != std::string::npos) {
    return "its name leads out of the archive";
  }
  if (path.filename().string().starts_with('.')) return "hidden";
  static constexpr std::array<std::string_view, 17> kOther = {
      ".wav", ".mp3", ".ogg",  ".flac", ".m4a", ".mp4",  ".webm", ".png", ".jpg",
      ".gif", ".pdf", ".docx", ".xlsx", ".exe", ".html", ".md",   ".cfg"};
  for (const std::string_view end : kOther) {
    if (EndsWith(name, end)) return fmt::format("{} files are not read", end);
  }
  return "";
}

bool MayBeArchive(const std::string& name) {
  return EndsWithAny(name, {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".zst", ".xz", ".bz2"});
}

bool MayBeLines(const std::string& name) {
  return name.find(".jsonl") != std::string::npos || name.find(".ndjson") != std::string::npos;
}

bool LooksBinary(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return false;
  const std::string_view head = bytes.substr(0, 4096);
  return head.find('\0') != std::string_view::npos || head.starts_with("PK\x03\x04");
}

bool IsLines(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  std::string_view line = text.substr(0, end);
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  if (!line.starts_with('{') || !line.ends_with('}')) return false;
  // An object on one line, and a second one below it.
  const std::size_t next = text.find_first_not_of(" \t\r\n", end);
  return next == std::string_view::npos || text[next] == '{';
}

std::string ShownName(std::string name) {
  if (name.size() > 300) name = name.substr(0, 147) + "..." + name.substr(name.size() - 150);
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return name;
}

}  // namespace arcsat
