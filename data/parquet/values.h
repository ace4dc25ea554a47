#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/parquet/metadata.h"

namespace arcsat {

/// Little-endian, of `size` bytes, at most 8; the bytes have to be there.
std::uint64_t ParquetNumber(std::string_view bytes, std::size_t size);

/// Bytes that a value of this type has (PLAIN encoding); 0: a length of four bytes, and as many.
std::size_t ParquetWidth(ParquetType type);

/// Appends a value, of ParquetWidth() bytes or a text, as people write it.
void AppendParquetValue(const ParquetColumn& column, std::string_view bytes, std::string* text);

/// Reads the mixture of runs and packed bits in which Parquet keeps levels and places in a
/// dictionary (RLE/bit-packing hybrid).
class ParquetRuns {
 public:
  /// `bits` of a value: 0 to 32.
  ParquetRuns(std::string_view bytes, unsigned bits) : bytes_(bytes), bits_(bits) {}
  /// False where the bytes are at an end.
  bool Next(std::uint32_t* value);

 private:
  bool Begin();

  std::string_view bytes_;
  unsigned bits_;
  std::uint64_t left_ = 0;  ///< values of the run under way
  bool packed_ = false;
  std::uint32_t same_ = 0;
  std::uint64_t bit_ = 0;  ///< place in `run_`
  std::string_view run_;   ///< the bytes of packed values
};

}  // namespace arcsat
