#include "data/checksum.h"

#include <string>

#include "data/files.h"

namespace arcsat {

std::uint64_t Checksum(std::string_view bytes) {
  return std::stoull(Sha256(bytes).substr(0, 16), nullptr, 16);
}

}  // namespace arcsat
