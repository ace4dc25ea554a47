#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef ARCSAT_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "data/error.h"
#include "train/process_group.h"

namespace arcsat {
namespace {

std::string Variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

int NumberIn(const char* name, int least) {
  const std::string text = Variable(name);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least) {
    throw UsageError({fmt::format("environment variable {}", name),
                      text.empty() ? "is not set" : fmt::format("is \"{}\"", text),
                      fmt::format("expected a number from {} on, as WORLD_SIZE is set", least),
                      "start several processes with torchrun --no-python arcsat train …, or unset "
                      "WORLD_SIZE for one"});
  }
  return value;
}

}  // namespace

void Processes::Group::Lost(const std::string& why) {
  throw Error({"the other processes", fmt::format("one cannot be reached ({})", why),
               "expected all that torchrun started to take part",
               "look at the message of the process that ended first; the run goes on from its last "
               "checkpoint with --resume"});
}

std::unique_ptr<Processes> Processes::FromEnvironment(std::chrono::seconds timeout) {
  std::unique_ptr<Processes> all(new Processes);
  if (Variable("WORLD_SIZE").empty()) return all;
  all->size_ = NumberIn("WORLD_SIZE", 1);
  all->rank_ = NumberIn("RANK", 0);
  all->local_rank_ = NumberIn("LOCAL_RANK", 0);
  const bool by_torchrun = !Variable("TORCHELASTIC_RESTART_COUNT").empty();
  if (by_torchrun) all->restarts_ = NumberIn("TORCHELASTIC_RESTART_COUNT", 0);
  if (all->size_ == 1) return all;
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(NumberIn("MASTER_PORT", 1));
  // torchrun keeps the store at that address itself and outlives the workers, so each attempt needs
  // keys of its own.
  options.isServer = all->first() && Variable("TORCHELASTIC_USE_AGENT_STORE") != "True";
  options.timeout = timeout;
  all->group_ = std::make_unique<Group>();
  Group& group = *all->group_;
  group.timeout = timeout;
  try {
    const auto server = c10::make_intrusive<c10d::TCPStore>(Variable("MASTER_ADDR"), options);
    group.store = c10::make_intrusive<c10d::PrefixStore>(
        fmt::format("arcsat/attempt-{}", all->restarts_), server);
    group.gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("figures", group.store), all->rank_, all->size_,
        c10d::ProcessGroupGloo::Options::create_default(group.timeout));
  } catch (const std::exception& error) {
    Group::Lost(error.what());
  }
  return all;
}

void Processes::Use(torch::Device device) {
  if (size_ == 1) return;
  Group& group = *group_;
  auto store = c10::make_intrusive<c10d::PrefixStore>("gradients", group.store);
  auto type = c10d::ProcessGroup::BackendType::GLOO;
  if (device.is_cuda()) {
#ifdef ARCSAT_NCCL
    type = c10d::ProcessGroup::BackendType::NCCL;
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = group.timeout;
    group.of_device = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank_, size_, options);
#else
    throw UsageError({"train.device", "is cuda, in several processes",
                      "expected a program built with NCCL (nccl.h was not found)",
                      "build with NCCL's headers, or use --train.device cpu"});
#endif
  } else {
    group.of_device = c10::make_intrusive<c10d::ProcessGroupGloo>(
        store, rank_, size_, c10d::ProcessGroupGloo::Options::create_default(group.timeout));
  }
  group.gradients = c10::make_intrusive<c10d::ProcessGroup>(store, rank_, size_);
  group.gradients->setBackend(device.type(), type, group.of_device);
  group.gradients->setDefaultBackend(type);
}

Processes& Processes::Alone() {
  static Processes alone;
  return alone;
}

Processes::~Processes() {
  // NCCL's communicators must not be left to the end of the program, when CUDA may be gone.
  if (group_ && group_->of_device) group_->of_device->shutdown();
}

std::vector<double> Processes::Sum(std::vector<double> values) {
  if (size_ == 1 || values.empty()) return values;
  std::vector<at::Tensor> tensors = {torch::tensor(values, torch::kFloat64)};
  group_->Run([&] { return group_->gloo->allreduce(tensors); });
  const double* sums = tensors[0].const_data_ptr<double>();
  return {sums, sums + values.size()};
}

std::string Processes::OfFirst(const std::string& text) {
  if (size_ == 1) return text;
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
  if (size_ == 1) return;
  torch::NoGradGuard no_grad;
  for (const torch::Tensor& tensor : tensors) {
    // AdamW's steps are counted on the CPU in some versions; NCCL takes none from there.
    auto& backend = tensor.is_cuda() ? group_->of_device : group_->gloo;
    std::vector<at::Tensor> one = {tensor.detach()};
    group_->Run([&] { return backend->broadcast(one); });
  }
}

void Processes::Wait() { Sum(0.0); }

}  // namespace arcsat
