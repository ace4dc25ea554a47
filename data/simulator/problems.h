#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace arcsat {

/// What customers call about, with the sentences that belong to this problem alone. Sentences have
/// no final full stop; slots such as {item} and {amount} are filled by the writer. `works` and
/// `fails` describe the same thing from its two sides and are told of the present problem, of an
/// earlier one, or in the past: the clause alone does not say how the conversation ends.
struct ProblemType {
  std::string_view name;   ///< value of `problem_type`
  std::string_view team;   ///< value of `team`
  std::string_view thing;  ///< what the customer calls it: "my bill"
  bool decided;            ///< may be settled by a yes or no of the agent, not only by a repair
  std::vector<std::string_view> items;
  std::vector<std::string_view> openings;
  std::vector<std::string_view> works;
  std::vector<std::string_view> fails;
  std::vector<std::string_view> actions;  ///< what an agent does about it
};

/// All problem types, in a fixed order: an agent's skill is indexed by it.
std::span<const ProblemType> Problems();

/// The tables by theme; Problems() joins them.
std::vector<ProblemType> MoneyProblems();
std::vector<ProblemType> DeliveryProblems();
std::vector<ProblemType> AccessProblems();

}  // namespace arcsat
