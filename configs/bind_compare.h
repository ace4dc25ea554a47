#pragma once

#include "configs/options.h"
#include "eval/compare.h"

namespace arcsat {

/// The keys of `arcsat compare`'s section.
void Bind(Options& options, CompareOptions* fields);

}  // namespace arcsat
