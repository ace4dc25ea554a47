#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/error.h"

namespace arcsat {

/// Reads Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md) from bytes
/// in memory, field by field; what the caller does not take is passed over. Error where the bytes
/// end too early or nest too deep. A list has no more elements than bytes follow it.
///
///   thrift.Struct([&](int id, int type) {
///     return id == 4 && thrift.Take(type, &name);   // false: passed over
///   });
class ThriftReader {
 public:
  enum Type {
    kTrue = 1,
    kFalse = 2,
    kByte = 3,
    kInt64 = 6,
    kDouble = 7,
    kBinary = 8,
    kList = 9,
    kSet = 10,
    kMap = 11,
    kStruct = 12
  };

  /// `bytes` and `place` must outlive the reader.
  ThriftReader(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  std::size_t used() const { return at_; }

  template <class Use>
  void Struct(Use use) {
    Enter();
    std::int64_t id = 0;
    for (unsigned head = Byte(); head != 0; head = Byte()) {
      const int type = static_cast<int>(head & 15);
      id = head >> 4 != 0 ? id + (head >> 4) : Int();
      if (id < 0 || id > 32767) Fail("a field's number out of range");
      if (!use(static_cast<int>(id), type)) Skip(type);
    }
    --depth_;
  }

  /// `use` is called once an element, and takes it whole.
  template <class Use>
  void List(Use use) {
    Enter();
    const unsigned head = Byte();
    std::uint64_t size = head >> 4;
    if (size == 15) size = Varint();
    if (size > bytes_.size() - at_) Fail("a list longer than the file");
    for (std::uint64_t i = 0; i < size; ++i) use(static_cast<int>(head & 15));
    --depth_;
  }

  // One value; false, and nothing read, where it is of another type.
  bool Take(int type, std::int64_t* value) {
    if (type < 4 || type > kInt64) return false;
    *value = Int();
    return true;
  }
  bool Take(int type, std::string_view* value) {
    if (type != kBinary) return false;
    const std::uint64_t size = Varint();
    if (size > bytes_.size() - at_) Fail("a text that is cut off");
    *value = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }
  /// A field's, whose type is its value; not a list's.
  static bool Take(int type, bool* value) {
    *value = type == kTrue;
    return type == kTrue || type == kFalse;
  }

  /// A field's value, of any type.
  void Skip(int type) {
    std::int64_t number = 0;
    std::string_view text;
    if (type == kTrue || type == kFalse || Take(type, &number) || Take(type, &text)) return;
    if (type == kStruct) return Struct([](int, int) { return false; });
    if (type == kList || type == kSet) return List([this](int element) { SkipElement(element); });
    if (type == kMap) return SkipMap();
    Advance(type == kByte ? 1 : type == kDouble ? 8 : bytes_.size() + 1);
  }

 private:
  /// In a list or a map a truth value has a byte of its own.
  void SkipElement(int type) {
    if (type == kTrue || type == kFalse) return Advance(1);
    Skip(type);
  }
  void SkipMap() {
    Enter();
    const std::uint64_t size = Varint();
    if (size > bytes_.size() - at_) Fail("a map longer than the file");
    const unsigned types = size > 0 ? Byte() : 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      SkipElement(static_cast<int>(types >> 4));
      SkipElement(static_cast<int>(types & 15));
    }
    --depth_;
  }
  void Enter() {
    if (++depth_ > 32) Fail("values nested more than 32 deep");
  }
  void Advance(std::size_t count) {
    if (count > bytes_.size() - at_) Fail("bytes that end too early");
    at_ += count;
  }
  unsigned Byte() {
    Advance(1);
    return static_cast<unsigned char>(bytes_[at_ - 1]);
  }
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned byte = Byte();
      value |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    Fail("a number of more than 64 bits");
  }
  std::int64_t Int() {
    const std::uint64_t value = Varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  [[noreturn]] void Fail(const char* found) const {
    throw Error({place_, std::string("found a Parquet header with ") + found,
                 "expected a whole Parquet file", "write the file anew"});
  }

  std::string_view bytes_;
  const std::string& place_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace arcsat
