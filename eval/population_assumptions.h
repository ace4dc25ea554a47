#pragma once

#include <string>
#include <vector>

#include "eval/population.h"

namespace arcsat {

/// What the figures rest on, as sentences for the reader of a report.
std::vector<std::string> Assumptions(const Population& population);

/// Why a figure is missing, or less than it seems. `model` may be nullptr: none could be fitted.
std::vector<std::string> Notes(const Population& population, const ResponseModel* model);

}  // namespace arcsat
