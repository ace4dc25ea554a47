#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/corpus.h"
#include "data/score.h"
#include "data/survey.h"
#include "eval/compare.h"
#include "eval/drift.h"

namespace arcsat {

/// A file of conversations and what counts as their answer.
struct AnsweredFile {
  std::string path;
  SurveyOptions survey;
};

/// A trained model as a version to compare. Its code alone knows torch.
class ModelVersion {
 public:
  /// A run folder or a model folder; Error when it is neither.
  explicit ModelVersion(const std::string& path);
  ~ModelVersion();
  ModelVersion(ModelVersion&&) noexcept;

  const SurveyOptions& survey() const;  ///< what it was trained to predict
  const std::string& name() const;      ///< fingerprint of the weights
  bool calibrated() const;              ///< false: the chances are the network's own
  double threshold() const;

  /// The conversations of a file that `wanted` accepts, scored.
  void ForEachScore(const std::string& data, const ReadOptions& read, bool quiet,
                    const std::function<bool(const Conversation&)>& wanted,
                    const std::function<void(Score&&)>& use) const;

  /// What the run's configuration says it learned from, folders of shards too; empty for a model
  /// without its run.
  std::vector<AnsweredFile> TrainedOn() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The conversations that versions are compared on: those with an answer, in the file's order.
struct CompareData {
  std::string path;
  ReadReport report;
  std::vector<CompareItem> items;
  std::unordered_map<std::string, std::optional<std::size_t>>
      ids;              ///< place in items; or no answer
  DataSummary summary;  ///< of all conversations
};

/// Error where the file holds no conversation, none with an answer, or an id twice.
CompareData ReadCompareData(const std::string& path, const SurveyOptions& survey,
                            const ReadOptions& read);

/// Counts a file by what drift is measured by.
DataSummary Summarise(const AnsweredFile& file, const ReadOptions& read);

/// One version's scores of CompareData's items, with what did not match.
struct VersionScores {
  std::string path;
  std::string kind;   ///< "model" or "scores"
  std::string model;  ///< fingerprint, as the scores name it
  bool calibrated = true;
  double threshold = 0.5;
  std::vector<std::optional<Score>> scores;  ///< one an item; empty: not scored
  std::int64_t read = 0;                     ///< scores in the file
  std::int64_t without_answer = 0;           ///< of conversations that nobody answered
  std::int64_t unknown = 0;                  ///< of conversations that the data have not
  std::int64_t missing = 0;                  ///< items without a score
};

/// Reads a score file. Error where it holds no score, an id twice, or anything else.
VersionScores ReadScoreFile(const std::string& path, double threshold, const CompareData& data);
VersionScores ScoreWithModel(const std::string& path, const ModelVersion& model,
                             const CompareData& data, const ReadOptions& read, bool quiet);

/// Keeps the conversations that every version scored. Error where a version scored none of the
/// items, or no item is left.
std::vector<CompareVersion> Align(std::vector<VersionScores>* versions, CompareData* data);

}  // namespace arcsat
