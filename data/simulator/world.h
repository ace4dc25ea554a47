#pragma once

#include <cstdint>
#include <string>

#include "data/conversation.h"
#include "data/simulator/simulate.h"

namespace arcsat {

/// "a-07" for agent 6.
std::string AgentId(int agent);

/// Skill of an agent at a problem type (index into Problems()), 0..1. A planted gap lies below
/// 0.15; elsewhere skill lies from 0.45 to 1.
double AgentSkill(const SimulateOptions& options, int agent, int problem);

/// True where the agent was given a gap at this problem type: one or two types for about half of
/// the agents.
bool HasGap(const SimulateOptions& options, int agent, int problem);

/// Chance, 0..1, that an agent adds an apology or thanks; not related to skill.
double AgentCourtesy(const SimulateOptions& options, int agent);

}  // namespace arcsat
