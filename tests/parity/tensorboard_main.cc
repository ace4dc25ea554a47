// Writes the events that tests/parity/test_tensorboard.py reads back: FOLDER is the argument.
#include <cstdio>
#include <string>

#include "data/error.h"
#include "train/tensorboard.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tensorboard_main FOLDER\n", stderr);
    return 2;
  }
  try {
    {
      arcsat::EventWriter writer(argv[1]);
      writer.Text("config", 0, "epochs = 3\nname = Zoë", 1000.5);
      for (int step = 0; step < 2000; ++step) {
        writer.Scalar("train/loss", step, 1.0 / (1 + step), 1000.0 + step);
      }
    }
    arcsat::EventWriter resumed(argv[1]);
    resumed.Scalar("train/loss", 2000, -0.25, 3000.0);
    resumed.Scalar("valid/auc", 5'000'000'000, 0.75, 3000.25);
  } catch (const arcsat::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
