#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "data/data_source.h"
#include "data/shards/manifest.h"
#include "data/training_set.h"
#include "model/model_folder.h"

namespace arcsat {

class Processes;

/// Among which processes a run's files are tokenised once, and where what comes of it lies.
struct Sharing {
  Processes* processes = nullptr;   ///< none: each reads the files for itself
  std::filesystem::path run;        ///< its folder
  std::chrono::seconds timeout{0};  ///< the longest wait for a process that makes no progress
  bool quiet = false;
};

/// What the processes have of a file.
struct SharedFile {
  bool tokenised = false;        ///< else each reads it for itself
  std::filesystem::path shards;  ///< their folder; empty where no conversation has turns
};

struct SharedFiles {
  std::vector<SharedFile> files;
  std::int64_t skipped = 0;  ///< lines that could not be read
};

/// Has the first process tokenise the files into RUN/tokenised (data/shards/tokenised.h), unless
/// they lie there from an earlier start; on a machine that does not see that folder its first
/// process makes the same. Left out are files with scores, and pipes, which can be read only once.
/// All processes call it. Error where a file is not what the first process has.
SharedFiles TokeniseOnce(const std::vector<DataSource>& files, const ReadOptions& read,
                         const LoadedModel& loaded, const Sharing& sharing);

/// Takes the fingerprint in the first process, which alone reads all for it.
void TakeFingerprint(StoredFiles* files, const Sharing& sharing);

/// Removes RUN/tokenised once the run is over; on other machines, too.
void RemoveTokenised(const Processes& processes, const std::filesystem::path& run);

/// Shards that a model can learn from, answers read by `survey`.
ShardKind KindFor(const LoadedModel& loaded, const SurveyOptions& survey);

}  // namespace arcsat
