#include "app/experiments_add.h"

#include <fmt/format.h>

#include "configs/bind.h"
#include "configs/bind_train.h"
#include "data/error.h"
#include "data/files.h"
#include "data/settings.h"
#include "eval/ledger_run.h"

namespace arcsat {
namespace {

constexpr std::uintmax_t kLargestEntry = 1 << 20;

/// What a run would be made with if nothing were said.
std::vector<Setting> TrainDefaults() {
  SurveyOptions survey;
  ModelOptions model;
  TrainOptions train;
  Options options("train", "", "");
  Bind(options, &survey);
  Bind(options, &model);
  Bind(options, &train);
  return ParseSettings(options.Resolved(), "defaults");
}

void CheckCall(const NewExperiment& call) {
  const bool whole = !call.entry.empty();
  if (whole && !(call.evaluation.empty() && call.run.empty())) {
    throw UsageError({"command line", "--entry stands beside --evaluation or --run",
                      "expected a whole entry, or what one is made of", "leave one of them out"});
  }
  if (whole) return;
  const auto refuse = [](const std::string& found) {
    throw UsageError({"command line", found,
                      "expected --name, --learned, and --evaluation or --run",
                      "see arcsat experiments --help"});
  };
  if (call.evaluation.empty() && call.run.empty()) {
    refuse("neither --evaluation nor --run is given");
  }
  if (call.name.empty()) refuse("--name is missing");
  if (call.learned.empty()) refuse("--learned is missing");
}

}  // namespace

LedgerEntry MakeEntry(const NewExperiment& call) {
  CheckCall(call);
  LedgerEntry entry;
  if (!call.entry.empty()) {
    entry = ParseLedgerEntry(ReadFile(call.entry, kLargestEntry), call.entry, /*fresh=*/true);
  }
  if (!call.evaluation.empty()) AddEvaluation(call.evaluation, call.side, &entry);
  if (!call.run.empty()) AddRun(call.run, TrainDefaults(), &entry);
  const auto set = [](std::string* field, const std::string& value) {
    if (!value.empty()) *field = value;
  };
  set(&entry.name, call.name);
  set(&entry.question, call.question);
  set(&entry.learned, call.learned);
  set(&entry.split, call.split);
  set(&entry.code, call.code);
  set(&entry.date, call.date);
  set(&entry.target, call.target);
  if (call.status_given) entry.status = call.status;
  if (entry.figures.empty() && entry.status != LedgerStatus::kFailed) {
    throw UsageError({"command line", "there is no figure to record",
                      "expected --evaluation, or a run with validations",
                      "measure with arcsat evaluate --out, or say --status failed"});
  }
  return entry;
}

}  // namespace arcsat
