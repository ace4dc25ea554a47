#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "data/error.h"

namespace arcsat {

/// A folder that is gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "arcsat-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Writes a file without the code under test; its path.
  std::string Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path Fixture(const std::string& name) {
  return std::filesystem::path(ARCSAT_SOURCE_DIR) / "tests" / "fixtures" / name;
}

/// A file of the real data (ARCSAT_DATA, else beside the sources), or an empty path.
inline std::filesystem::path RealData(const std::string& name) {
  const char* root = std::getenv("ARCSAT_DATA");
  const std::filesystem::path path =
      (root != nullptr ? std::filesystem::path(root)
                       : std::filesystem::path(ARCSAT_SOURCE_DIR) / ".." / "shared" / "data") /
      name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

/// The problem of the Error that `call` throws; a test failure where it throws none.
template <class Call>
Problem ProblemOf(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.problem();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

}  // namespace arcsat
