#pragma once

#include <string>
#include <string_view>

namespace arcsat {

/// Snappy's raw format (google/snappy, format_description.txt), which Parquet's pages are packed
/// with unless the writer chose otherwise. Error where the bytes are damaged or do not unpack to
/// exactly `size` bytes.
std::string UnpackSnappy(std::string_view bytes, std::size_t size, const std::string& place);

}  // namespace arcsat
