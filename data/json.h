#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "data/conversation.h"

namespace arcsat {

/// Where a JSON text came from, and what its owner can do when it is wrong.
struct JsonSource {
  std::string place;  ///< "calls.jsonl:17" or "split.json"
  std::string remedy = "mend the line, or pass --skip-bad to leave it out";
};

/// A field as messages name it: "survey.score", or "turns[3].at" with an index.
struct JsonField {
  std::string_view name;
  std::int64_t index = -1;  ///< >= 0: `name` belongs to this element of "turns"
  std::string ToString() const;
};

/// Deepest nesting that is read. Data from outside must not choose how far the program recurses.
inline constexpr int kJsonDepth = 100;

/// Reads exactly one JSON value (RFC 8259). Throws Error on broken syntax or UTF-8, on anything
/// after the value, on a key that an object has twice, on nesting deeper than kJsonDepth and on an
/// integer beyond 64 bits (it could not be written back unchanged).
Json ParseJson(std::string_view text, const JsonSource& source);

/// Throws Error: `found` is at `field`, and `expected` should have been.
[[noreturn]] void RefuseField(const JsonSource& source, const JsonField& field, const Json& found,
                              const std::string& expected);
/// Throws Error: `field` is missing.
[[noreturn]] void RefuseMissing(const JsonSource& source, const JsonField& field,
                                const std::string& expected);

/// The value, moved out; Error unless it is of the type.
std::string TakeString(Json* value, const JsonSource& source, const JsonField& field);
double TakeNumber(const Json& value, const JsonSource& source, const JsonField& field);
bool TakeBool(const Json& value, const JsonSource& source, const JsonField& field);

/// Adds a key that `object` is known not to have. ordered_json's own insertion looks through all
/// keys first, which is quadratic in a large object.
void AppendField(Json* object, std::string key, Json value);

/// An integer where the number is one (12, not 12.0), else the shortest decimal that reads back
/// equal.
Json NumberToJson(double number);

/// JSON text, on one line unless `indent` >= 0. Throws Error where a string is not UTF-8; `place`
/// names the record.
std::string DumpJson(const Json& value, const std::string& place, int indent = -1);

}  // namespace arcsat
