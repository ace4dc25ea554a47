#pragma once

#include <cstdint>

#include "data/conversation.h"

namespace arcsat {

/// A made-up support centre whose truth is known: every customer's state after every turn, what
/// everybody would answer, who answers and with what chance, and which agent is good at what.
struct SimulateOptions {
  std::int64_t conversations = 3000;  ///< how many a whole run has, >= 1
  std::uint64_t seed = 1;             ///< another seed is another world
  double voice_share = 0.4;           ///< share on the telephone, 0..1
  double response_share = 0.09;       ///< share of all conversations with an answered survey, 0..1
  double response_bias = 1.0;         ///< how far the answer moves the chance to answer, 0..1
  double word_error_low = 0.02;       ///< recogniser's error rate: lowest of a conversation, 0..1
  double word_error_high = 0.20;      ///< and highest
  double gap_share = 0.5;             ///< share of agents with planted gaps, 0..1
  double rated_share = 0.05;          ///< share whose turns three raters rated, 0..1
  int agents = 40;                    ///< 1..10000
};

/// Throws UsageError that names the field out of range.
void Validate(const SimulateOptions& options);

/// The `index`-th conversation, index >= 0. It depends on the options without `conversations`, and
/// on the index, and on nothing else: any part of a run can be made alone, in any order, by any
/// number of threads, and a longer run begins with the shorter one. No libm and
/// no std:: distribution has a say, so other platforms give the same text.
///
/// What only a simulator knows stands in attributes.truth:
///   states      the customer's satisfaction, 0..1, after each customer turn
///   entry, exit the first and the last of them
///   score       the answer, 1..5, that this customer gives or would have given
///   satisfied   score >= 4
///   resolved    the problem was settled when the conversation ended
///   propensity  chance, given score, channel, length and escalation, that an answered survey is on
///               record (asked and answered)
///
/// A rated conversation's customer turns have three ratings 1..5 each, around 1 + 4 * state with a
/// standard deviation of 0.6; who is rated depends on nothing.
///
/// survey.score is null where nobody answered, survey.offered false where nobody asked.
///
///   for (std::int64_t i = 0; i < options.conversations; ++i) {
///     out.Write(ToJsonLine(Simulate(options, i)) + "\n");
///   }
Conversation Simulate(const SimulateOptions& options, std::int64_t index);

/// The truth of the world, for tests downstream: {"seed", "response_share", "problem_types":
/// [names], "agents": [{"id","courtesy","skill": {problem: 0..1}, "gaps": [problem]}]}.
Json WorldTruth(const SimulateOptions& options);

}  // namespace arcsat
