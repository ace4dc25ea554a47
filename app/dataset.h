#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/labelled.h"
#include "data/corpus.h"
#include "data/data_source.h"
#include "data/encoded.h"
#include "data/error.h"
#include "data/record_columns.h"
#include "data/score.h"
#include "eval/calibration.h"
#include "model/model_folder.h"

namespace arcsat {

/// What was read, for a message.
struct DatasetCounts {
  std::int64_t conversations = 0, surveyed = 0, satisfied = 0, rated = 0, empty = 0;
  std::int64_t without_customer = 0;
  ReadReport report;
};

/// Reads and encodes every conversation of the sources, those without turns left out and counted.
/// An id may appear in one source only once. `texts` are kept where training roughens them.
std::vector<EncodedConversation> ReadDataset(const std::vector<DataSource>& sources,
                                             const LoadedModel& model, const ReadOptions& read,
                                             DatasetCounts* counts, bool texts = false);

/// Why a file is of no use that holds no conversation.
Error NothingRead(const std::string& path);

/// The model's calibration; `model` is what the user named it by. Error where there is none.
Calibration DemandCalibration(const LoadedModel& loaded, const std::string& model);

/// Those that have a label: a survey answer, a rated turn, or what models said of them.
std::vector<EncodedConversation> Labelled(std::vector<EncodedConversation> all);

/// Streams a file through the model: conversations are read, scored in windows and handed on with
/// the record they came from, in the order of the file. Memory is one window.
struct ScoreStream {
  const LoadedModel* model = nullptr;
  ReadOptions read;
  int window = 512;  ///< conversations scored together
  bool quiet = false;
  std::string label;                                     ///< of the progress bar
  std::function<bool(const Conversation&)> wanted = {};  ///< the rest is not scored; empty: all
  ReadReport Run(const std::string& path,
                 const std::function<void(const Conversation&, RawScore&&)>& use) const;
};

/// The whole file by ScoreStream, each conversation with its answer by `survey`: those with a label
/// only, or all of them; with its values in `columns`, which are counted there.
enum class Keep { kLabelled, kAll };
std::vector<LabelledConversation> ScoreLabelled(const ScoreStream& stream, const std::string& path,
                                                const SurveyOptions& survey, ReadReport* report,
                                                Keep keep = Keep::kLabelled,
                                                ColumnCensus* columns = nullptr);

}  // namespace arcsat
