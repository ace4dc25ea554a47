// `arcsat import` alone, for builds without torch and for measuring.
#include <cstdio>

#include "app/command.h"
#include "data/error.h"
#include "data/temporary_files.h"

int main(int argc, char** argv) {
  arcsat::InstallSignalHandlers();
  try {
    return arcsat::kImportCommand.run({argv + 1, argv + argc});
  } catch (const arcsat::UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const arcsat::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
