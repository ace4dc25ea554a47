#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "insight/agents/mixed_model.h"
#include "insight/agents/records.h"

namespace arcsat {

/// What was to be expected of a conversation apart from its agent and problem: columns for the
/// state its customer came in with, the channel and the time.
struct AgentsDesign {
  MixedData data;                     ///< of the model; its problems may be pooled
  std::vector<std::string> names;     ///< of the columns: "entry", "entry above 0.42", "voice"
  std::vector<std::string> problems;  ///< of the model, the last one kRareProblems where pooled
  std::vector<std::string> notes;     ///< columns left out, and why
};

/// The name that problem types with too few conversations share.
inline constexpr char kRareProblems[] = "(rare)";

/// Lines of entry and time have kinks evenly spaced from the 2nd to the 98th percentile; time is in
/// years, with indicators for the quarter of the day (UTC) and the weekend. A column that is the
/// same everywhere, or a sum of others within the problem types, is left out and noted.
AgentsDesign MakeDesign(const AgentRecords& records, const AgentsOptions& options);

}  // namespace arcsat
