#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/dataset.h"
#include "app/tokenise_once.h"
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
/// to learn. Of several processes one tokenises the files for all, as `sharing` says; not where a
/// share is held out, nor where texts are needed to roughen them.
TrainingData ReadTrainingData(const TrainingSources& sources, const TrainOptions& options,
                              const LoadedModel& loaded, const Sharing& sharing);

}  // namespace arcsat
