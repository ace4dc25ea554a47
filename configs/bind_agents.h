#pragma once

#include "configs/options.h"
#include "insight/agents/options.h"

namespace arcsat {

/// The keys of `arcsat agents`.
void Bind(Options& options, AgentsOptions* fields);

}  // namespace arcsat
