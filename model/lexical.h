#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data/encoded.h"

namespace arcsat {

/// Pairs of tokens share this many weights by hash; a prime, so that the remainder mixes well.
inline constexpr std::int64_t kPairWeights = 262139;

/// A linear model of what was said so far and by whom, beside the encoder: it remembers the exact
/// words that a network, trained on some thousand conversations, smooths over.
///
/// Features are tokens, and pairs of neighbours in a turn, each by speaker (customer, or agent and
/// bot); a turn's first and last token, which are special ones, are left out. A feature counts once
/// in a conversation, from the turn on where it is first said. At a turn
///
///   logit = bias + sum of the weights of the features so far / sqrt(tokens and pairs so far)
///
/// so that what it says of a prefix never changes when turns are added. The outlook's log-odds are
/// the network's plus `share` times this.
struct LexicalModel {
  std::int64_t vocabulary = 0;  ///< token ids are below it
  std::vector<float> weight;    ///< (2 * vocabulary + kPairWeights)
  double bias = 0;
  double share = 0;  ///< >= 0
};

std::int64_t LexicalFeatureCount(std::int64_t vocabulary);

/// Calls use(turn, feature, first) for every token and pair in order; `first` where the
/// conversation has not had the feature before.
void ForEachLexicalFeature(const EncodedConversation& conversation, std::int64_t vocabulary,
                           const std::function<void(std::size_t, std::int64_t, bool)>& use);

/// The logit at each turn, by the formula above, without `share`. Error on a token id that is not
/// below the vocabulary.
std::vector<double> LexicalLogits(const LexicalModel& model,
                                  const EncodedConversation& conversation);

}  // namespace arcsat
