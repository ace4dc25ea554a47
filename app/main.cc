#include "app/command.h"

int main(int argc, char** argv) {
  return arcsat::RunProgram(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
