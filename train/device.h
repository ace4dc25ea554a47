#pragma once

#include <torch/types.h>

#include <string>

namespace arcsat {

/// cpu, cuda or auto (cuda where there is one); of several GPUs the `local_rank`th, from 0.
/// UsageError when cuda is asked for and missing, or has fewer.
torch::Device ChooseDevice(const std::string& name, int local_rank = 0);

/// bf16 on CUDA while it lives, where `on`. The cache of cast weights is dropped at its end, since
/// the weights change every step.
class Autocast {
 public:
  explicit Autocast(bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_, before_;
};

/// Whether memory ran out: a GPU's, or what the system or a limit leaves to a processor, whose
/// allocator throws a general error.
bool IsOutOfMemory(const c10::Error& error);

}  // namespace arcsat
