// The corpus as a test, with any compiler: every file of FOLDER/TARGET/ and the fixtures go through
// the target, then as many mutants of them as the second argument says (bytes changed, lost,
// doubled; a fixed seed).
//   arcsat_fuzz_corpus tests/fuzz/corpus tests/fixtures/import 200
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "data/files.h"
#include "data/random.h"
#include "tests/fuzz/targets.h"

namespace {

namespace fs = std::filesystem;

std::string Mutant(std::string bytes, arcsat::Random* random) {
  constexpr std::string_view kPieces[] = {"\"", "{",    "}",       "[",     "]",    ",",
                                          ":",  "null", "-1",      "1e308", "\xFF", "\0",
                                          "<",  "&",    "\\u0000", "\n",    "=",    "0"};
  const std::uint64_t changes = 1 + random->Below(4);
  for (std::uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const std::size_t at = random->Below(bytes.size());
    const std::size_t length = random->Below(std::min<std::size_t>(32, bytes.size() - at) + 1);
    switch (random->Below(4)) {
      case 0:
        bytes[at] = static_cast<char>(random->Below(256));
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:
        bytes.insert(at, kPieces[random->Below(std::size(kPieces))]);
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int mutants = std::atoi(argv[3]);
  std::map<std::string, std::string> fixtures;
  for (const auto& entry : fs::recursive_directory_iterator(argv[2])) {
    if (entry.is_regular_file()) fixtures[entry.path()] = arcsat::ReadFile(entry.path());
  }
  if (fixtures.empty()) return 1;
  long runs = 0;
  for (const auto& target : arcsat::fuzz::Targets()) {
    std::map<std::string, std::string> inputs = fixtures;
    const fs::path folder = fs::path(argv[1]) / target.name;
    if (fs::exists(folder)) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        inputs[entry.path()] = arcsat::ReadFile(entry.path());
      }
    }
    arcsat::Random random(arcsat::MixSeed(7, static_cast<std::uint64_t>(target.name[0])));
    for (const auto& [name, bytes] : inputs) {
      target.run(bytes);
      for (int i = 0; i < mutants; ++i, ++runs) target.run(Mutant(bytes, &random));
    }
  }
  std::printf("%ld mutants\n", runs);
  return 0;
}
