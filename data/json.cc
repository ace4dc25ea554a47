#include "data/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "data/error.h"

namespace arcsat {
namespace {

using Members = std::vector<std::pair<const std::string, Json>>;

Members& MembersOf(Json* object) { return object->get_ref<Json::object_t&>(); }

/// A key that the object holds twice, or nullptr. O(n log n): a hostile line may have many keys.
const std::string* FindDuplicateKey(const Members& members) {
  constexpr std::size_t kFew = 16;
  if (members.size() <= kFew) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (members[i].first == members[j].first) return &members[i].first;
      }
    }
    return nullptr;
  }
  std::vector<const std::string*> keys;
  keys.reserve(members.size());
  for (const auto& member : members) keys.push_back(&member.first);
  std::sort(keys.begin(), keys.end(), [](auto* a, auto* b) { return *a < *b; });
  const auto twice =
      std::adjacent_find(keys.begin(), keys.end(), [](auto* a, auto* b) { return *a == *b; });
  return twice == keys.end() ? nullptr : *twice;
}

/// Builds the value from nlohmann's event parser, which keeps its own stack and so does not recurse
/// however deep the text is; the strictness that its tree parser lacks is added here.
class Builder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Add(Json(nullptr)); }
  bool boolean(bool value) override { return Add(Json(value)); }
  bool number_integer(number_integer_t value) override { return Add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Add(Json(value)); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.find_first_of(".eE") == std::string::npos) {
      return Fail("found the integer " + text + ", which does not fit 64 bits",
                  "expected a smaller number, or the digits as a string");
    }
    return Add(Json(value));
  }
  bool string(string_t& value) override { return Add(Json(std::move(value))); }
  bool binary(binary_t&) override { return Fail("found binary data", "expected JSON"); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t) override {
    // The outermost object has a dozen fields: growing would copy the turns already in it.
    const std::size_t room = stack_.empty() ? 16 : 5;
    if (!Add(Json::object(), true)) return false;
    MembersOf(stack_.back()).reserve(room);
    return true;
  }
  bool start_array(std::size_t) override { return Add(Json::array(), true); }
  bool end_object() override {
    if (const std::string* twice = FindDuplicateKey(MembersOf(stack_.back()))) {
      return Fail(fmt::format("found the key \"{:.60}\" twice in one object", *twice),
                  "expected each key once");
    }
    stack_.pop_back();
    return true;
  }
  bool end_array() override {
    stack_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 8: syntax error while …"
    std::string reason = error.what();
    const std::size_t column = reason.find(", column ");
    const std::size_t start = column == std::string::npos ? column : reason.find(": ", column);
    if (start != std::string::npos) reason.erase(0, start + 2);
    if (reason.size() > 200) reason = reason.substr(reason.size() - 200);
    // The message quotes what was read, which may be the very bytes that are no UTF-8.
    for (char& c : reason) {
      if (static_cast<unsigned char>(c) >= 0x7F || static_cast<unsigned char>(c) < 0x20) c = '?';
    }
    return Fail(fmt::format("found no whole JSON value (at byte {}: {})", position, reason),
                "expected one JSON value in UTF-8");
  }

  Json Take() { return std::move(root_); }
  const std::string& found() const { return found_; }
  const std::string& expected() const { return expected_; }

 private:
  bool Fail(std::string found, std::string expected) {
    found_ = std::move(found);
    expected_ = std::move(expected);
    return false;
  }

  bool Add(Json value, bool container = false) {
    if (container && stack_.size() >= static_cast<std::size_t>(kJsonDepth)) {
      return Fail(fmt::format("found values nested more than {} deep", kJsonDepth),
                  "expected a flatter record");
    }
    Json* added = &root_;
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (stack_.back()->is_object()) {
      added = &MembersOf(stack_.back()).emplace_back(std::move(key_), std::move(value)).second;
    } else {
      added = &stack_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    }
    if (container) stack_.push_back(added);
    return true;
  }

  Json root_;
  std::vector<Json*> stack_;  // a parent's storage grows only after its open child has ended
  std::string key_, found_, expected_;
};

/// The value as a message shows it: one line, at most 60 bytes, whatever it is.
std::string Shown(const Json& value) {
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  if (value.is_object()) return "an object";
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace

std::string JsonField::ToString() const {
  if (index < 0) return std::string(name);
  return name.empty() ? fmt::format("turns[{}]", index) : fmt::format("turns[{}].{}", index, name);
}

Json ParseJson(std::string_view text, const JsonSource& source) {
  Builder builder;
  if (text.find('\0') != std::string_view::npos) {  // the parser takes it for the end of the text
    throw Error(
        {source.place, "found a NUL byte", "expected one JSON value in UTF-8", source.remedy});
  }
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    throw Error({source.place, builder.found(), builder.expected(), source.remedy});
  }
  return builder.Take();
}

void RefuseField(const JsonSource& source, const JsonField& field, const Json& found,
                 const std::string& expected) {
  const std::string name = field.ToString();
  const std::string place = name.empty() ? source.place : source.place + ": " + name;
  throw Error({place, "found " + Shown(found), "expected " + expected, source.remedy});
}

void RefuseMissing(const JsonSource& source, const JsonField& field, const std::string& expected) {
  throw Error({source.place + ": " + field.ToString(), "found no such field",
               "expected " + expected, source.remedy});
}

std::string TakeString(Json* value, const JsonSource& source, const JsonField& field) {
  if (!value->is_string()) RefuseField(source, field, *value, "a string");
  return std::move(value->get_ref<std::string&>());
}

double TakeNumber(const Json& value, const JsonSource& source, const JsonField& field) {
  if (!value.is_number()) RefuseField(source, field, value, "a number");
  return value.get<double>();
}

bool TakeBool(const Json& value, const JsonSource& source, const JsonField& field) {
  if (!value.is_boolean()) RefuseField(source, field, value, "true or false");
  return value.get<bool>();
}

void AppendField(Json* object, std::string key, Json value) {
  MembersOf(object).emplace_back(std::move(key), std::move(value));
}

Json NumberToJson(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it doubles skip integers
  if (std::nearbyint(number) == number && std::abs(number) <= kExact) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

std::string DumpJson(const Json& value, const std::string& place, int indent) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::detail::exception&) {
    throw Error({place, "found text that is not UTF-8", "expected UTF-8",
                 "mend the text where it comes from"});
  }
}

}  // namespace arcsat
