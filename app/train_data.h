#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/dataset.h"
#include "data/training_set.h"
#include "train/options.h"

namespace arcsat {

/// Where a run's data lie, as --data and --validation name them: files of conversations, or folders
/// of shards.
struct TrainingSources {
  std::vector<std::string> data, validation;
  SurveyOptions survey;
  ReadOptions read;
};

struct TrainingData {
  std::shared_ptr<const TrainingSet> train;
  std::vector<EncodedConversation> validation;
  DatasetCounts counts;  ///< of the files to learn from
};

/// What a run learns from and is validated by; for the task csat those with a label. Where no file
/// is given to validate by, a share of the conversations is held out. Error where there is nothing
/// to learn.
TrainingData ReadTrainingData(const TrainingSources& sources, const TrainOptions& options,
                              const LoadedModel& loaded);

}  // namespace arcsat
