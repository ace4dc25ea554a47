#include "data/temporary_files.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>

namespace arcsat {
namespace {

enum : int { kFree, kFilling, kUsed };
struct Slot {
  std::atomic<int> state{kFree};
  std::array<char, 4096> path{};
};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not wait for a lock");

std::array<Slot, 64> slots;

void RemoveAndEnd(int signal) {
  for (Slot& slot : slots) {
    if (slot.state.load() == kUsed) unlink(slot.path.data());
  }
  raise(signal);  // SA_RESETHAND: the default action now
}

}  // namespace

int KeepTemporary(const std::filesystem::path& path) {
  const std::string& name = path.native();
  for (std::size_t i = 0; i < slots.size() && name.size() < slots[i].path.size(); ++i) {
    int expected = kFree;
    if (!slots[i].state.compare_exchange_strong(expected, kFilling)) continue;
    std::memcpy(slots[i].path.data(), name.c_str(), name.size() + 1);
    slots[i].state.store(kUsed);
    return static_cast<int>(i);
  }
  return -1;
}

void ForgetTemporary(int slot) {
  if (slot >= 0) slots[static_cast<std::size_t>(slot)].state.store(kFree);
}

void InstallSignalHandlers() {
  struct sigaction action = {};
  action.sa_handler = RemoveAndEnd;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    sigaction(number, nullptr, &before);
    // nohup's choice to ignore stands.
    if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace arcsat
