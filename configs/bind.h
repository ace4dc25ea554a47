#pragma once

#include "configs/encoder_shape.h"
#include "configs/options.h"
#include "data/corpus.h"
#include "data/simulator/simulate.h"
#include "data/split.h"
#include "data/survey.h"
#include "data/tokenizers/train.h"

namespace arcsat {

/// What every command takes.
struct CommonOptions {
  bool json = false;   ///< results as JSON on standard output, a failure as JSON on standard error
  bool quiet = false;  ///< no progress
};

// Each adds the keys of one module's options, with the struct's values as defaults. The order of
// the calls is the order of the sections in --help and in config.cfg.
void Bind(Options& options, CommonOptions* fields);
void Bind(Options& options, ReadOptions* fields);
void Bind(Options& options, SimulateOptions* fields);
void Bind(Options& options, SplitOptions* fields);
void Bind(Options& options, SurveyOptions* fields);
void Bind(Options& options, SentencePieceTrainOptions* fields);
void Bind(Options& options, EncoderShape* fields);

}  // namespace arcsat
