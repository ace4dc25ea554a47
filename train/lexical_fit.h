#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/training_set.h"
#include "model/lexical.h"
#include "train/options.h"

namespace arcsat {

class ArcModel;

struct LexicalFit {
  LexicalModel model;          ///< share 0 until ChooseShare
  double inverse_penalty = 1;  ///< C of least cross-validated log loss
  double log_loss = 0;         ///< that log loss
  int conversations = 0;
  std::int64_t features = 0;  ///< with a weight
  std::int64_t entries = 0;   ///< those, counted in every conversation that has them
};

/// Logistic regression (FitSparseLogistic) on the lexical features of whole conversations with an
/// answer, each feature by its inverse document frequency log((1 + n) / (1 + n with it)) + 1. C is
/// the one of 0.1, 0.3, 1, 3, 10 with the least cross-validated log loss. Nothing where an answer
/// has fewer conversations than there are folds.
std::optional<LexicalFit> FitLexical(const TrainingSet& conversations, std::int64_t vocabulary,
                                     const LexicalOptions& options = {});

/// Fits the words beside a trained network and puts them into the model where they help it on
/// `validation`, which neither learned from; takes them out where they do not. Says what was done
/// in a sentence.
std::string FitBeside(ArcModel* model, const TrainingSet& train,
                      const std::vector<EncodedConversation>& validation,
                      const LexicalOptions& options);

/// How much of the lexical logit helps a network: the least-log-loss share of logit(network) +
/// share * lexical under a logistic calibration, from 0 to 2, on answers that neither saw. 0 where
/// it gains less than a parameter costs (Akaike 1974).
double ChooseShare(const std::vector<double>& network, const std::vector<double>& lexical,
                   const std::vector<double>& satisfied);

}  // namespace arcsat
