#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "data/conversation.h"

namespace arcsat {

/// Where a run stands between two batches.
struct TrainState {
  std::int64_t batches = 0;  ///< forward passes done, over all epochs
  std::int64_t updates = 0;  ///< times the weights changed or were due to
  int skipped = 0;           ///< updates left out for a loss or gradient that was not finite
  int skipped_in_row = 0;
  bool bad_update = false;               ///< a loss of the update under way was not finite
  std::map<std::string, double> losses;  ///< of the update under way so far, by name
  std::optional<double> best;            ///< validation figure of the model kept; lower is better
  std::int64_t best_update = 0;
  std::optional<double> validated;  ///< validation figure of these very weights
  int since_best = 0;               ///< validations since
  bool finished = false;
  std::string fingerprint;  ///< of the training data, in order
};

Json ToJson(const TrainState& state);
TrainState TrainStateFromJson(const Json& json, const std::string& place);

/// A checkpoint in memory.
struct Checkpoint {
  std::map<std::string, torch::Tensor> weights;    ///< by the names of the ParameterSet
  std::map<std::string, torch::Tensor> optimizer;  ///< Optimizer::State
  TrainState state;
};

/// Which checkpoints stay: the newest, and of those whose weights were validated the best.
struct KeepRule {
  int last = 2;  ///< at least 1
  int best = 0;
};

/// "step-000400", or "step-000400+2" with two batches of the next update accumulated.
std::string CheckpointName(const TrainState& state, int accumulated);

/// Writes FOLDER/name/{model.safetensors,optimizer.safetensors,state.json,MANIFEST.json}: into a
/// folder of another name first, the manifest (sizes and SHA-256 of the rest) last, then renamed.
/// Removes older checkpoints, as `keep` says. On any failure the older ones are untouched.
void WriteCheckpoint(const std::filesystem::path& folder, const std::string& name,
                     const Checkpoint& checkpoint, const KeepRule& keep);

/// Bytes of all that a run with so many weights keeps: `tensors` of their size in a checkpoint (the
/// weights, two moments, averages), the newest written beside the others, and the model twice.
double RoomFor(std::int64_t weights, int tensors, const KeepRule& keep);

/// Error where the disk has less room than that, what the run in `folder` has there already and
/// will replace included.
void CheckRoom(const std::filesystem::path& folder, double needed, const KeepRule& keep);

/// Every file of a checkpoint against its manifest. Error says what is wrong.
void CheckWhole(const std::filesystem::path& path);

/// Reads one checkpoint, every file checked against the manifest. Error says what is wrong.
Checkpoint ReadCheckpoint(const std::filesystem::path& path);

/// The newest checkpoint under `folder` that is whole; `passed_over` is told of each newer one that
/// is not and why. Nothing where there is none.
std::optional<Checkpoint> ReadNewestCheckpoint(
    const std::filesystem::path& folder,
    const std::function<void(const std::string&)>& passed_over);

}  // namespace arcsat
