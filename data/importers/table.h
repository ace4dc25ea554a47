#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

/// A header's names as they are compared: lower case, runs of anything but letters and digits are
/// one "_" ("Conversation ID" is "conversation_id").
std::string ColumnKey(std::string_view name);

/// The header's column of that name (compared as ColumnKey), or -1. `given` names it; where it is
/// empty the first of `guesses` that the header has. UsageError where `given` is not in the header;
/// `option` and `place` are for the message.
int FindColumn(const std::vector<std::string>& header, const std::string& given,
               const std::vector<std::string_view>& guesses, const std::string& option,
               const std::string& place);

}  // namespace arcsat
