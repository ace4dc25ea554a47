#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "train/processes.h"

namespace arcsat {

/// What c10d knows the processes by; only where this program is built with Gloo.
struct Processes::Group {
  c10::intrusive_ptr<c10d::Store> store;
  std::chrono::milliseconds timeout{};
  c10::intrusive_ptr<c10d::Backend> gloo;  ///< for figures
  /// For gradients; made by Use().
  c10::intrusive_ptr<c10d::Backend> of_device;
  c10::intrusive_ptr<c10d::ProcessGroup> gradients;

  /// Waits for what `begin` starts; an exception of c10d becomes an Error.
  template <typename Begin>
  void Run(const Begin& begin) const {
    try {
      begin()->wait(timeout);
    } catch (const c10::Error& error) {
      Lost(error.what_without_backtrace());
    } catch (const std::exception& error) {
      Lost(error.what());
    }
  }

  [[noreturn]] static void Lost(const std::string& why);
};

}  // namespace arcsat
