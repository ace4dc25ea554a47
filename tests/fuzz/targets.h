#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat::fuzz {

/// What is fed with any bytes. An Error is a good answer; anything else that is thrown, a
/// sanitizer's finding, a time-out or a broken promise (an `abort`) is a finding.
struct Target {
  const char* name;
  void (*run)(std::string_view bytes);
};

/// One a format, and html, csv, survey, redact, shard, archive and scale.
const std::vector<Target>& Targets();

/// The one of that name, or nullptr.
const Target* FindTarget(std::string_view name);

}  // namespace arcsat::fuzz
