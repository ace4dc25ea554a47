#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/encoded.h"

namespace arcsat {

class ArcModel;
class Processes;

/// How the model does on conversations it does not learn from. Figures that need labels which are
/// not there are empty.
struct Validation {
  std::int64_t surveyed = 0;                      ///< conversations with an answer
  std::optional<double> log_loss, accuracy, auc;  ///< of the outlook at the last turn
  std::int64_t rated = 0;                         ///< rated customer turns
  std::optional<double> state_error;              ///< mean |state - rating|, both on 0..1
  std::optional<double> state_rank;               ///< Spearman's correlation of state and rating
  std::int64_t masked = 0;                        ///< tokens hidden, where those are learned
  std::optional<double> masked_loss;              ///< cross-entropy a hidden token, in nats
  std::optional<double> masked_accuracy;          ///< share of them told right
};

/// Each process scores its share, and all return the figures of the whole.
Validation Validate(const ArcModel& model, const std::vector<EncodedConversation>& conversations,
                    Processes& processes);

/// What `train.select` minimises: "log_loss", "accuracy" and "auc" (negated), "state" (error) or
/// "rank" (the state's rank correlation with the ratings, negated). Falls back to the state's error
/// where nobody answered, and the other way round.
double Selection(const Validation& validation, const std::string& select);

Json ToJson(const Validation& validation);

}  // namespace arcsat
