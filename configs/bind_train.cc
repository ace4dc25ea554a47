#include "configs/bind_train.h"

#include <limits>

namespace arcsat {
namespace {

constexpr int kMost = std::numeric_limits<int>::max();
constexpr double kLarge = 1e6;

}  // namespace

void Bind(Options& options, ModelOptions* m) {
  options
      .Add("model.encoder_layers", &m->encoder_layers,
           "layers of the pretrained encoder that are taken, from below; 0: all", Between(0, 256))
      .Add("model.cross_turn_layers", &m->cross_turn_layers,
           "upper layers of the encoder that attend across turns", Between(0, 256))
      .Add("model.cross_turn_window", &m->cross_turn_window,
           "turns before its own that a token sees in those layers", Between(1, 100'000))
      .Add("model.pooling", &m->pooling, "a turn's vector: mean of its tokens, or the first",
           OneOf({"mean", "first"}))
      .Add("model.conversation_layers", &m->conversation_layers,
           "layers of the causal transformer over turns", Between(0, 64))
      .Add("model.conversation_hidden", &m->conversation_hidden, "its width", Between(1, 16384))
      .Add("model.conversation_heads", &m->conversation_heads, "its attention heads",
           Between(1, 256))
      .Add("model.conversation_window", &m->conversation_window,
           "turns before its own that a turn sees there", Between(1, 100'000))
      .Add("model.boxes", &m->boxes, "levels of the ordinal state", Between(2, 100))
      .Add("model.dropout", &m->dropout, "of hidden states, in training", Between(0.0, 0.9))
      .Add("model.max_turn_tokens", &m->max_turn_tokens,
           "tokens kept of a turn; a longer one loses its middle", Between(2, 1 << 20));
}

namespace {

void BindOptimisation(Options& options, TrainOptions* t) {
  options
      .Add("train.epochs", &t->epochs,
           "passes over the labelled conversations; 0: the model of --encoder as it is, with words "
           "fitted beside it",
           AtLeast(0))
      .Add("train.batch", &t->batch, "conversations in a forward pass", Between(1, 1 << 20))
      .Add("train.accumulate", &t->accumulate, "forward passes to an update", Between(1, 1 << 20))
      .Add("train.part_tokens", &t->part_tokens,
           "tokens that pass the network at once; a larger batch goes through in parts", AtLeast(1))
      .Add("train.recompute", &t->recompute,
           "activation checkpointing: compute each encoder layer again in the backward pass rather "
           "than keep what it made; much less memory for about a third more time")
      .Add("train.learning_rate", &t->learning_rate, "of the encoder's top layer",
           Between(0.0, kLarge))
      .Add("train.head_learning_rate", &t->head_learning_rate, "of what is trained from scratch",
           Between(0.0, kLarge))
      .Add("train.layer_decay", &t->layer_decay, "factor of the rate from a layer to the one below",
           Between(0.0, 1.0))
      .Add("train.weight_decay", &t->weight_decay, "decoupled; none on biases and norms",
           Between(0.0, kLarge))
      .Add("train.beta1", &t->beta1, "AdamW's", Between(0.0, 1.0))
      .Add("train.beta2", &t->beta2, "AdamW's", Between(0.0, 1.0))
      .Add("train.epsilon", &t->epsilon, "AdamW's", Between(0.0, 1.0))
      .Add("train.warmup", &t->warmup, "share of the updates in which the rate rises",
           Between(0.0, 1.0))
      .Add("train.schedule", &t->schedule, "how the rate falls afterwards",
           OneOf({"linear", "cosine", "constant"}))
      .Add("train.clip", &t->clip, "largest norm of the gradient; 0: none", Between(0.0, kLarge));
}

void BindCourse(Options& options, TrainOptions* t) {
  options
      .Add("train.patience", &t->patience, "validations without a gain before stopping; 0: never",
           Between(0, kMost))
      .Add("train.validate_every", &t->validate_every,
           "updates between validations; 0: once an epoch", Between(0, kMost))
      .Add("train.select", &t->select, "validation figure that keeps the best model",
           OneOf({"log_loss", "accuracy", "auc", "state", "rank"}))
      .Add("train.ema", &t->ema, "decay of averaged weights, which are then saved; 0: none",
           Between(0.0, 0.999999))
      .Add("train.freeze_layers", &t->freeze_layers,
           "encoder layers from below, with the embeddings, that stay; -1: none", Between(-1, 256))
      .Add(
          "train.frozen_mb", &t->frozen_mb,
          "memory for what those layers make of turns, in MiB, so that each is computed once (on a "
          "CPU)",
          Between(0, 1 << 20))
      .Add("train.max_turns", &t->max_turns,
           "last turns of a longer conversation that training sees", AtLeast(1))
      .Add(
          "train.roughen", &t->roughen,
          "share of the written conversations that an epoch sees as a speech recogniser would hand "
          "them over",
          Between(0.0, 1.0))
      .Add("train.roughen_error", &t->roughen_error, "word error rate of those at most",
           Between(0.0, 1.0))
      .Add("train.validation_share", &t->validation_share,
           "held out of the data where no --validation is given", Between(0.0, 0.9))
      .Add("train.seed", &t->seed, "of new weights, order and dropout")
      .Add("train.checkpoint_every", &t->checkpoint_every,
           "updates between checkpoints; also one an epoch", AtLeast(1))
      .Add("train.keep_last", &t->keep_last, "newest checkpoints kept", Between(1, 1'000'000))
      .Add("train.log_samples", &t->log_samples,
           "write RUN/samples.jsonl: the ids of the conversations in each update")
      .Add("train.keep_best", &t->keep_best, "best validated checkpoints kept beside them",
           Between(0, 1'000'000))
      .Add("train.device", &t->device, "where it runs", OneOf({"auto", "cpu", "cuda"}))
      .Add("train.bf16", &t->bf16, "autocast to bfloat16 on CUDA")
      .Add("train.threads", &t->threads, "CPU threads; 0: LibTorch's choice", Between(0, 4096))
      .Add("train.profile", &t->profile,
           "updates to record, after two to warm up: RUN/profile.json for Perfetto, and a table of "
           "where the time went",
           Between(0, 1000))
      .Add("train.timeout", &t->timeout, "seconds that one of several processes waits for another",
           Between(1, 7 * 24 * 3600))
      .Add("train.mlflow", &t->mlflow,
           "folder of an MLflow file store that gets the figures too; empty: none");
}

void BindLosses(Options& options, TrainOptions* t) {
  const auto weight = Between(0.0, kLarge);
  options.Add("train.class_weights", &t->class_weights, "both answers weigh the same in all")
      .Add("train.outlook_weight", &t->outlook_weight, "of the outlook's loss", weight)
      .Add("train.state_weight", &t->state_weight, "of the state's loss", weight)
      .Add("train.final_share", &t->final_share,
           "of a conversation's outlook loss that its last turn bears", Between(0.0, 1.0))
      .Add("train.rating_weight", &t->rating_weight, "of a rated turn in the state's loss", weight)
      .Add("train.survey_weight", &t->survey_weight, "of the survey in the state's loss", weight);
}

}  // namespace

void Bind(Options& options, TrainOptions* fields) {
  options
      .Add("task", &fields->task,
           "what is learned: csat, from surveys and rated turns; mlm, words that were hidden, from "
           "any conversations",
           OneOf({"csat", "mlm"}))
      .Add("train.mask_share", &fields->mask_share, "of the words that task mlm hides",
           Between(0.001, 0.9));
  BindOptimisation(options, fields);
  BindCourse(options, fields);
  BindLosses(options, fields);
}

void Bind(Options& options, LexicalOptions* l) {
  options.Add("lexical.fit", &l->fit, "fit the words beside the network, once that is trained")
      .Add("lexical.min_conversations", &l->min_conversations,
           "that a token or pair must occur in to count", Between(1, kMost))
      .Add("lexical.folds", &l->folds, "of the cross-validation that chooses the penalty",
           Between(2, 1000))
      .Add("lexical.most", &l->most, "answered conversations taken at most", AtLeast(10));
}

void Bind(Options& options, CalibrationOptions* c) {
  options
      .Add("calibrate.outlook", &c->outlook, "how the outlook is calibrated; auto: by log loss",
           OneOf({"auto", "temperature", "platt", "beta", "isotonic", "spline", "identity"}))
      .Add("calibrate.final", &c->final,
           "what gives the chance of satisfied: the outlook, the arc, or the better by log loss",
           OneOf({"auto", "outlook", "arc"}))
      .Add("calibrate.threshold", &c->threshold,
           "satisfied from this chance on: half, or the best for accuracy or balanced accuracy",
           OneOf({"half", "accuracy", "balanced"}))
      .Add("calibrate.rating_rule", &c->rating_rule,
           "which mean ratings of a turn are neutral: those at the middle, or that round to it",
           OneOf(kRatingRules))
      .Add("calibrate.ridge", &c->ridge, "on the arc's coefficients", Between(1e-9, kLarge))
      .Add("calibrate.folds", &c->folds, "of the cross-validation", Between(2, 1000))
      .Add("calibrate.min_labels", &c->min_labels, "fewer answers are an error", AtLeast(2))
      .Add("calibrate.identity_if_few", &c->identity_if_few,
           "with too few answers leave the scores as they are")
      .Add("calibrate.seed", &c->seed, "of the folds");
}

void Bind(Options& options, EvaluationOptions* e) {
  options.Add("evaluate.bins", &e->bins, "of the calibration errors", Between(1, 1000))
      .Add("evaluate.resamples", &e->bootstrap.resamples, "of the bootstrap",
           Between(100, 1'000'000))
      .Add("evaluate.seed", &e->bootstrap.seed, "of the bootstrap");
}

}  // namespace arcsat
