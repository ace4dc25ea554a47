#pragma once

#include <cmath>
#include <optional>

#include "data/conversation.h"
#include "eval/bootstrap.h"

namespace arcsat {

/// Null where a figure could not be had: JSON knows no NaN and no infinity.
inline Json NumberJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

inline Json NumberJson(const std::optional<double>& value) {
  return value ? NumberJson(*value) : Json(nullptr);
}

/// [low, high], or null.
inline Json IntervalJson(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return Json::array({NumberJson(interval->low), NumberJson(interval->high)});
}

}  // namespace arcsat
