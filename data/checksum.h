#pragma once

#include <cstdint>
#include <string_view>

namespace arcsat {

/// Sixteen hexadecimal digits of SHA-256, for a record of a file that is written piece by piece.
std::uint64_t Checksum(std::string_view bytes);

}  // namespace arcsat
