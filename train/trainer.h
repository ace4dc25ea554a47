#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/training_set.h"
#include "model/model_folder.h"
#include "train/checkpoint.h"
#include "train/forecast.h"
#include "train/late_figures.h"
#include "train/objective.h"
#include "train/optimizer.h"
#include "train/processes.h"
#include "train/profile.h"
#include "train/roughener.h"
#include "train/run_log.h"
#include "train/sampler.h"
#include "train/validation.h"

namespace arcsat {

/// One update, for whoever watches.
struct StepReport {
  std::int64_t update = 0, updates = 0;  ///< done, in all
  int epoch = 0;                         ///< from 1
  double loss = 0;                       ///< what is minimised
  double rate = 0;                       ///< learning rate of the heads
  double gradient_norm = 0;
  bool skipped = false;  ///< not finite, so the weights stayed
  double conversations_per_second = 0, tokens_per_second = 0;  ///< since the run began
};

struct TrainResult {
  std::int64_t updates = 0;
  bool interrupted = false;    ///< a checkpoint was written; --resume goes on
  bool stopped_early = false;  ///< no gain in `patience` validations
  std::optional<double> best;  ///< Selection() of the model kept
  std::int64_t best_update = 0;
};

/// The training loop. Writes RUN/checkpoints, RUN/model (the best so far), metrics.jsonl,
/// TensorBoard events and log.txt.
///
///   Trainer trainer(&loaded, options, train, validation, run);
///   trainer.Resume();  // optional
///   TrainResult result = trainer.Run();
class Trainer {
 public:
  /// For the task csat `train` must hold labels; to roughen it, its texts (EncodedConversation).
  /// What is pointed to and referred to must outlive the trainer. Several processes have the same
  /// data and options; the first of them writes.
  Trainer(LoadedModel* loaded, const TrainOptions& options,
          std::shared_ptr<const TrainingSet> train,
          const std::vector<EncodedConversation>& validation, std::filesystem::path run,
          Processes& processes = Processes::Alone());

  /// Takes up the newest whole checkpoint; false where there is none. Error when it belongs to
  /// other data or another model.
  bool Resume();

  TrainResult Run();

  /// Instead of Run(), after Resume() too: trains on some of the batches that are left, the longest
  /// among them, and writes nothing. The model is spoilt.
  Forecast Try();

  /// Reads an update's losses and norm when the next one is under way, so that a GPU never waits
  /// for the log: so on one GPU by itself. What is learned is the same.
  void ReadLate(bool late) { late_ = late; }

  std::int64_t TotalUpdates() const;
  std::int64_t updates() const { return state_.updates; }  ///< done so far

  std::function<void(const StepReport&)> on_step;
  std::function<void(std::int64_t, const Validation&, bool best)> on_validation;
  /// Where the time of so many updates went, and the file of their trace.
  std::function<void(const std::vector<OperatorTime>&, int updates, const std::filesystem::path&)>
      on_profile;
  std::function<void(const std::string&)> on_message;
  /// Asked between batches (of several processes, between updates, and one is enough); true ends
  /// the run with a checkpoint. For a signal, or a test.
  std::function<bool()> stop_requested;

