#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arcsat {

/// A file's bytes as memory, for as long as this lives; the system reads what is looked at and can
/// drop it again. What is cut off the file meanwhile must not be read.
class MappedFile {
 public:
  /// Error where it is no regular file, or empty; `kind` ("Parquet file") names it there.
  MappedFile(const std::string& path, const char* kind);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(bytes_), size_}; }
  /// Places will be read here and there: nothing is read ahead.
  void ReadAtRandom() const;

 private:
  void* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace arcsat
