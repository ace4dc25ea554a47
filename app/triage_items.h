#pragma once

#include <string>
#include <vector>

#include "data/corpus.h"
#include "insight/triage/study.h"

namespace arcsat {

/// A file of finished conversations, scored by a calibrated model; satisfied is what the model was
/// trained to predict. Conversations without turns are left out.
struct FinishedFile {
  std::string model, data;
  int threads = 0;
  bool quiet = false;
  ReadOptions read;
};
std::vector<FinishedConversation> ScoreFinished(const FinishedFile& file);

}  // namespace arcsat
