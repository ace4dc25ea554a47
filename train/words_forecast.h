#pragma once

#include <vector>

#include "data/training_set.h"
#include "train/forecast.h"
#include "train/options.h"

namespace arcsat {

class ArcModel;
class Roughener;

/// Adds what the words beside the network will take (FitBeside), which are fitted when the network
/// is trained: time and, where the process's memory is what counts, the memory beside what the
/// training leaves. Fits more and more of the conversations, for a few seconds at most, and has
/// some of `validation` scored. Moves the model to the CPU, where the first process does all that.
/// `roughener`: of a run that has one; else null.
void ForecastWords(ArcModel* model, const TrainingSet& train,
                   const std::vector<EncodedConversation>& validation,
                   const LexicalOptions& options, Roughener* roughener, Forecast* forecast);

/// A fit that was timed.
struct TimedFit {
  double conversations = 0, seconds = 0;
};

/// Seconds of a fit of `all` conversations, as fits of growing size tell: those of the last, times
/// a power of how many more they are. The power is what the last two show, from 1 (each takes the
/// same) to 1.6 (of more, the solver takes more steps, and reads slower memory).
double FitSeconds(const std::vector<TimedFit>& timed, double all);

}  // namespace arcsat
