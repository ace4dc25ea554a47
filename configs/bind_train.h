#pragma once

#include "configs/options.h"
#include "eval/calibration.h"
#include "eval/evaluation.h"
#include "model/options.h"
#include "train/options.h"

namespace arcsat {

void Bind(Options& options, ModelOptions* fields);
void Bind(Options& options, TrainOptions* fields);
void Bind(Options& options, LexicalOptions* fields);
void Bind(Options& options, CalibrationOptions* fields);
void Bind(Options& options, EvaluationOptions* fields);

}  // namespace arcsat
