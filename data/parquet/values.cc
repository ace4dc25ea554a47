#include "data/parquet/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "data/timestamp.h"

namespace arcsat {
namespace {

constexpr std::int64_t kDay = 86400, kYear10000 = 253402300800;

/// A number of days or parts of a second since 1970 as ISO 8601; as it stands where no calendar
/// has it.
void AppendTime(std::int64_t value, ParquetMeaning meaning, std::string* text) {
  const int digits = meaning == ParquetMeaning::kMillis   ? 3
                     : meaning == ParquetMeaning::kMicros ? 6
                     : meaning == ParquetMeaning::kNanos  ? 9
                                                          : 0;
  std::int64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  const bool date = meaning == ParquetMeaning::kDate;
  const std::int64_t last = date ? kYear10000 / kDay : kYear10000;
  if (value < 0 || value / unit >= last) {
    *text += fmt::format("{}", value);
    return;
  }
  std::string time = FormatTimestamp(date ? value * kDay : value / unit);
  if (date) time.resize(10);
  if (value % unit != 0) {
    time.pop_back();  // the Z
    time += fmt::format(".{:0{}}Z", value % unit, digits);
  }
  *text += time;
}

/// Int96: nanoseconds of the day, and the Julian day, as Spark and Hive wrote for long.
void AppendInt96(std::string_view bytes, std::string* text) {
  constexpr std::int64_t k1970 = 2440588, kNanos = 1'000'000'000;
  const auto nanos = static_cast<std::int64_t>(ParquetNumber(bytes, 8));
  const auto day = static_cast<std::int64_t>(ParquetNumber(bytes.substr(8), 4)) - k1970;
  if (day < 0 || day > 100'000 || nanos < 0 || nanos >= kDay * kNanos) return;
  AppendTime(day * kDay * kNanos + nanos, ParquetMeaning::kNanos, text);
}

void AppendInteger(const ParquetColumn& column, std::int64_t value, std::string* text) {
  if (column.meaning == ParquetMeaning::kPlain) {
    *text += fmt::format("{}", value);
  } else if (column.meaning != ParquetMeaning::kDecimal) {
    AppendTime(value, column.meaning, text);
  } else {
    // The digits without a sign, which the lowest number has no room for otherwise.
    const auto size =
        value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    std::string digits = fmt::format("{:0{}}", size, column.scale + 1);
    if (column.scale > 0) {
      digits.insert(digits.size() - static_cast<std::size_t>(column.scale), ".");
    }
    *text += (value < 0 ? "-" : "") + digits;
  }
}

}  // namespace

std::uint64_t ParquetNumber(std::string_view bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

std::size_t ParquetWidth(ParquetType type) {
  switch (type) {
    case ParquetType::kInt32:
    case ParquetType::kFloat:
      return 4;
    case ParquetType::kInt64:
    case ParquetType::kDouble:
      return 8;
    case ParquetType::kInt96:
      return 12;
    default:
      return 0;
  }
}

void AppendParquetValue(const ParquetColumn& column, std::string_view bytes, std::string* text) {
  switch (column.type) {
    case ParquetType::kInt32:
      AppendInteger(column,
                    static_cast<std::int32_t>(static_cast<std::uint32_t>(ParquetNumber(bytes, 4))),
                    text);
      return;
    case ParquetType::kInt64:
      AppendInteger(column, static_cast<std::int64_t>(ParquetNumber(bytes, 8)), text);
      return;
    case ParquetType::kInt96:
      AppendInt96(bytes, text);
      return;
    case ParquetType::kFloat: {
      const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(ParquetNumber(bytes, 4)));
      if (std::isfinite(value)) *text += fmt::format("{}", value);
      return;
    }
    case ParquetType::kDouble: {
      const auto value = std::bit_cast<double>(ParquetNumber(bytes, 8));
      if (std::isfinite(value)) *text += fmt::format("{}", value);
      return;
    }
    default:
      *text += bytes;
  }
}

bool ParquetRuns::Next(std::uint32_t* value) {
  while (left_ == 0) {
    if (!Begin()) return false;
  }
  --left_;
  if (!packed_) {
    *value = same_;
    return true;
  }
  *value = 0;
  for (unsigned i = 0; i < bits_; ++i, ++bit_) {
    const auto byte = static_cast<unsigned char>(run_[bit_ / 8]);
    *value |= static_cast<std::uint32_t>((byte >> (bit_ % 8)) & 1U) << i;
  }
  return true;
}

bool ParquetRuns::Begin() {
  std::uint64_t head = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (bytes_.empty() || shift > 56) return false;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    head |= static_cast<std::uint64_t>(byte & 127U) << shift;
    if (byte < 128) break;
  }
  packed_ = (head & 1) != 0;
  if (!packed_) {
    const std::size_t size = (bits_ + 7) / 8;
    if (bytes_.size() < size) return false;
    left_ = head >> 1;
    same_ = static_cast<std::uint32_t>(ParquetNumber(bytes_, size));
    bytes_.remove_prefix(size);
    return true;
  }
  // Groups of eight values. The last may be cut off where its values are not needed.
  const std::uint64_t groups = head >> 1;
  const std::uint64_t whole = bits_ == 0 ? groups : std::min<std::uint64_t>(groups, bytes_.size());
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(whole * bits_, bytes_.size()));
  run_ = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  bit_ = 0;
  left_ = bits_ == 0 ? groups * 8 : size * 8 / bits_;
  return left_ > 0 || groups == 0;
}

}  // namespace arcsat
