#pragma once

namespace arcsat {

/// While one lives, the first Ctrl-C or SIGTERM only sets a flag, so that the work under way can be
/// finished and saved. A second Ctrl-C ends the process as usual; a second SIGTERM does not, since
/// a scheduler and torchrun each send one.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool Requested();
};

}  // namespace arcsat
