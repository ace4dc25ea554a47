#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "data/error.h"
#include "train/processes.h"

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

Launch LaunchFromEnvironment() {
  Launch launch;
  const char* restarts = "TORCHELASTIC_RESTART_COUNT";
  launch.by_torchrun = !Variable(restarts).empty();
  if (launch.by_torchrun) launch.restarts = NumberIn(restarts, 0);
  if (Variable("WORLD_SIZE").empty()) return launch;
  launch.size = NumberIn("WORLD_SIZE", 1);
  launch.rank = NumberIn("RANK", 0);
  launch.local_rank = NumberIn("LOCAL_RANK", 0);
  if (launch.size == 1) return launch;
  launch.address = Variable("MASTER_ADDR");
  launch.port = NumberIn("MASTER_PORT", 1);
  launch.store_runs = Variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
  return launch;
}

Processes& Processes::Alone() {
  static Processes alone(Launch{}, std::chrono::seconds(0));
  return alone;
}

}  // namespace arcsat
