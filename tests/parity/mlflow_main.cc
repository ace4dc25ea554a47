// Writes the runs that tests/parity/test_mlflow.py opens with MLflow: STORE and a folder for runs
// are the arguments.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

#include "data/error.h"
#include "data/files.h"
#include "train/mlflow.h"
#include "train/run_log.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// Stopped after update 12, of which 11 and 12 came after the checkpoint, and resumed.
void Resumed(const fs::path& store, const fs::path& run) {
  fs::create_directories(run);
  const MlflowRun::Texts params = {{"train.epochs", "4"},
                                   {"survey.target", "attribute:task_done"},
                                   {"note", "Zoë says \"x: y\"\nand more"},
                                   {"empty", ""},
                                   {"a?b", std::string(7000, 'x')},
                                   {"bad", "\xC3\x28"}};
  {
    MlflowRun first(store, run);
    first.Begin(params, {{"arcsat.code", "abc123"}});
    for (int update = 1; update <= 12; ++update) {
      first.Metric("train/loss", update, 1.0 / update, 1000 + update);
    }
    first.Metric("validation/auc", 12, 0.5, 1012);
    first.End(MlflowStatus::kKilled);
  }
  MlflowRun second(store, run);
  second.Begin(params, {{"arcsat.code", "abc123"}}, 10);
  for (int update = 11; update <= 20; ++update) {
    second.Metric("train/loss", update, 1.0 / update, 2000 + update);
  }
  second.Metric("validation/auc", 20, 0.75, 2020);
  second.Metric("train/odd", 1, std::nan(""), 2020);
  second.Metric("train/odd", 2, -HUGE_VAL, 2020);
  second.Metric("train/exact", 5'000'000'000, 0.1, 2020.25);
  second.End(MlflowStatus::kFinished);
}

/// Left without End(), as an exception would.
void Broken(const fs::path& store, const fs::path& run) {
  fs::create_directories(run);
  MlflowRun broken(store, run);
  broken.Begin({}, {});
  broken.Metric("train/loss", 1, 0.5);
}

/// By the log that the trainer writes.
void Logged(const fs::path& store, const fs::path& run) {
  fs::create_directories(run);
  WriteFile(run / "config.cfg",
            "data = a.jsonl\ndata = b.jsonl\n\n[train]\nepochs = 2\nmlflow = \"x # y\"\n");
  RunLog log(run, 0, store);
  log.Metrics("train", 1, {{"loss", 0.5}, {"skipped", false}, {"gradient_norm", nullptr}});
  log.Metrics("validation", 1, {{"accuracy", 0.875}, {"surveyed", 8}, {"best", true}});
  log.End(false);
}

}  // namespace
}  // namespace arcsat

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: mlflow_main STORE RUNS\n", stderr);
    return 2;
  }
  try {
    const std::filesystem::path store = argv[1], runs = argv[2];
    arcsat::Resumed(store, runs / "a: \"first\" \xF0\x9F\x98\x80 \xE2\x80\xA8 'run' # 1");
    arcsat::Broken(store, runs / "broken");
    arcsat::Logged(store, runs / "logged");
  } catch (const arcsat::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
