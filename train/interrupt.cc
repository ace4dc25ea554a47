#include "train/interrupt.h"

#include <csignal>

namespace arcsat {
namespace {

volatile std::sig_atomic_t requested = 0;
struct sigaction previous_int, previous_term;

void Handle(int) { requested = 1; }

}  // namespace

InterruptGuard::InterruptGuard() {
  requested = 0;
  struct sigaction action = {};
  action.sa_handler = Handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, &previous_term);
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // the second one is not caught
  sigaction(SIGINT, &action, &previous_int);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &previous_int, nullptr);
  sigaction(SIGTERM, &previous_term, nullptr);
}

bool InterruptGuard::Requested() { return requested != 0; }

}  // namespace arcsat
