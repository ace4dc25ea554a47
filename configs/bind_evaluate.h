#pragma once

#include "configs/options.h"
#include "eval/claim.h"
#include "eval/conformal.h"
#include "eval/population.h"
#include "eval/report/report.h"

namespace arcsat {

void Bind(Options& options, ConformalOptions* fields);
void Bind(Options& options, PopulationOptions* fields);
void Bind(Options& options, ClaimOptions* fields);
void Bind(Options& options, ReportOptions* fields);
void Bind(Options& options, ListOptions* fields);

}  // namespace arcsat