 private:
  /// Gives all processes the first one's weights, optimiser and state.
  void Align();
  /// Seconds of one batch and of an update's step; for Try().
  struct BatchTime {
    double batch = 0, step = 0;
  };
  BatchTime TimeBatch(std::int64_t batch);
  void TryBatches(Forecast* forecast);
  double ValidationsLeft() const;
  /// What the run's folder may take.
  double DiskBytes() const;
  /// Adds the parts' gradients and losses to those of the update; `last` of its batches. False
  /// where memory ran out: the update has to begin anew, and its parts will be smaller. Error where
  /// they cannot be.
  bool ForwardBackward(const std::vector<BatchPart>& parts, bool last);
  /// The most tokens that this process passes at once, where memory ran out before in a run of
  /// several processes: kept in the run's folder.
  std::filesystem::path PartTokensFile() const;
  void RememberPartTokens() const;
  std::int64_t RememberedPartTokens() const;
  void PassParts(const std::vector<BatchPart>& parts, bool last);
  void BeginSmaller(const std::vector<BatchPart>& parts, const std::string& why);
  void Backward(const torch::Tensor& loss, bool gather);
  /// What the update's losses and counts are over all processes.
  void Gather();
  /// Adds the figures that are not read yet to the update's losses.
  void ReadFigures();
  /// An update that was made, or was begun, but is not in the log.
  struct Made {
    StepReport report;
    std::map<std::string, double> losses;
    bool mine = true;   ///< what was not finite, if anything, was in this process's share
    std::string first;  ///< id of its first conversation
    LateFigures late;   ///< losses to add and the norm, where they were not waited for
  };
  /// Logs an update; Error where it is the tenth in a row that was not finite.
  void Conclude(Made made);
  /// Concludes what was made and not waited for.
  void Settle();
  /// Seconds since the call before.
  double Lap();
  void Update(const std::vector<BatchPart>& parts);
  /// Writes down what the update that ended with the last batch learned from.
  void LogSamples();
  void ValidateAndKeep();
  void Save();
  /// The model for use, of the weights as they are. Error where one is not finite, as of Save().
  void SaveModel();
  void DemandFinite(const std::string& name, const torch::Tensor& tensor) const;
  void Say(const std::string& text);
  bool Load();  // what Resume() does in the first process
  bool LastOfUpdate(std::int64_t batch) const {
    const std::int64_t in_epoch = (batch + 1) % sampler_.batches_per_epoch();
    return in_epoch % options_.accumulate == 0;
  }
  bool EpochEnds() const { return state_.batches % sampler_.batches_per_epoch() == 0; }
  bool Exhausted() const { return options_.patience > 0 && state_.since_best >= options_.patience; }
  /// Of the run, from where it stands.
  std::int64_t BatchesLeft() const;
  int Accumulated() const;
  std::int64_t UpdatesPerEpoch() const;
  /// A conversation of a batch.
  struct Planned {
    std::int64_t index = 0;                            ///< in train_
    std::shared_ptr<const EncodedConversation> heard;  ///< roughened; null: as it was written
    std::int64_t tokens = 0;                           ///< that training sees
  };
  /// This process's share of batch `batch`. Of conversations that are not its own, only their
  /// number of tokens is looked at.
  std::vector<Planned> Share(std::int64_t batch);
  /// The parts that this process's share of batch `batch` goes through the network in.
  std::vector<BatchPart> Parts(std::int64_t batch);
  bool StopNow();
  /// Begins and ends the profile that was asked for; between updates.
  void ProfileUpdates();
  void EndProfile();
  /// Tells the objective of the update that batch `batch` belongs to, once an update.
  /// `parts` are those of that batch.
  void BeginUpdate(std::int64_t batch, const std::vector<BatchPart>& parts);

  ArcModel& model_;
  TrainOptions options_;
  std::shared_ptr<const TrainingSet> train_;
  const std::vector<EncodedConversation>& validation_;
  std::filesystem::path run_;
  Processes& processes_;
  Sampler sampler_;
  std::optional<Roughener> roughener_;
  std::unique_ptr<Objective> objective_;
  Optimizer optimizer_;
  GradientSum gradients_;
  TrainState state_;
  std::unique_ptr<RunLog> log_;
  std::int64_t seen_conversations_ = 0, seen_tokens_ = 0;  ///< of all processes
  double new_conversations_ = 0, new_tokens_ = 0;          ///< of this one, since the last update
  torch::Tensor unread_;      ///< (k + 1) sums of the update's figures that were not read, as far
                              ///< as they are finite; and in how many parts one was not
  std::optional<Made> made_;  ///< not concluded
  bool running_ = false;      ///< not just trying
  bool late_ = false;         ///< figures are read an update later
  bool stop_ = false;         ///< all have agreed to
  double seconds_ = 0;        ///< of training, without validating and saving
  std::chrono::steady_clock::time_point lap_ = std::chrono::steady_clock::now();
  std::int64_t update_begun_ = -1;                         // its first batch
  std::map<std::int64_t, std::vector<BatchPart>> coming_;  ///< of the update's later batches
  std::int64_t part_tokens_;  // as asked for, or less where memory ran out
  std::optional<Profile> profile_;
  int profiled_ = -2;  // updates; the first two warm up
};

}  // namespace arcsat
