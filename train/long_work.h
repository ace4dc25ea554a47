#pragma once

#include <chrono>
#include <functional>

namespace arcsat {

class Processes;

/// Called by long work again and again: says to the other processes that it goes on. Error where
/// one of them is gone, or its own work failed.
using Pulse = std::function<void()>;

/// Does `work` where a process has some (empty: none), and returns in all once all have done
/// theirs. A wait has no end of its own: the others wait for `timeout` from one pulse to the next.
/// Where work fails its process throws what it threw, and the others an Error.
void WhileOthersWait(Processes& processes, std::chrono::seconds timeout,
                     const std::function<void(const Pulse&)>& work);

}  // namespace arcsat
