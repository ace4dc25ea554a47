#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace arcsat {

/// Seconds since 1970-01-01T00:00:00Z of an ISO 8601 time: "2026-01-05", "2026-01-05T09:30:00Z",
/// with a fraction, with an offset ("+01:00"), "T" or a space between. A time without an offset is
/// UTC. Nothing where `text` is no such time.
std::optional<double> ParseTimestamp(std::string_view text);

/// "2026-01-05T09:30:00Z".
std::string FormatTimestamp(std::int64_t seconds);

/// The present time, so written.
std::string Now();

}  // namespace arcsat
