#pragma once

#include <functional>
#include <string>

#include "data/conversation.h"
#include "insight/agents/analysis.h"

namespace arcsat {

/// How an agent is called in everything that is written.
using AgentNames = std::function<std::string(int agent)>;

/// data/schema/agents.schema.json.
Json AgentsJson(const AgentRecords& records, const AgentsAnalysis& analysis,
                const AgentNames& name);

/// One row an agent and problem (docs/agents.md), agents by name. Cells that a spreadsheet would
/// take for a formula begin with an apostrophe.
std::string AgentsCsv(const AgentsAnalysis& analysis, const AgentNames& name);

/// One row a conversation behind a gap or a strength: what the statement can be checked by.
std::string TraceCsv(const AgentRecords& records, const AgentsAnalysis& analysis,
                     const AgentNames& name);

/// A short account for the terminal.
std::string AgentsText(const Json& agents);

}  // namespace arcsat
