#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "data/json.h"

namespace arcsat {

/// Where an object lies, for messages.
struct FieldPath {
  const char* list = "";    ///< the list that holds the object; empty: the record itself
  std::int64_t index = -1;  ///< its place there, from 0; -1: `list` is the object itself
};

/// One object of a vendor's JSON, read leniently where vendors differ: a field may have several
/// names (snake and camel case), null says the same as missing, an id may be a number or a string,
/// and a number may be written as text. What is of another type is an Error with its place.
///
///   const Fields segment(item, source, {"Transcript", 3});
///   const std::string text = segment.NeedText({"Content"});
class Fields {
 public:
  using Names = std::initializer_list<const char*>;

  /// `object` and `source` must outlive this. Error unless it is an object.
  Fields(const Json& object, const JsonSource& source, FieldPath path = {});

  /// The first of the names that is there and not null, or nullptr.
  const Json* Find(Names names) const;
  bool Has(Names names) const { return Find(names) != nullptr; }
  /// A string, or a number or a truth value as text; empty where missing.
  std::string Text(Names names) const;
  std::string NeedText(Names names) const;
  /// A finite number, also one written as text; Error where it is neither.
  std::optional<double> Number(Names names) const;
  double NeedNumber(Names names) const;
  std::optional<bool> Bool(Names names) const;
  /// The list, or an empty one where missing.
  const Json& List(Names names) const;
  const Json& NeedList(Names names) const;
  /// The object, or an empty one where missing.
  Fields Object(Names names) const;
  /// Seconds since 1970 of an ISO 8601 text, or of a number: seconds, milliseconds or microseconds,
  /// told by its size (a time between 1973 and 5138 in that unit).
  std::optional<double> Time(Names names) const;

  [[noreturn]] void Refuse(const char* name, const Json& found, const std::string& expected) const;
  const Json& json() const { return object_; }
  const JsonSource& source() const { return source_; }

 private:
  std::string NameOf(const char* name) const;
  [[noreturn]] void Missing(const char* name, const std::string& expected) const;
  const Json& object_;
  const JsonSource& source_;
  FieldPath path_;
};

/// The number that a text is as a whole ("4.5"); nothing otherwise, or where it is not finite.
std::optional<double> NumberOf(std::string_view text);

/// Seconds since 1970 of a number that is seconds, milliseconds or microseconds; nothing where it
/// is none of those.
std::optional<double> EpochSeconds(double number);

}  // namespace arcsat
