#include "data/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "data/error.h"

namespace arcsat {

MappedFile::MappedFile(const std::string& path, const char* kind) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error({path, fmt::format("opening failed: {}", std::strerror(errno)),
                 fmt::format("expected a {}", kind), "check that it is there and may be read"});
  }
  const off_t end = lseek(descriptor, 0, SEEK_END);
  void* mapped = MAP_FAILED;
  if (end > 0) {
    size_ = static_cast<std::size_t>(end);
    mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  close(descriptor);
  if (mapped == MAP_FAILED) {
    throw Error({path, fmt::format("found a {} that cannot be mapped", kind),
                 "expected a regular file, for it is not read from beginning to end",
                 "name the file itself"});
  }
  bytes_ = mapped;
}

MappedFile::~MappedFile() { munmap(bytes_, size_); }

void MappedFile::ReadAtRandom() const { madvise(bytes_, size_, MADV_RANDOM); }

}  // namespace arcsat
