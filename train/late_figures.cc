#include "train/late_figures.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace arcsat {

LateFigures::LateFigures(const torch::Tensor& figures) {
  const torch::Device device = figures.device();
  if (!device.is_cuda()) {
    figures_ = figures.clone();
    return;
  }
  figures_ = torch::empty(figures.sizes(), torch::dtype(torch::kFloat64).pinned_memory(true));
  figures_.copy_(figures, /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl guard(device.type());
  there_.emplace(device.type());
  there_->record(guard.getStream(device));
}

std::vector<double> LateFigures::Read() {
  if (there_) there_->synchronize();
  const auto* begin = figures_.const_data_ptr<double>();
  return {begin, begin + figures_.numel()};
}

}  // namespace arcsat
