#include "app/command.h"
#include "data/temporary_files.h"

int main(int argc, char** argv) {
  arcsat::InstallSignalHandlers();
  return arcsat::RunProgram(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
