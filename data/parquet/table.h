#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arcsat {

/// A Parquet file as CSV (RFC 4180) with a header: what reads tables reads the one like the other.
/// Texts, numbers, truth values, dates, times and decimals of up to 18 digits; null is empty.
/// Columns of other types (lists, groups, fixed bytes) are left out. Our own reader, as libparquet
/// is 70 MB of a library for a table of texts: pages of both versions, plain or with a dictionary,
/// packed with Snappy, gzip, Zstandard or not at all. Error where a file is damaged, has what is
/// not known here, or takes, unpacked, more than four times `limit`
/// bytes or kMostUnpacked times its size (and 64 MiB).
std::string ParquetToCsv(std::string_view bytes, const std::string& place, std::uint64_t limit);

}  // namespace arcsat
