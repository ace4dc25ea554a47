// What of a Trainer outlives a process: checkpoints, and what the others take from the first.
#include <fmt/format.h>

#include <cmath>

#include "data/error.h"
#include "data/files.h"
#include "model/arc_model.h"
#include "train/trainer.h"

namespace arcsat {

double Trainer::DiskBytes() const {
  const std::int64_t weights = model_.parameters().count();
  const double room =
      RoomFor(weights, options_.ema > 0 ? 4 : 3, {options_.keep_last, options_.keep_best});
  // A run that is stopped within an update keeps what it has of the gradients.
  return options_.accumulate > 1 ? room + static_cast<double>(weights) * sizeof(float) : room;
}

void Trainer::DemandFinite(const std::string& name, const torch::Tensor& tensor) const {
  if (torch::isfinite(tensor).all().item<bool>()) return;
  throw Error({(run_ / "checkpoints").string(),
               fmt::format("after update {} {} is not finite", state_.updates, name),
               "expected finite weights; they are not saved, checkpoints before stay as they are",
               "go on from the last of those with --resume, with a lower --train.learning_rate"});
}

void Trainer::SaveModel() {
  for (const Parameter& p : model_.parameters().all()) DemandFinite(p.name, p.value);
  objective_->Save(run_);
}

void Trainer::Save() {
  Settle();
  ReadFigures();
  if (!processes_.first()) return;
  if (Accumulated() != 0 && (state_.bad_update || !std::isfinite(optimizer_.GradientNorm()))) {
    // The update that a stopped run is within will be skipped, so its gradients are of no use.
    state_.bad_update = true;
    optimizer_.ZeroGradients();
  }
  Checkpoint checkpoint;
  for (const Parameter& p : model_.parameters().all()) checkpoint.weights[p.name] = p.value;
  checkpoint.optimizer = optimizer_.State(/*gradients=*/Accumulated() != 0);
  for (const auto* tensors : {&checkpoint.weights, &checkpoint.optimizer}) {
    for (const auto& [name, tensor] : *tensors) DemandFinite(name, tensor);
  }
  checkpoint.state = state_;
  WriteCheckpoint(run_ / "checkpoints", CheckpointName(state_, Accumulated()), checkpoint,
                  KeepRule{options_.keep_last, options_.keep_best});
}

bool Trainer::Resume() {
  const bool found = processes_.first() && Load();
  return !processes_.OfFirst(found ? "yes" : "").empty();
}

bool Trainer::Load() {
  auto checkpoint = ReadNewestCheckpoint(run_ / "checkpoints", [&](const std::string& why) {
    Say("a checkpoint is passed over: " + why);
  });
  if (!checkpoint) return false;
  if (checkpoint->state.fingerprint != state_.fingerprint) {
    throw Error({run_.string(), "the checkpoint was made with other training data",
                 "expected the same conversations, labels and tokenizer",
                 "give the data of the run's config.cfg, or start a new run with another --out"});
  }
  const std::string place = (run_ / "checkpoints").string();
  if (checkpoint->weights.size() != model_.parameters().all().size()) {
    throw Error({place,
                 fmt::format("the checkpoint has {} tensors, the model {}",
                             checkpoint->weights.size(), model_.parameters().all().size()),
                 "expected the model of this run", "resume with the run's config.cfg"});
  }
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : model_.parameters().all()) {
    const auto found = checkpoint->weights.find(parameter.name);
    if (found == checkpoint->weights.end() || found->second.sizes() != parameter.value.sizes()) {
      throw Error({place + ": " + parameter.name, "is missing or of another shape",
                   "expected the model of this run", "resume with the run's config.cfg"});
    }
    parameter.value.copy_(found->second);
  }
  optimizer_.Load(checkpoint->optimizer, place);
  state_ = checkpoint->state;
  return true;
}

void Trainer::Align() {
  if (processes_.size() == 1) return;
  const std::string identity = train_->Identity();
  if (processes_.OfFirst(identity) != identity) {
    throw Error({"training data", "is not what the first process has",
                 "expected the same files on every machine",
                 "copy them anew, or read them from one place"});
  }
  const std::string place = "the first process";
  const std::string text = processes_.OfFirst(ToJson(state_).dump());
  state_ = TrainStateFromJson(Json::parse(text), place);
  std::vector<torch::Tensor> weights;
  for (const Parameter& p : model_.parameters().all()) weights.push_back(p.value);
  processes_.CopyFromFirst(weights);
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : optimizer_.State(/*gradients=*/false))
    tensors.push_back(tensor);
  processes_.CopyFromFirst(tensors);
  // One process may have stopped between two batches of an update. What it has of that update stays
  // with the first; all sums are divided by the number of processes.
  if (processes_.first()) {
    optimizer_.ScaleGradients(processes_.size());
  } else {
    optimizer_.ZeroGradients();
    state_.losses.clear();
    state_.bad_update = false;
  }
}

}  // namespace arcsat
