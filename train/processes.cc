#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef ARCSAT_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "data/error.h"
#include "train/process_group.h"

namespace arcsat {

void Processes::Group::Lost(const std::string& why) {
  throw Error({"the other processes", fmt::format("one cannot be reached ({})", why),
               "expected all that torchrun started to take part",
               "look at the message of the process that ended first; the run goes on from its last "
               "checkpoint with --resume"});
}

Processes::Processes(const Launch& launch, std::chrono::seconds timeout) : launch_(launch) {
  if (size() == 1) return;
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(launch.port);
  options.isServer = first() && !launch.store_runs;
  options.timeout = timeout;
  group_ = std::make_unique<Group>();
  group_->timeout = timeout;
  try {
    const auto store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
    // A store that torchrun keeps outlives the workers: each attempt has keys of its own.
    group_->store = c10::make_intrusive<c10d::PrefixStore>(
        fmt::format("arcsat/attempt-{}", launch.restarts), store);
    group_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("figures", group_->store), rank(), size(),
        c10d::ProcessGroupGloo::Options::create_default(group_->timeout));
  } catch (const std::exception& error) {
    Group::Lost(error.what());
  }
}

void Processes::Use(torch::Device device) {
  if (size() == 1) return;
  // What asks for memory without naming a GPU takes it from this one.
  if (device.is_cuda()) c10::impl::getDeviceGuardImpl(device.type())->setDevice(device);
  Group& group = *group_;
  auto store = c10::make_intrusive<c10d::PrefixStore>("gradients", group.store);
  auto type = c10d::ProcessGroup::BackendType::GLOO;
  if (device.is_cuda()) {
#ifdef ARCSAT_NCCL
    type = c10d::ProcessGroup::BackendType::NCCL;
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = group.timeout;
    group.of_device = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank(), size(), options);
#else
    throw UsageError({"train.device", "is cuda, in several processes",
                      "expected a program built with NCCL (nccl.h was not found)",
                      "build with NCCL's headers, or use --train.device cpu"});
#endif
  } else {
    group.of_device = c10::make_intrusive<c10d::ProcessGroupGloo>(
        store, rank(), size(), c10d::ProcessGroupGloo::Options::create_default(group.timeout));
  }
  group.gradients = c10::make_intrusive<c10d::ProcessGroup>(store, rank(), size());
  group.gradients->setBackend(device.type(), type, group.of_device);
  group.gradients->setDefaultBackend(type);
}

Processes::~Processes() {
  // NCCL's communicators must not be left to the end of the program, when CUDA may be gone.
  if (group_ && group_->of_device) group_->of_device->shutdown();
}

std::vector<double> Processes::Sum(std::vector<double> values) {
  if (size() == 1 || values.empty()) return values;
  std::vector<at::Tensor> tensors = {torch::tensor(values, torch::kFloat64)};
  group_->Run([&] { return group_->gloo->allreduce(tensors); });
  const double* sums = tensors[0].const_data_ptr<double>();
  return {sums, sums + values.size()};
}

std::string Processes::OfFirst(const std::string& text) {
  if (size() == 1) return text;
  std::vector<at::Tensor> length = {
      torch::tensor({static_cast<std::int64_t>(text.size())}, torch::kInt64)};
  group_->Run([&] { return group_->gloo->broadcast(length); });
  std::string shared(static_cast<std::size_t>(length[0].item<std::int64_t>()), '\0');
  if (shared.empty()) return shared;
  if (first()) shared = text;
  std::vector<at::Tensor> bytes = {
      torch::from_blob(shared.data(), {static_cast<std::int64_t>(shared.size())}, torch::kUInt8)};
  group_->Run([&] { return group_->gloo->broadcast(bytes); });
  return shared;
}

void Processes::CopyFromFirst(const std::vector<torch::Tensor>& tensors) {
  if (size() == 1) return;
  torch::NoGradGuard no_grad;
  for (const torch::Tensor& tensor : tensors) {
    // AdamW's steps are counted on the CPU in some versions; NCCL takes none from there.
    auto& backend = tensor.is_cuda() ? group_->of_device : group_->gloo;
    std::vector<at::Tensor> one = {tensor.detach()};
    group_->Run([&] { return backend->broadcast(one); });
  }
}

}  // namespace arcsat
