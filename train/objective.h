#pragma once

#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "data/training_set.h"
#include "model/model_folder.h"
#include "train/options.h"
#include "train/processes.h"
#include "train/validation.h"

namespace arcsat {

/// What training sees of a conversation: its last `most` turns.
inline Segment LastTurns(const EncodedConversation& conversation, int most) {
  const int turns = static_cast<int>(conversation.turns.size());
  const int count = std::min(turns, most);
  return {&conversation, turns - count, count};
}

/// What goes through the network at once: a batch, or a part of one that would take too much
/// memory.
struct BatchPart {
  std::vector<Segment> segments;
  std::int64_t batch = 0;  ///< of the run, from 0
  /// What the segments point into.
  std::vector<std::shared_ptr<const EncodedConversation>> owned = {};
};

inline std::int64_t TokensOf(const BatchPart& part) {
  std::int64_t tokens = 0;
  for (const Segment& segment : part.segments) tokens += TokensOf(segment);
  return tokens;
}

/// Losses of a part, each divided by one figure for the whole update, so that the parts, the
/// accumulated batches and the processes of an update add up to one large batch.
struct PartLosses {
  torch::Tensor total;    ///< scalar: what is minimised
  torch::Tensor figures;  ///< (k) float64, for the log, as Objective::loss_names() says
};

/// What a run learns.
class Objective {
 public:
  virtual ~Objective() = default;

  /// What the figures of PartLosses are; the first is "loss", the total.
  virtual std::vector<std::string> loss_names() const = 0;
  /// How much these parts of an update hold to learn from, in a measure that adds up.
  virtual double Measure(const std::vector<BatchPart>& parts) const = 0;
  /// An update begins that holds so much, in all its parts and processes.
  virtual void BeginUpdate(double measure) = 0;
  /// One of its parts.
  virtual PartLosses Forward(const BatchPart& part) const = 0;

  /// How the model does on conversations that it does not learn from. Each process takes a share of
  /// them, and all have the figures of the whole.
  virtual Validation Validate(const std::vector<EncodedConversation>& conversations,
                              Processes& processes) const = 0;
  /// The figure of a validation that keeps the best model; lower is better.
  virtual double Selection(const Validation& validation) const = 0;

  /// Writes the model into the run's folder.
  virtual void Save(const std::filesystem::path& run) const = 0;
};

/// That of `options.task`: "csat", the customers' answers and annotators' ratings, or "mlm", masked
/// words. May add parameters to the model, so it is made before the optimiser. `loaded` must
/// outlive it; `train` is what the run learns from.
std::unique_ptr<Objective> MakeObjective(LoadedModel* loaded, const TrainOptions& options,
                                         const TrainingSet& train);

/// Their makers.
std::unique_ptr<Objective> MakeCsatObjective(LoadedModel* loaded, const TrainOptions& options,
                                             const TrainingSet& train);
std::unique_ptr<Objective> MakeMlmObjective(LoadedModel* loaded, const TrainOptions& options);

}  // namespace arcsat
