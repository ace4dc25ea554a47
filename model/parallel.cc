#include "model/parallel.h"

#include <ATen/Parallel.h>

// LibTorch's loops are in its headers, and run with one thread where these are compiled without
// OpenMP: this file alone is compiled with it (model/CMakeLists.txt).
namespace arcsat {

void ParallelFor(std::int64_t begin, std::int64_t end, std::int64_t grain,
                 const std::function<void(std::int64_t, std::int64_t)>& use) {
  at::parallel_for(begin, end, grain, use);
}

}  // namespace arcsat
