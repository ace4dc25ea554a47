#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace arcsat {

/// An operator's share of what was recorded.
struct OperatorTime {
  std::string name;
  bool gpu = false;  ///< a kernel on the GPU; else what a thread of the CPU did
  std::int64_t calls = 0;
  double seconds = 0;  ///< its own, without the operators that it called
};

/// Records what LibTorch does from its construction until End(), with LibTorch's own profiler
/// (Kineto). One at a time.
class Profile {
 public:
  explicit Profile(torch::Device device);
  /// Ends what End() has not.
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Writes the trace, which Perfetto and chrome://tracing open. The operators, most time first.
  std::vector<OperatorTime> End(const std::filesystem::path& trace);

 private:
  bool recording_ = true;
};

}  // namespace arcsat
