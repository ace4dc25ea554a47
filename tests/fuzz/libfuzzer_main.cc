// libFuzzer's entry: ARCSAT_FUZZ_TARGET names what is fuzzed.
//   ARCSAT_FUZZ_TARGET=zendesk build-fuzz/probes/arcsat_fuzz -max_total_time=600 found/
//   corpus/zendesk/
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace {

const arcsat::fuzz::Target* target = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("ARCSAT_FUZZ_TARGET");
  target = arcsat::fuzz::FindTarget(name != nullptr ? name : "");
  if (target != nullptr) return 0;
  std::fprintf(stderr, "ARCSAT_FUZZ_TARGET has to name one of:");
  for (const auto& one : arcsat::fuzz::Targets()) std::fprintf(stderr, " %s", one.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
