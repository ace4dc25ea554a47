#pragma once

#include <cstdint>
#include <string>

namespace arcsat {

struct TrainOptions {
  std::string task = "csat";  ///< what is learned: csat (surveys and ratings) or mlm (masked words)
  double mask_share = 0.15;   ///< of the words that task mlm hides
  int epochs = 4;      ///< passes over the labelled conversations; 0: the network stays as it is
  int batch = 16;      ///< conversations in a forward pass
  int accumulate = 1;  ///< forward passes before the weights change
  int part_tokens = 16384;  ///< of a batch that pass the network at once; the rest follows in parts
  bool recompute = false;   ///< activation checkpointing: of each encoder layer that learns only
                            ///< what goes in is kept, and it is computed again in the backward pass
  double learning_rate = 1e-4;       ///< of the encoder's top layer
  double head_learning_rate = 1e-3;  ///< of what is trained from scratch
  double layer_decay = 0.9;          ///< factor from one encoder layer to the one below
  double weight_decay = 0.01;        ///< decoupled (AdamW); none on biases and norms
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double warmup = 0.1;              ///< share of the updates in which the rate rises
  std::string schedule = "linear";  ///< how it falls afterwards: linear, cosine or constant
  double clip = 1.0;                ///< largest norm of the gradient; 0: none
  int patience = 0;                 ///< validations without a gain before stopping; 0: never
  int validate_every = 0;           ///< updates between validations; 0: once an epoch
  std::string select = "log_loss";  ///< which validation figure keeps the best model: log_loss,
                                    ///< accuracy, auc, state or rank
  double ema = 0;                   ///< decay of averaged weights (0.99, say), which are then what
                                    ///< is validated and saved; 0: none
  int freeze_layers = -1;           ///< encoder layers from below, with the embeddings, that stay
                                    ///< as they are; 0: the embeddings; -1: nothing
  int frozen_mb = 1024;             ///< of memory for what they make of turns, where that is kept:
                                    ///< on a CPU
  bool class_weights = false;       ///< both answers weigh the same in all
  double outlook_weight = 1.0;      ///< of the outlook's loss
  double state_weight = 0.5;        ///< of the state's loss
  double final_share = 0.6;         ///< of a conversation's outlook loss that its last turn bears
  double rating_weight = 1.0;       ///< of a rated turn in the state's loss
  double survey_weight = 1.0;       ///< of the survey, at the last customer turn, in that loss
  int max_turns = 512;              ///< last turns of a longer conversation that training sees
  double roughen = 0;  ///< share of the written conversations that an epoch sees as a speech
                       ///< recogniser would hand them over, other ones and others' errors
                       ///< in each; 0: none
  double roughen_error = 0.3;     ///< word error rate of those at most; drawn evenly from 0
  double validation_share = 0.1;  ///< held out of the data by id, where no file is given
  std::uint64_t seed = 1;
  int checkpoint_every = 200;   ///< updates between checkpoints; also one an epoch
  int keep_last = 2;            ///< newest checkpoints kept
  int keep_best = 0;            ///< best validated checkpoints kept beside them
  bool log_samples = false;     ///< samples.jsonl: ids of the conversations of each update
  std::string device = "auto";  ///< cpu, cuda or auto
  bool bf16 = true;             ///< autocast on CUDA; never on a CPU, where it is slower
  int threads = 0;              ///< of the CPU; 0: as many as LibTorch chooses
  int profile = 0;              ///< updates whose operators are timed, after two to warm up
  int timeout = 1800;           ///< seconds that one process waits for another
  std::string mlflow;           ///< folder of an MLflow file store (mlruns) that gets the figures
                                ///< as well; empty: none
};

/// Words beside the network (model/lexical.h).
struct LexicalOptions {
  bool fit = true;            ///< beside the network, once that is trained
  int min_conversations = 2;  ///< that a token or pair must occur in to get a weight
  int folds = 5;              ///< of the cross-validation that chooses the penalty
  int most = 100000;          ///< answered conversations taken at most, evenly
  std::uint64_t seed = 1;     ///< of the folds
};

}  // namespace arcsat
