#pragma once

#include <memory>
#include <string>

#include "configs/progress.h"
#include "train/trainer.h"

namespace arcsat {

/// Says on standard error how a training run comes along.
class TrainNarrator {
 public:
  /// `quiet` is what the user asked for; only the first process shows progress.
  TrainNarrator(const Processes& processes, bool quiet);

  /// Shows every update and validation of a trainer that has not begun yet.
  void Watch(Trainer* trainer);
  /// For the first process only.
  void Say(const std::string& text) const;
  /// From any process, which is named where there are several.
  void Warn(const std::string& text) const;
  void Finish() const { progress_->Finish(); }

 private:
  bool silent_, quiet_;
  std::string prefix_;
  std::unique_ptr<Progress> progress_;
};

/// Where the time of so many updates went.
std::string ProfileText(const std::vector<OperatorTime>& operators, int updates,
                        const std::string& trace);

/// What a run would take, for a person and for a machine.
std::string ForecastText(const Forecast& forecast, int epochs);
Json ForecastJson(const Forecast& forecast);

}  // namespace arcsat
