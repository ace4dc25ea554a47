#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace arcsat {

/// Without spaces, tabs and line ends at both ends.
std::string Trim(const std::string& text);

/// At most `most` bytes of it, never cutting a UTF-8 character, with "…" where something is
/// missing.
std::string Shorten(const std::string& text, std::size_t most);

/// Columns on a terminal, counting one for each UTF-8 character.
std::size_t DisplayWidth(const std::string& text);

/// Words put on lines of at most `width` columns; a word longer than that has a line of its own.
std::vector<std::string> Wrap(const std::string& text, std::size_t width);

/// "12 s", "3 min 05 s", "2 h 10 min".
std::string Duration(double seconds);

/// "1,234,567".
std::string Thousands(long long number);

}  // namespace arcsat
