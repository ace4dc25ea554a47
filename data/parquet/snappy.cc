#include "data/parquet/snappy.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "data/error.h"

namespace arcsat {
namespace {

class Snappy {
 public:
  Snappy(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  std::string Unpack(std::size_t size) {
    if (Length() != size) Fail();
    // What a page claims is not believed before it is there.
    out_.reserve(std::min(size, 64 * bytes_.size()));
    while (at_ < bytes_.size()) Element(size);
    if (out_.size() != size) Fail();
    return std::move(out_);
  }

 private:
  void Element(std::size_t size) {
    const std::size_t tag = Number(1), kind = tag & 3;
    std::size_t length = (tag >> 2) + 1;
    if (kind == 0) {
      if (length > 60) length = Number(length - 60) + 1;
      if (length > bytes_.size() - at_ || length > size - out_.size()) Fail();
      out_.append(bytes_.substr(at_, length));
      at_ += length;
      return;
    }
    std::size_t back = 0;
    if (kind == 1) {
      length = ((tag >> 2) & 7) + 4;
      back = (tag >> 5 << 8) | Number(1);
    } else {
      back = Number(kind == 2 ? 2 : 4);
    }
    if (back == 0 || back > out_.size() || length > size - out_.size()) Fail();
    // What is copied may reach into what this copy writes.
    for (std::size_t i = 0; i < length; ++i) out_ += out_[out_.size() - back];
  }

  std::size_t Length() {
    std::size_t length = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::size_t byte = Number(1);
      length |= (byte & 127) << shift;
      if (byte < 128) return length;
    }
    Fail();
  }

  /// Little-endian, of `count` bytes.
  std::size_t Number(std::size_t count) {
    if (count > bytes_.size() - at_) Fail();
    std::size_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      number |= static_cast<std::size_t>(static_cast<unsigned char>(bytes_[at_++])) << (8 * i);
    }
    return number;
  }

  [[noreturn]] void Fail() const {
    throw Error({place_, "found a page whose Snappy compression is damaged",
                 "expected a whole Parquet file", "write the file anew"});
  }

  std::string_view bytes_;
  const std::string& place_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string UnpackSnappy(std::string_view bytes, std::size_t size, const std::string& place) {
  return Snappy(bytes, place).Unpack(size);
}

}  // namespace arcsat
