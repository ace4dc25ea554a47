#pragma once

#include "configs/options.h"
#include "insight/triage/options.h"

namespace arcsat {

void Bind(Options& options, TriageOptions* fields);
void Bind(Options& options, TriageFitOptions* fields);
void Bind(Options& options, TriageServiceOptions* fields);

}  // namespace arcsat
