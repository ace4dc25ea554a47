#pragma once

#include <string>
#include <string_view>

namespace arcsat {

/// Why a file of a folder or an archive is passed over by its name alone ("hidden", or a name that
/// leads out of the archive); empty where it is not.
std::string RefusedByName(const std::string& name);

/// By a name's end, so that a folder of a hundred thousand files is not opened three times over.
bool MayBeArchive(const std::string& name);
bool MayBeLines(const std::string& name);

/// Zero bytes or a .zip's mark at the beginning; UTF-16 with its mark is text.
bool LooksBinary(std::string_view bytes);

/// Whether the first line is a JSON object of its own and a second one follows (or nothing), so
/// that every line is one.
bool IsLines(std::string_view text);

/// A name as a message shows it: at most 300 bytes, and no control characters of an archive that
/// would reach a terminal.
std::string ShownName(std::string name);

}  // namespace arcsat
