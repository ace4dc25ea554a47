#include "train/device.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <string_view>

#include "data/error.h"

namespace arcsat {

torch::Device ChooseDevice(const std::string& name, int local_rank) {
  const int devices = static_cast<int>(torch::cuda::device_count());
  const bool cuda = torch::cuda::is_available() && devices > 0;
  if (name == "cuda" && !cuda) {
    throw UsageError({"train.device", "is cuda", "expected a CUDA build of LibTorch and a GPU",
                      "use --train.device auto or cpu"});
  }
  if (name == "cpu" || !cuda) return torch::kCPU;
  if (local_rank >= devices) {
    throw UsageError(
        {"train.device",
         fmt::format("is {}, for {} processes or more on a machine "
                     "with {} GPUs",
                     name, local_rank + 1, devices),
         "expected a GPU for each process",
         fmt::format("give torchrun --nproc_per_node={}, or use --train.device cpu", devices)});
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(local_rank)};
}

Autocast::Autocast(bool on) : on_(on), before_(at::autocast::is_autocast_enabled(at::kCUDA)) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCUDA, true);
}

Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCUDA, before_);
}

bool IsOutOfMemory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  return std::string_view(error.what_without_backtrace()).find("DefaultCPUAllocator") !=
         std::string_view::npos;
}

}  // namespace arcsat
