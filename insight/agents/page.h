#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What the page shows besides the figures.
struct AgentsPage {
  std::string title;    ///< heading
  std::string program;  ///< "arcsat 0.1.0"
  std::string made_at;  ///< ISO 8601
  /// Turns of the example conversations by id; those not in it are named only.
  std::map<std::string, std::vector<Turn>> transcripts;
  std::size_t transcript_bytes = 3'000'000;  ///< of all turns to read, at most
};

/// One HTML file that opens offline: team, agents, learning paths, what it must not be used for.
/// `agents` is what AgentsJson gives. Safe like the evaluation report (eval/report/page.h).
std::string RenderAgentsPage(const Json& agents, const AgentsPage& page);

}  // namespace arcsat
