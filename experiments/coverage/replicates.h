#pragma once

#include <cstdint>
#include <vector>

#include "eval/population.h"

namespace arcsat::coverage {

/// A conversation of the simulated centre without its words: what is true of it.
struct TrueConversation {
  SurveyContext context;  ///< entry and exit are the customer's true states
  std::string agent;
  int score = 0;  ///< 1..5, the answer this customer gives or would give; satisfied from 4 on
};

/// `conversations` of arcsat::Simulate: the population that replicates are drawn from.
std::vector<TrueConversation> SimulateCentre(int conversations, std::uint64_t seed);
double TrueShare(const std::vector<TrueConversation>& centre);
double TrueMean(const std::vector<TrueConversation>& centre);

/// What the chance of an answer depends on, beside channel, length and escalation.
enum class Response {
  kRandom,  ///< on nothing at all
  kSeen,    ///< on the exit state as the response model sees it: missing at random
  kUnseen,  ///< on the answer itself, by the simulator's own rule: missing not at random
};

struct ReplicateOptions {
  Response response = Response::kSeen;
  int conversations = 5000;
  double share = 0.09;       ///< answered
  double state_noise = 0.1;  ///< standard deviation of entry and exit, as a model sees them
  /// The score is Sigmoid(1.7 * (true exit's log-odds + noise) + 0.6): too sure and too kind.
  double score_noise = 1;
  bool scores_know = true;  ///< false: scores of other conversations, worth nothing
};

/// One survey of the centre: conversations drawn with replacement, seen through the noise of a
/// model, answered by some. `truth` is set on all.
std::vector<PopulationItem> DrawReplicate(const std::vector<TrueConversation>& centre,
                                          const ReplicateOptions& options, std::uint64_t seed);

/// Odds of answering, satisfied against dissatisfied customers, where the rest is equal (geometric
/// mean over the centre): the gamma of Response::kUnseen.
double AnswerOddsRatio(const std::vector<TrueConversation>& centre,
                       const ReplicateOptions& options);

}  // namespace arcsat::coverage
