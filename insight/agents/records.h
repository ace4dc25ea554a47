#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/corpus.h"
#include "data/score.h"
#include "insight/agents/behaviours.h"
#include "insight/agents/options.h"

namespace arcsat {

/// What is kept of scored conversations, column by column: about 200 bytes each, no text.
struct AgentRecords {
  std::vector<std::string> agents;    ///< ids by code
  std::vector<std::string> problems;  ///< problem types by code; "(none)" where it is missing

  std::vector<int> agent, problem;     ///< codes
  std::vector<std::int8_t> channel;    ///< -1 unknown, else Channel
  std::vector<double> started;         ///< seconds since 1970; NaN where unknown
  std::vector<double> entry, outcome;  ///< outcome as AgentsOptions::outcome says
  std::vector<double> satisfied;       ///< chance that the customer is, 0..1
  std::vector<BehaviourFigures> behaviour;

  std::size_t size() const { return outcome.size(); }
  std::string_view id(std::size_t i) const;
  void AddId(std::string_view id);

  std::int64_t conversations = 0;         ///< read
  std::int64_t without_agent = 0;         ///< left out, as nobody can learn from them
  std::int64_t without_score = 0;         ///< left out
  std::int64_t without_conversation = 0;  ///< scores whose conversation is not there
  ReadReport read, scores_read;

 private:
  std::string ids_;
  std::vector<std::uint64_t> id_ends_;
};

/// What an agent is measured by: "delta", "exit" and "p_satisfied" as the score has them; "arc" is
/// the mean state at the customer's turns after the first, less entry (0 where there is no other
/// turn): the same rise, but of the whole way rather than of its last step.
double OutcomeOf(const Score& score, const std::string& outcome);

/// Reads both files once, side by side: in the same order (as `arcsat score` writes) only the
/// conversation at hand is in memory; in another order scores wait for their conversation. Error
/// where an id comes twice among the scores, where a file is broken (unless read.skip_bad), and
/// where no conversation has an agent and a score. `progress` is told the conversations read.
AgentRecords ReadAgentRecords(const std::string& data, const std::string& scores,
                              const AgentsOptions& options, const ReadOptions& read,
                              const std::function<void(std::int64_t)>& progress = {});

}  // namespace arcsat
